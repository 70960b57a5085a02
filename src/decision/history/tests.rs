use super::*;
use crate::decision::observation::Observation::{Cancel, ReadBack};

const LIMITS: Limits = Limits {
    max_sends: 2,
    max_connects: 2,
    in_doubt: false,
    must_look: false,
    needs_proof: false,
    verify: false,
};

fn of(history: &[Observation]) -> Summary {
    Summary::of(history, LIMITS)
}

#[test]
fn what_another_send_may_change_refuses_only_when_no_send_is_left() {
    let (paced, with_expand) = (SendResult::Refused(Code::RateLimited), SendResult::RefusedExpand);
    for may_change in [paced, with_expand] {
        assert_eq!(of(&[Cancel(may_change)]).refused, None, "{may_change:?}");
        let twice = of(&[Cancel(may_change), Cancel(may_change)]);
        assert_eq!(twice.refused, Some(may_change.code()), "{may_change:?}");
    }
    let rejected = SendResult::Refused(Code::Rejected);
    assert_eq!(of(&[Cancel(rejected)]).refused, Some(Code::Rejected));
}

#[test]
fn only_a_call_that_sent_nothing_and_is_not_in_doubt_has_failed_to_connect() {
    let not_sent = Cancel(SendResult::NotSent(Code::Connect));
    let has_failed = |history: &[Observation], limits: Limits| {
        Summary::of(history, limits).has_failed_to_connect(limits)
    };
    assert!(!has_failed(&[not_sent], LIMITS));
    assert!(has_failed(&[not_sent, not_sent], LIMITS));
    assert!(!has_failed(&[not_sent, not_sent], Limits { in_doubt: true, ..LIMITS }));
    let refused = Cancel(SendResult::Refused(Code::RateLimited));
    assert!(!has_failed(&[not_sent, not_sent, refused], LIMITS));
}

#[test]
fn a_look_that_fails_counts_as_a_failed_connect_if_its_trouble_may_pass() {
    let looked = |code| ReadBack(ReadResult::Nothing(code));
    assert_eq!(of(&[looked(Code::Dns), looked(Code::Timeout)]).failed_connects, 2);
    assert_eq!(of(&[looked(Code::NotFound)]).failed_connects, 0);
}

#[test]
fn the_trouble_that_put_a_request_in_doubt_counts_more_than_a_network_that_still_fails() {
    let doubt = Cancel(SendResult::InDoubt(Code::Timeout));
    let read = |code| ReadBack(ReadResult::Nothing(code));
    assert_eq!(of(&[doubt, read(Code::Dns)]).code, Code::Timeout);
    assert_eq!(of(&[doubt, read(Code::NotFound)]).code, Code::NotFound);
    assert_eq!(of(&[read(Code::Dns), read(Code::Connect)]).code, Code::Connect);
}
