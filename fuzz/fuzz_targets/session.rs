//! A session through the typed reader. No panic; what is read can be shown.
#![no_main]

use flexcancel::session::CheckoutSession;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    if let Ok(session) = CheckoutSession::from_json(input) {
        assert!(!format!("{session:?}").is_empty());
    }
    drop(CheckoutSession::from_response(input));
});
