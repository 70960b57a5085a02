//! Opens a connection ahead of time, so that a call need not wait for name, TCP and TLS.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::context::Context;
use crate::abort::Abort;
use crate::error::Error;
use crate::options::Options;
use crate::outcome::Code;
use crate::report::Report;
use crate::transport::RoundTrip;

/// Opens one connection by the deadline, once. Sends nothing, so the outcome is always
/// `not_applied`; the code tells whether a connection waits.
pub(crate) fn warm_up(
    context: &Context,
    options: &Options,
    started: Instant,
    abort: Option<&Abort>,
) -> Result<Report, (Code, String)> {
    check(options).map_err(|error| (Code::InvalidArgument, error.to_string()))?;
    let deadline = started + options.timeout.unwrap_or(context.timeout);
    let round_trip = RoundTrip::new(started, deadline, context.connect_timeout, abort.cloned());
    let opened = catch_unwind(AssertUnwindSafe(|| context.transport.warm_up(&round_trip)))
        .unwrap_or_else(|_| Err(Error::defect()));
    let (code, message) = match opened {
        Ok(()) => (Code::Ok, "a connection waits for the next call".to_owned()),
        Err(failure) => (failure.code, failure.message),
    };
    Ok(Report::warm_up(code, context.api_key.redact(message)))
}

/// Only the time to wait can be chosen.
fn check(options: &Options) -> Result<(), Error> {
    options.check()?;
    for (field, is_given) in [
        ("asked_at_ms", options.asked_at_ms.is_some()),
        ("expand", !options.expand.is_empty()),
        ("idempotency_key", options.idempotency_key.is_some()),
        ("in_doubt", options.in_doubt.is_some()),
        ("verify", options.verify.is_some()),
        ("max_attempts", options.max_attempts.is_some()),
    ] {
        if is_given {
            let problem = "expected for a call about a session only: a warm-up sends nothing";
            return Err(Error::argument(field, problem));
        }
    }
    Ok(())
}
