//! The bytes of a proxy's response to CONNECT. No panic; a tunnel only after a 2xx with nothing
//! behind it.
#![no_main]

use flexcancel::transport::fuzzing::read_proxy_response;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(head) = read_proxy_response(input) {
        assert!((100..1000).contains(&head.status.as_u16()), "{}", head.status.as_u16());
        let is_success = (200..300).contains(&head.status.as_u16());
        assert!(!is_success || input.windows(2).any(|it| it == b" 2"), "{}", head.status.as_u16());
    }
});
