//! Attempts as the result's JSON shows them: equal ones in a row as one.

use std::time::Duration;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::{Attempt, as_millis};

/// One attempt, or several equal ones in a row.
#[derive(Serialize)]
struct Folded<'a> {
    #[serde(flatten)]
    attempt: &'a Attempt,
    count: usize,
    #[serde(rename = "first_ms", serialize_with = "as_millis")]
    first: Duration,
    #[serde(rename = "last_ms", serialize_with = "as_millis")]
    last: Duration,
}

/// True if the second one repeats the first in vain. Each request that may have reached Flex is
/// shown by itself.
fn is_repeated(first: &Attempt, second: &Attempt) -> bool {
    let said = |attempt: &Attempt| {
        (attempt.operation, attempt.reason, attempt.phase, attempt.http_status, attempt.code)
    };
    !first.phase.is_handed_over() && said(first) == said(second)
}

pub(super) fn folded<S: Serializer>(
    attempts: &[Attempt],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    for equal in attempts.chunk_by(is_repeated) {
        let (Some(first), Some(last)) = (equal.first(), equal.last()) else { continue };
        let (first, last, count) = (first.started, last.started, equal.len());
        list.serialize_element(&Folded { attempt: &equal[0], count, first, last })?;
    }
    list.end()
}
