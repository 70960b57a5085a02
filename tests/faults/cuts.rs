//! Faults 27 and 28 of docs/FAULTS.md: the request and the response cut at every byte.

use flex_sandbox::{Fault, How, Scripted, Then};

use crate::case::{CANCELED, Case, Given, once};
use crate::harness::{World, client};
use crate::servers::Relay;

/// Every so many bytes for the real response, which is long.
const ANSWER_STEP: usize = 29;
/// Every so many bytes for TLS.
const TLS_STEP: usize = 23;

const HOWS: [How; 3] = [How::Fin, How::Rst, How::Stall];

pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let (request, answer) = real_lengths();
    for how in HOWS {
        requests(how, request, &mut cases);
        small_answers(how, &mut cases);
        real_answers(how, answer, &mut cases);
    }
    cases
}

/// The lengths of a real request and of the response to it.
fn real_lengths() -> (usize, usize) {
    let world = World::held(false);
    let relay = Relay::start(world.sandbox.port());
    let client = client(&format!("http://127.0.0.1:{}", relay.port), None, "");
    let told = world.cancel_by(client, 2_000);
    assert_eq!(told.complaints, [""; 0]);
    relay.lengths()
}

fn requests(how: How, length: usize, cases: &mut Vec<Case>) {
    let cut = |at, tls, warm| {
        let given = Given { tls, warm, ..Given::default() };
        let name = if warm { "request cut, warm connection" } else { "request cut" };
        let fault = once(Fault::CutRequest { at, how });
        given.fault(fault).case(27, format!("{name}, {how:?}"), CANCELED)
    };
    cases.extend((0..=length).map(|at| cut(at, false, false)));
    cases.extend((0..=length).step_by(TLS_STEP).map(|at| cut(at, true, false)));
    cases.extend((0..=length).step_by(TLS_STEP).map(|at| cut(at, false, true)));
}

/// A response that is small enough to be cut at every byte of its head and its body.
fn small_answer(id: &str) -> Vec<u8> {
    let session =
        format!(r#"{{"checkout_session_id":"{id}","status":"canceled","test_mode":true}}"#);
    let body = format!(r#"{{"checkout_session":{session}}}"#);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req_1\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn small_answers(how: How, cases: &mut Vec<Case>) {
    let whole = small_answer(&"x".repeat(30)).len();
    let cut = |at: usize, tls, apply| {
        let script = move |id: &str| {
            let mut answer = small_answer(id);
            // The whole of it would confirm what was not done.
            answer.truncate(if apply { at } else { at.min(answer.len() - 1) });
            Scripted { answer, apply, then: Then::from(how) }
        };
        let given = Given { tls, script: Some(Box::new(script)), ..Given::default() };
        let name = if apply { "small answer cut" } else { "small answer cut, no effect" };
        given.case(28, format!("{name}, {how:?}"), CANCELED)
    };
    cases.extend((0..=whole).map(|at| cut(at, false, true)));
    cases.extend((0..=whole).step_by(TLS_STEP).map(|at| cut(at, true, true)));
    cases.extend((0..=whole).step_by(TLS_STEP).map(|at| cut(at, false, false)));
}

fn real_answers(how: How, length: usize, cases: &mut Vec<Case>) {
    let cut = |at, tls, apply| {
        let given = Given { tls, ..Given::default() };
        let name = if apply { "answer cut" } else { "answer (503) cut" };
        let fault = once(Fault::CutAnswer { at, how }).apply(apply);
        given.fault(fault).case(28, format!("{name}, {how:?}"), CANCELED)
    };
    let places = || (0..=length + 1).step_by(ANSWER_STEP);
    cases.extend(places().map(|at| cut(at, false, true)));
    cases.extend(places().step_by(5).map(|at| cut(at, true, true)));
    cases.extend((0..200).step_by(ANSWER_STEP).map(|at| cut(at, false, false)));
}
