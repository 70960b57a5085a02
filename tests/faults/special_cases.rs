//! The cases that are like no other.

use std::net::Ipv6Addr;
use std::time::{Duration, Instant, SystemTime};

use flex_sandbox::{
    Authority, CertificateOptions, Fault, How, Injection, Options as SandboxOptions, Sandbox,
};
use flexcancel::{Abort, Code, Config, Options, Report};

use crate::case::{Act, CANCELED, Case, Expected, Session, Told, not_applied, unknown};
use crate::environment;
use crate::harness::{API_KEY, CaFile, World, client, options};
use crate::servers::{FullQueue, OneAnswer, Relay};

const ID: &str = "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T";

pub fn all() -> Vec<Case> {
    let none = not_applied(&[]);
    let tls = not_applied(&[Code::Tls]);
    let aborted = not_applied(&[Code::Aborted]);
    type SpecialCase = (u16, &'static str, Expected, fn() -> Told);
    let cases: Vec<SpecialCase> = vec![
        (1, "no such name", not_applied(&[Code::Dns, Code::Timeout]), no_such_name),
        (8, "connect times out", not_applied(&[Code::Timeout]), connect_times_out),
        (9, "unreachable address", not_applied(&[Code::Connect]), unreachable),
        (10, "first address refuses, second serves", CANCELED, second_address),
        (14, "unknown authority (TLS)", tls, unknown_authority),
        (15, "expired certificate (TLS)", tls, expired),
        (16, "certificate of another name (TLS)", tls, wrong_name),
        (17, "certificate not valid yet: the clock is wrong (TLS)", tls, clock_wrong),
        (18, "alert: protocol_version (TLS)", tls, version_refused),
        (21, "CA file without a usable certificate", none, bad_ca_file),
        (22, "pooled connection closed before", CANCELED, pooled_closed),
        (22, "pooled connection closed before (TLS)", CANCELED, pooled_closed_tls),
        (38, "the call after one with surplus bytes", CANCELED, surplus_drops_connection),
        (56, "407 from a proxy", not_applied(&[Code::InvalidConfig]), proxy_407),
        (80, "abort while shaking hands (TLS)", aborted, abort_in_handshake),
        (80, "abort while waiting", unknown(&[Code::Aborted]), abort_while_waiting),
        (81, "abort before the call, twice", aborted, abort_before),
        (98, "ids that are none", not_applied(&[Code::InvalidSessionId]), bad_ids),
        (99, "keys that are none", not_applied(&[Code::InvalidArgument]), bad_keys),
        (100, "configurations that cannot be", none, bad_configs),
        (101, "redirect to another host", unknown(&[Code::Protocol]), redirect_elsewhere),
        (102, "the key comes back in every part", not_applied(&[Code::Unauthorized]), echoed),
        (103, "downgrade to TLS 1.1 (TLS)", tls, downgrade),
        (104, "http beyond loopback", none, plain_http),
        (105, "proxy variables set", CANCELED, environment::run),
    ];
    let case = |(row, fault, expected, act): SpecialCase| Case {
        row,
        fault: fault.to_owned(),
        act: Act::Special(act),
        expected,
    };
    cases.into_iter().map(case).collect()
}

fn cancel_at(url: &str, ca_pem: Option<&str>, more: &str) -> Report {
    client(url, ca_pem, more).cancel(ID, &options(1_000), None)
}

fn no_such_name() -> Told {
    Told::of(cancel_at("https://flex.invalid", None, ""))
}

fn connect_times_out() -> Told {
    let full = FullQueue::start();
    let started = Instant::now();
    let mut told = Told::of(cancel_at(&format!("http://127.0.0.1:{}", full.port), None, ""));
    told.expect(started.elapsed() <= Duration::from_millis(1_100), "too late");
    told
}

fn unreachable() -> Told {
    Told::of(cancel_at("https://255.255.255.255", None, ""))
}

/// `localhost` is 127.0.0.1, where nobody listens at this port, and then ::1.
fn second_address() -> Told {
    let world = World::held(false);
    let relay = Relay::on(Ipv6Addr::LOCALHOST.into(), world.sandbox.port());
    let client = client(&format!("http://localhost:{}", relay.port), None, "");
    let mut told = world.cancel_by(client, 2_000);
    told.expect_attempts(1);
    told
}

fn unknown_authority() -> Told {
    let world = World::held(true);
    let stranger = Authority::new().unwrap();
    let client = client(&world.sandbox.url(), Some(stranger.ca_pem()), "");
    world.cancel_by(client, 1_000)
}

fn certified(certificate: CertificateOptions) -> Told {
    let options = SandboxOptions { tls: true, certificate, ..SandboxOptions::default() };
    let mut told = World::new(options, Session::Held).cancel("", 1_000);
    told.expect_attempts(1);
    told
}

fn expired() -> Told {
    let not_after = SystemTime::now() - Duration::from_secs(60);
    certified(CertificateOptions { not_after, ..CertificateOptions::default() })
}

fn wrong_name() -> Told {
    let names = vec!["flex.example".to_owned()];
    certified(CertificateOptions { names, ..CertificateOptions::default() })
}

fn clock_wrong() -> Told {
    let not_before = SystemTime::now() + Duration::from_secs(3600);
    let mut told = certified(CertificateOptions { not_before, ..CertificateOptions::default() });
    let advice = told.report.as_ref().map_or("", |report| report.advice);
    told.expect(advice.contains("clock"), format!("no word of the clock: {advice}"));
    told
}

/// A TLS record, of version 1.1.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 3, 2], &length[..], content].concat()
}

fn tls_server_says(record: Vec<u8>) -> Told {
    let server = OneAnswer::start(record);
    let authority = Authority::new().unwrap();
    let url = format!("https://127.0.0.1:{}", server.port);
    Told::of(cancel_at(&url, Some(authority.ca_pem()), ""))
}

fn version_refused() -> Told {
    tls_server_says(record(21, &[2, 70]))
}

fn downgrade() -> Told {
    let hello = [&[3, 2][..], &[7; 32], &[0], &[0xc0, 0x13], &[0]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    tls_server_says(record(22, &[&[2, 0, 0, length][..], &hello].concat()))
}

fn bad_ca_file() -> Told {
    let mut told = Told::default();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "nothing\n", bad] {
        let file = CaFile::new(pem);
        let json = format!(r#"{{"api_key":"{API_KEY}","ca_file":"{}"}}"#, file.0);
        let made = flexcancel::Client::new(&Config::from_json(&json).unwrap());
        let field = made.err().and_then(|error| error.field);
        told.expect(field.as_deref() == Some("ca_file"), format!("{pem:?}: {field:?}"));
    }
    told
}

fn pooled_closed() -> Told {
    pooled_closed_over(false)
}

fn pooled_closed_tls() -> Told {
    pooled_closed_over(true)
}

fn pooled_closed_over(tls: bool) -> Told {
    let world = World::held(tls);
    let client = world.client("");
    let read = client.retrieve(&world.id, &Options::default(), None);
    world.sandbox.close_connections();
    world.sandbox.clear_requests();
    let id = world.id.clone();
    let report = client.cancel(&id, &options(1_000), None);
    let (connections, requests) = (world.sandbox.connections(), world.sandbox.requests().len());
    drop(client);
    let mut told = world.told(report.clone(), report.elapsed, 1_000);
    told.expect(read.attempts.len() == 1, "the connection was not warm");
    told.expect_attempts(1);
    told.expect(requests == 1, format!("{requests} requests"));
    told.expect(connections == 2, format!("{connections} connections"));
    told
}

/// What follows a response makes its connection unfit for the next call.
fn surplus_drops_connection() -> Told {
    let world = World::held(false);
    let client = world.client("");
    world.sandbox.inject(Fault::Surplus { bytes: 20 }, 1);
    let read = client.retrieve(&world.id, &Options::default(), None);
    let id = world.id.clone();
    let report = client.cancel(&id, &options(1_000), None);
    let connections = world.sandbox.connections();
    drop(client);
    let took = report.elapsed;
    let mut told = world.told(report, took, 1_000);
    told.expect(read.code == Code::Ok, format!("the first response is lost: {}", read.message));
    told.expect_attempts(1);
    told.expect(connections == 2, format!("{connections} connections"));
    told
}

fn proxy_407() -> Told {
    let answer = b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
    let proxy = OneAnswer::start(answer.to_vec());
    let world = World::held(true);
    let more = format!(r#","proxy":"http://127.0.0.1:{}""#, proxy.port);
    let mut told = world.cancel(&more, 1_000);
    told.expect(proxy.asked() == 1, "the proxy was not asked once");
    told
}

/// Triggers an abort as soon as something is so, and says how long the call then took.
fn abort_when(world: World, is_so: impl Fn(&Sandbox) -> bool + Sync) -> Told {
    let client = world.client("");
    let (abort, triggered) = (Abort::new(), std::sync::OnceLock::new());
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_so(&world.sandbox) {
                std::thread::yield_now();
            }
            triggered.set(Instant::now()).unwrap();
            abort.trigger();
        });
        client.cancel(&world.id, &options(10_000), Some(&abort))
    });
    let since = triggered.get().unwrap().elapsed();
    drop(client);
    let took = report.elapsed;
    let mut told = world.told(report, took, 10_000);
    told.expect(since < Duration::from_millis(150), format!("{since:?} after the abort"));
    told
}

fn abort_in_handshake() -> Told {
    let world = World::held(true);
    world.sandbox.inject(Fault::StallHandshake, 1);
    abort_when(world, |sandbox| sandbox.connections() > 0)
}

fn abort_while_waiting() -> Told {
    let world = World::held(false);
    world.sandbox.inject(Fault::DropAnswer { how: How::Stall }, 1);
    abort_when(world, |sandbox| !sandbox.requests().is_empty())
}

fn abort_before() -> Told {
    let world = World::held(false);
    let client = world.client("");
    let abort = Abort::new();
    abort.trigger();
    abort.trigger();
    let report = client.cancel(&world.id, &options(1_000), Some(&abort));
    abort.trigger();
    drop((abort, client));
    let took = report.elapsed;
    let connections = world.sandbox.connections();
    let mut told = world.told(report, took, 1_000);
    told.expect(connections == 0, "it connected all the same");
    told
}

fn bad_ids() -> Told {
    let world = World::held(false);
    let client = world.client("");
    let long = "x".repeat(300);
    let mut told = Told::default();
    for id in ["", "../x", "a/b", "?", "#", "%2f", "a\r\nb", "a\0", &long, API_KEY] {
        let report = client.cancel(id, &options(1_000), None);
        told.expect(report.code == Code::InvalidSessionId, format!("{id:?}: {}", report.code));
        told.expect(!report.to_json().unwrap().contains(API_KEY), "the key is shown");
        told.report = Some(report);
    }
    told.expect(world.sandbox.connections() == 0, "something was sent");
    told
}

fn bad_keys() -> Told {
    let world = World::held(false);
    let client = world.client("");
    let mut told = Told::default();
    for key in ["", "a b", "a\r\nX: y", API_KEY] {
        let mut options = Options::default();
        options.idempotency_key = Some(key.to_owned());
        let report = client.cancel(&world.id, &options, None);
        told.expect(report.code == Code::InvalidArgument, format!("{key:?}: {}", report.code));
        told.expect(!report.to_json().unwrap().contains(API_KEY), "the key is shown");
        told.report = Some(report);
    }
    told.expect(world.sandbox.connections() == 0, "something was sent");
    told
}

fn refused_configs(members: &[&str]) -> Told {
    let mut told = Told::default();
    for member in members {
        let json = format!(r#"{{"api_key":"{API_KEY}",{member}}}"#);
        let made = Config::from_json(&json).and_then(|config| flexcancel::Client::new(&config));
        match made {
            Ok(_) => told.complaints.push(format!("{member} is taken")),
            Err(error) => told.expect(!error.to_string().contains(API_KEY), "the key is shown"),
        }
    }
    told
}

fn bad_configs() -> Told {
    refused_configs(&[
        r#""no_such_key":1"#,
        r#""timeout_ms":"soon""#,
        r#""timeout_ms":-1"#,
        r#""timeout_ms":0"#,
        r#""timeout_ms":99999999999999999999"#,
        r#""connect_timeout_ms":-1"#,
        r#""max_attempts":0"#,
        r#""max_attempts":1e9"#,
        r#""base_url":7"#,
        r#""api_key":"again""#,
    ])
}

fn plain_http() -> Told {
    refused_configs(&[
        r#""base_url":"http://api.withflex.com""#,
        r#""base_url":"http://192.0.2.1""#,
        r#""base_url":"http://127.0.0.1.example.com""#,
        r#""base_url":"http://localhost.example.com""#,
        r#""base_url":"http://[2001:db8::1]""#,
        r#""base_url":"http://0.0.0.0""#,
        r#""base_url":"ftp://localhost""#,
        r#""base_url":"http://user:password@localhost""#,
    ])
}

fn redirect_elsewhere() -> Told {
    let elsewhere = OneAnswer::start(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec());
    let world = World::held(false);
    for status in [301, 302, 307, 308] {
        let target = format!("http://localhost:{}/v1/x", elsewhere.port);
        let headers = vec![("Location".to_owned(), target)];
        world.sandbox.inject(Fault::Status { status, headers, body: String::new() }, 1);
    }
    let headers = vec![("Location".to_owned(), format!("//127.0.0.1:{}/", elsewhere.port))];
    world.sandbox.inject(Fault::Status { status: 308, headers, body: String::new() }, u32::MAX);
    let mut told = world.cancel("", 1_500);
    told.expect(elsewhere.asked() == 0, "the redirect was followed");
    told
}

/// A stranger who sends the key back; what he gets of it ends in no report.
fn echoed() -> Told {
    let world = World::held(false);
    let body = format!(r#"{{"error":{{"code":"{API_KEY}","message":"no {API_KEY}"}}}}"#);
    let headers = [("X-Request-Id", API_KEY), ("WWW-Authenticate", API_KEY)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let fault = Fault::Status { status: 401, headers, body };
    world.sandbox.inject_as(Injection::of(fault));
    world.cancel("", 1_000)
}

/// A confirmation of nothing.
pub fn believed_lie() -> Told {
    let world = World::held(false);
    let body = format!(
        r#"{{"checkout_session":{{"checkout_session_id":"{}","status":"canceled"}}}}"#,
        world.id
    );
    world.sandbox.inject(Fault::Status { status: 200, headers: Vec::new(), body }, 1);
    world.cancel("", 1_000)
}
