//! The way through a proxy: nothing said to it counts as handed over, and it never sees a key.

mod native;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use flex_sandbox::{CreateParams, Hold, Options, Sandbox};
#[cfg(feature = "outbox")]
use flexcancel::outbox::{EntryOptions, FlushOptions, OpenOptions, Outbox};
use flexcancel::{Client, Code, Config, Outcome, Phase, Report};
use native::Scratch;
use serde_json::{Value, json};

const KEY: &str = "fsk_test_hunter2";

/// A proxy that answers CONNECT as told and, if that is a 200, carries bytes both ways. Keeps
/// every head that it was sent.
struct Proxy {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(answer: &str) -> Self {
        let answer: Arc<str> = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), Arc::clone(&kept));
                let answer = Arc::clone(&answer);
                thread::spawn(move || serve(stream, &answer, &kept));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, answer: &str, heads: &Mutex<Vec<String>>) -> Option<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.split(' ').nth(1)?.to_owned();
    heads.lock().unwrap().push(head);
    stream.write_all(answer.as_bytes()).ok()?;
    if answer.starts_with("HTTP/1.1 200") {
        let mut server = TcpStream::connect(target).ok()?;
        let (mut back, mut to) = (server.try_clone().ok()?, stream.try_clone().ok()?);
        thread::spawn(move || io::copy(&mut back, &mut to));
        let _ = io::copy(&mut stream, &mut server);
    }
    Some(())
}

/// A Flex that speaks TLS, a held session, and the file of its authority.
fn flex(scratch: &Scratch) -> (Sandbox, String, PathBuf) {
    let sandbox = Sandbox::start(Options { tls: true, ..Options::default() }).unwrap();
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    let file = scratch.write("ca.pem", sandbox.ca_pem().unwrap());
    (sandbox, id, file)
}

fn config(sandbox: &Sandbox, ca_file: &PathBuf, proxy: &str) -> Value {
    json!({
        "api_key": KEY,
        "base_url": sandbox.url(),
        "ca_file": ca_file,
        "proxy": proxy,
        "timeout_ms": 500,
    })
}

fn cancel(config: &Value, id: &str) -> Report {
    let client = Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap();
    client.cancel(id, &flexcancel::Options::default(), None)
}

#[test]
fn through_a_proxy_the_session_is_canceled_and_the_proxy_sees_no_key() {
    let scratch = Scratch::new("proxy");
    let (sandbox, id, ca_file) = flex(&scratch);
    let proxy = Proxy::start("HTTP/1.1 200 Connection established\r\n\r\n");
    let url = format!("http://till:pass%20word@{}", proxy.address);
    let mut config = config(&sandbox, &ca_file, &url);
    config["timeout_ms"] = json!(5_000);
    let report = cancel(&config, &id);
    assert_eq!((report.outcome, report.code), (Outcome::Canceled, Code::Ok), "{}", report.message);
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Released);
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1);
    let target = format!("127.0.0.1:{}", sandbox.port());
    assert!(heads[0].starts_with(&format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n")));
    assert!(heads[0].contains("\r\nproxy-authorization: Basic "), "{}", heads[0]);
    assert!(!heads[0].contains("hunter2"));
    assert!(!report.to_json().unwrap().contains("pass"));
}

#[test]
fn a_proxy_that_opens_no_connection_means_that_nothing_was_sent() {
    let scratch = Scratch::new("proxy_refuses");
    let (sandbox, id, ca_file) = flex(&scratch);
    for (answer, why) in [
        ("HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n", "429"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "502"),
        ("SSH-2.0-OpenSSH\r\n", "no proper HTTP"),
        ("", "closed the connection"),
    ] {
        let proxy = Proxy::start(answer);
        let report = cancel(&config(&sandbox, &ca_file, &format!("http://{}", proxy.address)), &id);
        assert_eq!((report.outcome, report.code), (Outcome::NotApplied, Code::Connect), "{why}");
        assert!(report.message.contains(why), "{why}: {}", report.message);
        assert!(report.attempts.iter().all(|attempt| attempt.phase == Phase::Connecting));
    }
    assert_eq!(sandbox.connections(), 0);
}

/// A wrong password that is tried again and again locks an account.
#[test]
fn a_refusal_that_only_a_person_can_end_is_not_repeated() {
    let scratch = Scratch::new("proxy_forbids");
    let (sandbox, id, ca_file) = flex(&scratch);
    let target = format!("127.0.0.1:{}", sandbox.port());
    for (status, login, why) in [
        ("407 No", "till:secret_word@", "proxy: it does not accept the credentials (407)"),
        ("407 No", "", "proxy: it asks for a user name and password (407)"),
        ("403 No", "", &format!("proxy: it does not connect to {target} (403)")),
        ("400 No", "", &format!("proxy: it does not connect to {target} (400)")),
    ] {
        let proxy = Proxy::start(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        let url = format!("http://{login}{}", proxy.address);
        let report = cancel(&config(&sandbox, &ca_file, &url), &id);
        let said = (report.outcome, report.code);
        assert_eq!(said, (Outcome::NotApplied, Code::InvalidConfig), "{}", report.message);
        assert!(report.message.contains(why), "{}", report.message);
        assert!(!report.to_json().unwrap().contains("secret_word"));
        assert_eq!(proxy.heads().len(), 1, "{why}");
    }
    assert_eq!(sandbox.connections(), 0);
}

/// The next entry would fare no better, and would try the same password again.
#[cfg(feature = "outbox")]
#[test]
fn a_flush_ends_when_the_proxy_does_not_accept_the_credentials() {
    let scratch = Scratch::new("proxy_flush");
    let (sandbox, id, ca_file) = flex(&scratch);
    let proxy = Proxy::start("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
    let url = format!("http://till:secret_word@{}", proxy.address);
    let config = Config::from_json(&config(&sandbox, &ca_file, &url).to_string()).unwrap();
    let client = Arc::new(Client::new(&config).unwrap());
    let outbox = Outbox::open(client, &OpenOptions::new(scratch.path("outbox.db"))).unwrap();
    for id in [&id, "fcs_2", "fcs_3"] {
        assert_eq!(outbox.enqueue(id, &EntryOptions::default()).code, Code::Ok);
    }
    let status = outbox.flush(&FlushOptions::default(), None);
    assert_eq!(status.code, Code::InvalidConfig, "{}", status.message);
    assert_eq!(status.outbox.unwrap().counts.unwrap().pending, 3);
    assert_eq!(proxy.heads().len(), 1);
}

#[test]
fn a_proxy_that_cannot_be_used_is_a_configuration_error() {
    for (base_url, proxy) in [
        ("http://127.0.0.1:1", "http://127.0.0.1:2"),
        ("https://flex.test", "http://"),
        ("https://flex.test", "http://a b"),
        ("https://flex.test", "http://till:secret#word@127.0.0.1:1"),
        ("https://flex.test", "http://till:8080/secret@127.0.0.1:1"),
        ("https://flex.test", "http://127.0.0.1:65536"),
    ] {
        let json = json!({ "api_key": KEY, "base_url": base_url, "proxy": proxy }).to_string();
        let problem = Config::from_json(&json).and_then(|config| Client::new(&config)).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("proxy"), "{base_url} {proxy}: {problem}");
        assert!(!problem.to_string().contains("secret"), "{problem}");
        assert!(!problem.to_string().contains("till"), "{problem}");
    }
}

#[test]
fn the_scheme_of_a_proxy_may_be_in_capitals() {
    let scratch = Scratch::new("proxy_capitals");
    let (sandbox, id, ca_file) = flex(&scratch);
    let proxy = Proxy::start("HTTP/1.1 200 Connection established\r\n\r\n");
    let mut config = config(&sandbox, &ca_file, &format!("HTTP://{}", proxy.address));
    config["timeout_ms"] = json!(5_000);
    let report = cancel(&config, &id);
    assert_eq!((report.outcome, report.code), (Outcome::Canceled, Code::Ok), "{}", report.message);
}

#[test]
fn the_environments_proxy_is_used_only_if_it_is_asked_for() {
    let scratch = Scratch::new("proxy_env");
    let call = scratch.compile_test("call");
    let (sandbox, id, ca_file) = flex(&scratch);
    let proxy = Proxy::start("HTTP/1.1 403 Forbidden\r\n\r\n");
    let url = format!("http://{}", proxy.address);
    let result = |asked: &str, no_proxy: &str| {
        let mut command = call.command(native::Under::Nothing);
        // The specific variable wins; the other one cannot be used.
        command.env("HTTPS_PROXY", &url).env("ALL_PROXY", "socks5://till:secret@127.0.0.1:1");
        command.env("NO_PROXY", no_proxy);
        let output = command.arg(config(&sandbox, &ca_file, asked).to_string()).arg(&id).output();
        let json: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        (json["outcome"].as_str().unwrap().to_owned(), json["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(result("env", ""), ("not_applied".into(), "invalid_config".into()));
    assert!(!proxy.heads().is_empty());
    proxy.heads.lock().unwrap().clear();
    assert_eq!(result("env", "10.0.0.1, 127.0.0.0/8"), ("canceled".into(), "ok".into()));
    assert_eq!(result("none", ""), ("already_canceled".into(), "ok".into()));
    assert_eq!(proxy.heads(), Vec::<String>::new());
}
