use super::super::next::tests::observation;
use super::*;

#[test]
fn a_retrieve_says_what_may_be_said_of_the_void_as_of_now() {
    for (name, outcome, hold) in [
        ("authorized", Outcome::NotApplied, Hold::Held),
        ("open", Outcome::NotApplied, Hold::None),
        ("canceled", Outcome::AlreadyCanceled, Hold::Released),
        ("captured", Outcome::NotCancelable, Hold::Captured),
        ("captured_in_part", Outcome::NotCancelable, Hold::Captured),
        ("expired", Outcome::NotCancelable, Hold::None),
        ("indeterminate", Outcome::Unknown, Hold::Unknown),
    ] {
        let history = [observation(&format!("shows({name})"))];
        let Step::Done(decision) = next_read(&history, 4) else { panic!("{name}") };
        assert_eq!((decision.outcome, decision.hold, decision.code), (outcome, hold, Code::Ok));
    }
}

#[test]
fn a_retrieve_tries_again_what_may_pass_and_nothing_else() {
    let nothing = |code| Observation::ReadBack(ReadResult::Nothing(code));
    for code in [Code::Timeout, Code::ConnectionLost, Code::ServerError, Code::RateLimited] {
        let tried = [nothing(code)];
        assert!(matches!(next_read(&tried, 2), Step::ReadBack(Delay::Backoff, _)), "{code}");
        let Step::Done(decision) = next_read(&[nothing(code); 2], 2) else { panic!("{code}") };
        assert_eq!((decision.outcome, decision.code), (Outcome::Unknown, code));
    }
    for code in [Code::Unauthorized, Code::NotFound, Code::Aborted, Code::Tls, Code::ModeMismatch] {
        assert!(matches!(next_read(&[nothing(code)], 9), Step::Done(_)), "{code}");
    }
    let refused = [Observation::ReadBack(ReadResult::RefusedExpand)];
    let Step::ReadBack(Delay::None, reason) = next_read(&refused, 1) else { panic!() };
    assert_eq!(reason, "refused with expand: read it without");
}

#[test]
fn a_retrieve_tells_of_captured_money_where_it_cannot_tell_the_hold() {
    for (name, tells) in [("indeterminate", false), ("indeterminate captured", true)] {
        let history = [observation(&format!("shows({name})"))];
        let Step::Done(decision) = next_read(&history, 4) else { panic!("{name}") };
        assert_eq!(decision.reason.contains("captured"), tells, "{name}");
    }
}
