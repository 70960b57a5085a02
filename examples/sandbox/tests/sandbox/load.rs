//! The rate limit, the latency, and the counts of requests.

use std::num::NonZeroU32;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use flex_sandbox::{
    Counts, CreateParams, ErrorShape, Fault, Hold, Options, RateLimit, Sandbox, Scripted, Then,
};
use serde_json::json;

use crate::client::{Client, TEST_KEY, bearer};
use crate::world::ms;

const SESSIONS: &str = "/v1/checkout/sessions";
const HOUR: Duration = Duration::from_secs(3600);

/// A sandbox whose time stands still.
fn limited(per_second: u32, silent: bool) -> Sandbox {
    let per_second = NonZeroU32::new(per_second).unwrap();
    let rate_limit = Some(RateLimit { per_second, silent });
    Sandbox::start(Options { rate_limit, frozen: true, ..Options::default() }).unwrap()
}

fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    id
}

#[test]
fn of_more_cancels_at_once_than_the_limit_exactly_the_surplus_is_refused() {
    let (rate, surplus) = (20, 12);
    let sandbox = limited(rate, false);
    let ids: Vec<String> = (0..rate + surplus).map(|_| held(&sandbox)).collect();
    let ready = Barrier::new(ids.len());
    let statuses: Vec<u16> = thread::scope(|scope| {
        let cancel = |id| {
            let mut client = Client::of(&sandbox);
            ready.wait();
            client.cancel(id).status
        };
        let threads: Vec<_> = ids.iter().map(|id| scope.spawn(move || cancel(id))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (id, status) in ids.iter().zip(&statuses) {
        let hold = if *status == 200 { Hold::Released } else { Hold::Held };
        assert_eq!(sandbox.ground_truth(id).unwrap().hold, hold, "{status}");
    }
    let refused = statuses.iter().filter(|&&status| status == 429).count();
    assert_eq!(refused, surplus as usize, "{statuses:?}");
    let (cancel, rate_limited) = (rate.into(), surplus.into());
    assert_eq!(sandbox.counts(), Counts { cancel, rate_limited, ..Counts::default() });
}

#[test]
fn tokens_come_back_as_time_passes_and_the_headers_tell() {
    let sandbox = limited(4, false);
    let id = held(&sandbox);
    let mut client = Client::of(&sandbox);
    let url = format!("{SESSIONS}/{id}");
    for remaining in ["3", "2", "1", "0"] {
        let reply = client.get(&url);
        assert_eq!((reply.status, reply.header("ratelimit-remaining")), (200, Some(remaining)));
        assert_eq!(reply.header("ratelimit-limit"), Some("4"));
        assert_eq!(reply.header("ratelimit-reset"), Some("1"));
        assert_eq!(reply.header("retry-after"), None);
    }
    for (passed, status) in [(0, 429), (249, 429), (1, 200), (0, 429)] {
        sandbox.advance(ms(passed));
        let reply = client.get(&url);
        assert_eq!(reply.status, status, "after {passed} ms");
        assert_eq!(reply.header("retry-after"), (status == 429).then_some("1"));
        assert_eq!(reply.header("ratelimit-remaining"), Some("0"));
        assert!(reply.header("x-request-id").is_some());
    }
    sandbox.advance(HOUR);
    let served = (0..9).filter(|_| client.get(&url).status == 200).count();
    assert_eq!(served, 4);
}

#[test]
fn a_silent_limit_refuses_without_a_hint() {
    let sandbox = limited(1, true);
    let mut client = Client::of(&sandbox);
    for error in [(404, "checkout_session_not_found"), (429, "rate_limited")] {
        let reply = client.get("/v1/checkout/sessions/fcs_1");
        assert_eq!(reply.error(), (error.0, error.1.to_owned()));
        let head = reply.head.to_ascii_lowercase();
        assert!(!head.contains("ratelimit") && !head.contains("retry-after"), "{head}");
    }
}

#[test]
fn a_refused_request_takes_no_key_no_fault_and_no_scripted_answer() {
    let sandbox = limited(1, false);
    let id = held(&sandbox);
    let mut client = Client::of(&sandbox);
    assert_eq!(client.get("/v1/x").status, 404);
    let answer = b"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n".to_vec();
    sandbox.script(Scripted { answer, apply: false, then: Then::KeepOpen });
    sandbox.inject(Fault::Status { status: 503, headers: vec![], body: String::new() }, 1);
    let cancel = format!("{SESSIONS}/{id}/cancel");
    for status in [418, 503, 200] {
        assert_eq!(client.post_once(&cancel, "key").status, 429);
        sandbox.advance(Duration::from_secs(1));
        assert_eq!(client.post_once(&cancel, "key").status, status);
    }
    let truth = sandbox.ground_truth(&id).unwrap();
    assert_eq!((truth.cancels_received, truth.replays), (1, 0));
}

#[test]
fn a_corrupted_response_tells_of_the_limit_and_the_refusal_has_the_shape_of_errors() {
    let rate_limit = Some(RateLimit { per_second: NonZeroU32::MIN, silent: false });
    let options =
        Options { rate_limit, frozen: true, error_shape: ErrorShape::Type, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let url = format!("{SESSIONS}/{}", held(&sandbox));
    sandbox.inject(Fault::UnknownFields, 1);
    let mut client = Client::of(&sandbox);
    assert_eq!(client.get(&url).header("ratelimit-limit"), Some("1"));
    let refused = client.get(&url);
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"]["type"], "rate_limited");
}

#[test]
fn only_flexs_own_api_is_limited_and_counted() {
    let sandbox = limited(1, false);
    let mut client = Client::of(&sandbox);
    for _ in 0..3 {
        let reply = client.get("/__sandbox/requests");
        assert_eq!((reply.status, reply.header("ratelimit-limit")), (200, None));
        assert_eq!(client.get("/favicon.ico").status, 404);
    }
    assert_eq!(sandbox.counts(), Counts::default());
    assert_eq!(client.post(SESSIONS, "").status, 200);
}

#[test]
fn requests_are_counted_by_kind_and_counted_anew() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut client = Client::of(&sandbox);
    let actions = ["cancel", "capture", "refund", "reauth", "confetti"];
    client.post(SESSIONS, "");
    client.get(&format!("{SESSIONS}/fcs_1"));
    for (index, action) in actions.iter().enumerate() {
        for _ in 0..index + 3 {
            client.post(&format!("{SESSIONS}/fcs_1/{action}"), "");
        }
    }
    client.request("GET", &format!("{SESSIONS}/fcs_1"), &[], "");
    let counted = json!({"create": 1, "retrieve": 2, "cancel": 3, "capture": 4, "refund": 5,
        "reauth": 6, "other": 7, "rate_limited": 0});
    assert_eq!(client.get("/__sandbox/counts").json(), counted);
    assert_eq!(serde_json::to_value(sandbox.counts()).unwrap(), counted);

    client.request("DELETE", "/__sandbox/counts", &[], "");
    assert_eq!(sandbox.counts(), Counts::default());
    client.post(SESSIONS, "");
    assert_eq!(sandbox.counts().create, 1);
    sandbox.clear_counts();
    assert_eq!(sandbox.counts(), Counts::default());
    assert_eq!(client.post("/__sandbox/counts", "").status, 405);
}

#[test]
fn each_response_of_the_api_is_late_and_a_refusal_too() {
    let latency = ms(60);
    let rate_limit = Some(RateLimit { per_second: NonZeroU32::MIN, silent: false });
    let options = Options { latency, rate_limit, frozen: true, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let mut client = Client::of(&sandbox);
    for status in [404, 429] {
        let started = Instant::now();
        assert_eq!(client.get("/v1/x").status, status);
        assert!(started.elapsed() >= latency, "{:?}", started.elapsed());
    }
    sandbox.advance(Duration::from_secs(1));
    sandbox.inject(Fault::Delay { ms: 40 }, 1);
    let started = Instant::now();
    assert_eq!(client.get("/v1/x").status, 404);
    assert!(started.elapsed() >= latency + ms(40), "{:?}", started.elapsed());
}

#[test]
fn connections_do_not_wait_for_each_others_latency() {
    let sandbox = Sandbox::start(Options { latency: HOUR, ..Options::default() }).unwrap();
    let ids: Vec<String> = (0..256).map(|_| held(&sandbox)).collect();
    let authorization = bearer(TEST_KEY);
    let waiting: Vec<Client> = ids
        .iter()
        .map(|id| {
            let mut client = Client::of(&sandbox);
            let head = format!("POST {SESSIONS}/{id}/cancel HTTP/1.1\r\nHost: localhost");
            let rest = format!("Authorization: {authorization}\r\nContent-Length: 0");
            client.send(format!("{head}\r\n{rest}\r\n\r\n").as_bytes());
            client
        })
        .collect();
    let started = Instant::now();
    let mut admin = Client::of(&sandbox);
    while admin.get("/__sandbox/counts").json()["cancel"] != 256 {
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", sandbox.counts());
    }
    for id in &ids {
        assert_eq!(sandbox.ground_truth(id).unwrap().hold, Hold::Released);
    }
    let started = Instant::now();
    drop(sandbox);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    for mut client in waiting {
        assert_eq!(client.rest(), b"", "no response is due yet");
    }
}
