//! The page for people, and who may press its buttons.

use flex_sandbox::{CreateParams, Fault, Hold, How, Injection, Options, Sandbox};

use crate::client::Client;

const FILES: [(&str, &str); 7] = [
    ("/", "text/html"),
    ("/__sandbox/page.css", "text/css"),
    ("/__sandbox/tables.css", "text/css"),
    ("/__sandbox/page.js", "text/javascript"),
    ("/__sandbox/rows.js", "text/javascript"),
    ("/__sandbox/faults.js", "text/javascript"),
    ("/__sandbox/page.svg", "image/svg+xml"),
];

fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let client = Client::of(&sandbox);
    (sandbox, client)
}

/// All files of the page, as they are served.
fn files(client: &mut Client) -> Vec<(&'static str, String)> {
    let served = FILES.map(|(path, _)| {
        let reply = client.request("GET", path, &[], "");
        assert_eq!(reply.status, 200, "{path}");
        (path, String::from_utf8(reply.body).unwrap())
    });
    served.into()
}

#[test]
fn the_page_is_served_to_get_and_head_and_kept_nowhere() {
    let (sandbox, _) = start();
    for (path, content_type) in FILES {
        for method in ["GET", "HEAD"] {
            let mut client = Client::of(&sandbox);
            client
                .send(format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n\r\n").as_bytes());
            let answer = String::from_utf8(client.rest()).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{method} {path}: {head}");
            assert_eq!(body.is_empty(), method == "HEAD", "{method} {path}");
            for header in [
                &format!("Content-Type: {content_type}"),
                "Cache-Control: no-store",
                "Content-Security-Policy: default-src 'none'; script-src 'self';",
                "require-trusted-types-for 'script'",
                "frame-ancestors 'none'",
                "X-Content-Type-Options: nosniff",
            ] {
                assert!(head.contains(header), "{method} {path}: {header}\n{head}");
            }
            assert!(!head.contains("unsafe-"), "{head}");
        }
    }
}

#[test]
fn the_page_names_its_own_files_only_and_makes_no_code_of_text() {
    let (_sandbox, mut client) = start();
    let files = files(&mut client);
    let page = &files[0].1;
    for (path, _) in &FILES[1..] {
        let name = path.strip_prefix("/__sandbox/").unwrap();
        assert!(files.iter().any(|(_, content)| content.contains(name)), "{path} is not used");
    }
    for (path, content) in &files {
        let content = content.replace("http://www.w3.org/2000/svg", "");
        for foreign in ["http:", "https:", "//cdn", "@import", "url("] {
            assert!(!content.contains(foreign), "{path}: {foreign}");
        }
        for code in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("] {
            assert!(!content.contains(code), "{path}: {code}");
        }
    }
    for inline in ["<style", "style=", "onclick", "onsubmit", "<script>"] {
        assert!(!page.contains(inline), "{inline}");
    }
}

#[test]
fn the_page_s_faults_are_faults() {
    let (sandbox, mut client) = start();
    let files = files(&mut client);
    let (_, script) = files.iter().find(|(path, _)| path.ends_with("faults.js")).unwrap();
    let names = script.split("fault: \"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(Fault::NAMES.contains(&name), "{name}");
    }
    let (_, rest) = script.split_once("NOT_OF_ANSWERS = new Set([").unwrap();
    let listed: Vec<&str> =
        rest.split("])").next().unwrap().split('"').skip(1).step_by(2).collect();
    for name in Fault::NAMES {
        let fields = if *name == "cut_request" { r#","at":1,"how":"fin""# } else { "" };
        let body = format!(r#"{{"fault":"{name}","apply":true{fields}}}"#);
        let answer = client.post("/__sandbox/faults", &body).json().to_string();
        assert_eq!(answer.contains("are for responses"), listed.contains(name), "{answer}");
        sandbox.clear_faults();
    }
}

#[test]
fn the_faults_of_the_help_s_recipes_are_faults() {
    let recipes = include_str!("../../src/help.txt").split_once("\nRECIPES\n").unwrap().1;
    let bodies = recipes.split("/__sandbox/faults -d '").skip(1);
    let bodies: Vec<&str> = bodies.map(|rest| rest.split('\'').next().unwrap()).collect();
    assert_eq!(bodies.len(), 5);
    for body in bodies {
        assert!(Injection::from_json(body.as_bytes()).is_ok(), "{body}");
    }
}

#[test]
fn looking_at_the_page_is_no_request_to_flex() {
    let (sandbox, mut client) = start();
    sandbox.inject(Fault::CutRequest { at: 1, how: How::Rst }, 1);
    files(&mut client);
    client.request("GET", "/__sandbox/overview", &[], "");
    client.request("GET", "/__sandbox/sessions", &[], "");
    assert_eq!(client.request("HEAD", "/", &[], "").status, 200);
    assert_eq!(sandbox.requests(), []);
    assert_eq!(sandbox.faults().len(), 1, "no fault befalls the page");
    sandbox.clear_faults();
    let reply = Client::of(&sandbox).get("/v1/checkout/sessions/fcs_0");
    assert_eq!(reply.header("x-request-id"), Some("req_1"));
}

#[test]
fn given_a_page_of_another_site_when_it_presses_a_button_then_it_is_refused_without_effect() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    sandbox.inject(Fault::NoContent, 1);
    client.get("/v1/checkout/sessions/fcs_0");
    sandbox.inject(Fault::NoContent, 1);
    let (before, counts) = (sandbox.ground_truth(&id), sandbox.counts());
    let writes = [
        ("POST", "sessions".to_owned(), ""),
        ("POST", format!("sessions/{id}/cancel"), ""),
        ("POST", format!("sessions/{id}/capture"), "{}"),
        ("POST", "faults".to_owned(), r#"{"fault":"empty_200"}"#),
        ("DELETE", "faults".to_owned(), ""),
        ("DELETE", "requests".to_owned(), ""),
        ("DELETE", "counts".to_owned(), ""),
        ("POST", "outage".to_owned(), ""),
        ("DELETE", "outage".to_owned(), ""),
    ];
    for headers in [
        [("Origin", "https://evil.example"), ("X", "")],
        [("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")],
        [("Sec-Fetch-Site", "same-site"), ("Origin", "http://localhost:3000")],
    ] {
        for (method, path, body) in &writes {
            let reply = client.request(method, &format!("/__sandbox/{path}"), &headers, body);
            let refused = (403, "foreign_page".to_owned());
            assert_eq!(reply.error(), refused, "{method} {path} {headers:?}");
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
    assert_eq!(sandbox.ground_truth(&id), before);
    assert_eq!((sandbox.faults().len(), sandbox.requests().len()), (1, 1));
    assert_eq!(sandbox.counts(), counts);
    assert_eq!(client.get("/__sandbox/sessions").json()["total"], 1);

    // The page itself, and a person who types the address; the client says `Host: localhost`.
    let own = [("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin")];
    let cancel = format!("/__sandbox/sessions/{id}/cancel");
    assert_eq!(client.request("POST", &cancel, &own, "").status, 200);
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Released);
}

#[test]
fn what_flex_s_own_routes_answer_does_not_depend_on_who_asks() {
    let (sandbox, mut client) = start();
    let id = sandbox.create(&CreateParams::default());
    let headers = [
        ("Authorization", "Bearer fsk_test_1"),
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    let path = format!("/v1/checkout/sessions/{id}/cancel");
    assert_eq!(client.request("POST", &path, &headers, "").status, 200);
}
