//! What arrives on the socket and what leaves it: garbage, limits, keep-alive, scripted answers.

use flex_sandbox::{CreateParams, Hold, Options, Sandbox, Scripted, Then};

use crate::client::{Client, TEST_KEY, bearer};

fn start() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

fn authorized(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    id
}

#[test]
fn what_is_not_a_readable_request_is_answered_400_and_closed() {
    let sandbox = start();
    let long = "x".repeat(20 * 1024);
    let head = "POST /v1/checkout/sessions HTTP/1.1\r\nHost: h\r\n";
    for garbage in [
        "\u{16}\u{3}\u{1}\u{2}\u{0}".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        "GET / HTTP/3.0\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\n\r\n"),
        format!("{head}X-Long: {long}\r\n\r\n"),
        format!("{head}{}\r\n", "A: b\r\n".repeat(200)),
        format!("{head}Content-Length: 99999999\r\n\r\n"),
        format!("{head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc"),
    ] {
        let mut client = Client::of(&sandbox);
        client.send(garbage.as_bytes());
        let reply = client.reply();
        assert_eq!(reply.error(), (400, "invalid_request".to_owned()), "{garbage:.40}");
        assert_eq!(reply.header("connection"), Some("close"));
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.rest(), b"");
    }
    assert_eq!(sandbox.requests(), []);
    assert_eq!(Client::of(&sandbox).get("/v1/checkout/sessions/x").status, 404, "it still serves");
}

#[test]
fn a_body_that_is_far_too_long_is_answered_before_the_connection_closes() {
    let sandbox = start();
    let mut client = Client::of(&sandbox);
    let size = 4 * 1024 * 1024;
    client.send(format!("POST /v1/x HTTP/1.1\r\nContent-Length: {size}\r\n\r\n").as_bytes());
    client.send(&vec![b'x'; size]);
    assert_eq!(client.reply().status, 400);
}

#[test]
fn a_client_that_leaves_amid_a_request_has_no_effect() {
    let sandbox = start();
    let id = authorized(&sandbox);
    let raw = format!(
        "POST /v1/checkout/sessions/{id}/cancel HTTP/1.1\r\nAuthorization: {}\r\n\
         Content-Length: 2\r\n\r\n{{}}",
        bearer(TEST_KEY)
    );
    for cut in 0..raw.len() {
        let mut client = Client::of(&sandbox);
        client.send(&raw.as_bytes()[..cut]);
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        // The server has seen the end once it has closed its side.
        client.rest();
    }
    assert_eq!(sandbox.ground_truth(&id).unwrap().cancels_received, 0);
    let mut client = Client::of(&sandbox);
    client.send(raw.as_bytes());
    assert_eq!(client.reply().status, 200);
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Released);
}

#[test]
fn a_chunked_body_is_read() {
    let sandbox = start();
    let mut client = Client::of(&sandbox);
    let head = "POST /v1/checkout/sessions HTTP/1.1\r\nAuthorization: Bearer fsk_test_1\r\n";
    let body = "8\r\n{\"amount\r\nc;e=1\r\n_total\":321}\r\n0\r\nT: x\r\n\r\n";
    client.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n{body}").as_bytes());
    assert_eq!(client.reply().session()["amount_total"], 321);
    assert_eq!(sandbox.requests()[0].body_len, 20);
    assert_eq!(client.get("/v1/checkout/sessions/x").status, 404, "the connection is kept");
}

#[test]
fn one_connection_serves_many_requests_also_when_they_arrive_together() {
    let sandbox = start();
    let id = authorized(&sandbox);
    let mut client = Client::of(&sandbox);
    let get = format!(
        "GET /v1/checkout/sessions/{id} HTTP/1.1\r\nAuthorization: {}\r\n\r\n",
        bearer(TEST_KEY)
    );
    client.send(get.repeat(3).as_bytes());
    let ids: Vec<String> =
        (0..3).map(|_| client.reply().header("x-request-id").unwrap().to_owned()).collect();
    assert_eq!(ids, ["req_1", "req_2", "req_3"]);
    assert_eq!(sandbox.connections(), 1);
    assert!(sandbox.requests().iter().all(|it| it.connection == 1));
    Client::of(&sandbox).get("/v1/x");
    assert_eq!(sandbox.connections(), 2);
}

#[test]
fn a_connection_is_closed_when_the_client_asks_for_it() {
    let sandbox = start();
    for head in ["GET /v1/x HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /v1/x HTTP/1.0\r\n\r\n"] {
        let mut client = Client::of(&sandbox);
        client.send(head.as_bytes());
        let reply = client.reply();
        assert_eq!((reply.status, reply.header("connection")), (401, Some("close")));
        assert_eq!(client.rest(), b"");
    }
    let mut client = Client::of(&sandbox);
    client.send(b"HEAD /v1/x HTTP/1.1\r\n\r\n");
    assert!(client.rest().ends_with(b"Content-Length: 0\r\n\r\n"), "a response without a body");
}

#[test]
fn a_target_may_be_a_whole_url() {
    let sandbox = start();
    let id = authorized(&sandbox);
    let url = format!("{}/v1/checkout/sessions/{id}?expand=customer", sandbox.url());
    let session = Client::of(&sandbox).get(&url).session();
    assert!(session["customer"].is_object());
    assert_eq!(sandbox.requests()[0].target, url, "it is recorded as it was sent");
}

#[test]
fn a_scripted_answer_goes_out_word_for_word_and_only_once() {
    let sandbox = start();
    let id = authorized(&sandbox);
    let answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nno!".to_vec();
    sandbox.script(Scripted { answer, apply: false, then: Then::KeepOpen });
    let mut client = Client::of(&sandbox);
    // Only requests to the public API are answered from the script.
    assert_eq!(client.get(&format!("/__sandbox/sessions/{id}")).status, 200);
    assert_eq!(client.get("/elsewhere").status, 404);
    let reply = client.cancel(&id);
    assert_eq!((reply.status, reply.body.as_slice()), (503, b"no!".as_slice()));
    assert_eq!(sandbox.ground_truth(&id).unwrap().cancels_received, 0);
    assert_eq!(client.cancel(&id).status, 200);
    assert_eq!(sandbox.ground_truth(&id).unwrap().cancels_applied[0].request, 3, "it was recorded");
}

#[test]
fn a_scripted_answer_can_hide_what_was_done_and_be_no_http_at_all() {
    let sandbox = start();
    let id = authorized(&sandbox);
    let bytes: Vec<u8> = (0..=255).collect();
    for answer in [Vec::new(), bytes] {
        let script = Scripted { answer: answer.clone(), apply: true, then: Then::Close };
        sandbox.script(script);
        let mut client = Client::of(&sandbox);
        let authorization = bearer(TEST_KEY);
        let raw = format!(
            "POST /v1/checkout/sessions/{id}/cancel HTTP/1.1\r\nAuthorization: {authorization}\
             \r\n\r\n"
        );
        client.send(raw.as_bytes());
        assert_eq!(client.rest(), answer);
    }
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.hold, truth.cancels_received), (Hold::Released, 2));
    assert_eq!(truth.cancels_applied.len(), 1);
}

#[test]
fn scripted_answers_go_out_in_their_order() {
    let sandbox = start();
    for status in [500, 502] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").into_bytes();
        sandbox.script(Scripted { answer, apply: false, then: Then::KeepOpen });
    }
    let mut client = Client::of(&sandbox);
    let statuses = [(); 3].map(|()| client.get("/v1/checkout/sessions/x").status);
    assert_eq!(statuses, [500, 502, 404]);
}
