//! May an entry that is not fresh be delivered? What the session shows decides. Pure.
//!
//! Between an entry's making and its delivery the session may have been authorized again. That
//! hold is not what the cancel was asked for, and must not be released by it. So every hold must
//! be proven to be older than the entry.

use serde_json::Value;

use crate::outcome::{Code, Hold, Outcome};
use crate::report::Report;

/// A payment intent's id carries the time at which it was made only if the session's own id
/// does so, within this.
const SAME_MS: u64 = 60_000;

/// What the session says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Every hold that there may be is older than the entry, or there is none.
    Go,
    /// The session is canceled.
    Released,
    /// Captured or expired: no hold is left.
    TooLate,
    /// There is a hold that is newer than the entry.
    Newer,
    /// There may be a hold of which the answer does not show that it is older than the entry.
    Unproven,
    /// The session could not be read.
    Unread(Code),
}

impl Gate {
    /// The same in words.
    pub(super) const fn because(self) -> &'static str {
        match self {
            Self::Go => "every hold is older than the entry",
            Self::Released => "the session is canceled already",
            Self::TooLate => "no hold is left to cancel",
            Self::Newer => "the session was authorized again after this cancel was asked for",
            Self::Unproven => {
                "the session does not show that its hold is the one that this cancel was asked for"
            }
            Self::Unread(_) => "the session could not be read before the delivery",
        }
    }
}

/// Judges what a retrieve reported of the session of an entry made at this Unix time.
pub(super) fn gate(report: &Report, created_ms: i64) -> Gate {
    match (report.outcome, report.hold, report.code) {
        (Outcome::AlreadyCanceled | Outcome::Canceled, ..) => Gate::Released,
        (Outcome::NotCancelable, ..) => Gate::TooLate,
        (Outcome::NotApplied, Hold::None, Code::Ok) => Gate::Go,
        (Outcome::NotApplied, Hold::Held, Code::Ok) | (Outcome::Unknown, _, Code::Ok) => {
            let raw = report.raw_session.as_ref().map(|raw| serde_json::from_str(raw.get()));
            match raw {
                Some(Ok(session)) => gate_of_session(&session, created_ms),
                _ => Gate::Unproven,
            }
        }
        (_, _, Code::Ok) => Gate::Unproven,
        (_, _, code) => Gate::Unread(code),
    }
}

fn gate_of_session(session: &Value, created_ms: i64) -> Gate {
    let trusts_ids = ids_tell_time(session);
    let listed = session["payment_intents"].as_array().map_or(&[][..], Vec::as_slice);
    let one = session.get("payment_intent").filter(|intent| !intent.is_null());
    let intents = || listed.iter().chain(one);
    let is_in_full = |id: &Value| intents().any(|other| &other["payment_intent_id"] == id);
    let mut gate = Gate::Unproven;
    for intent in intents().filter(|intent| may_hold(intent)) {
        if intent.is_string() && is_in_full(intent) {
            continue;
        }
        match latest_birth_ms(intent, trusts_ids) {
            None => return Gate::Unproven,
            Some(born_ms) if born_ms > created_ms => return Gate::Newer,
            Some(_) => gate = Gate::Go,
        }
    }
    gate
}

/// An intent that is canceled, or whose money was taken, holds nothing.
fn may_hold(intent: &Value) -> bool {
    let is_over = matches!(intent["status"].as_str(), Some("canceled" | "succeeded"));
    let capturable = &intent["amount_capturable"];
    !is_over || !(capturable.is_null() || capturable == 0)
}

/// The latest moment at which the intent, an object or a bare id, may have been made, as far as
/// it tells.
fn latest_birth_ms(intent: &Value, trusts_ids: bool) -> Option<i64> {
    let id = intent.as_str().or(intent["payment_intent_id"].as_str());
    let by_id = if trusts_ids { id.and_then(time_of_id) } else { None };
    let by_field = intent["created_at"].as_str().and_then(span_ms);
    match (by_field, by_id) {
        // The id tells the moment within the span that the field leaves open.
        (Some((first, last)), Some(moment)) if (first..=last).contains(&moment) => Some(moment),
        (by_field, by_id) => by_field.map(|(_, last)| last).max(by_id),
    }
}

/// True if the session's own id carries the time that `created_at` says.
fn ids_tell_time(session: &Value) -> bool {
    let by_id = session["checkout_session_id"].as_str().and_then(time_of_id);
    let by_field = session["created_at"].as_i64().and_then(|seconds| seconds.checked_mul(1000));
    match (by_id, by_field) {
        (Some(by_id), Some(by_field)) => by_id.abs_diff(by_field) <= SAME_MS,
        _ => false,
    }
}

/// The time in the ULID that an id ends with: its first ten digits, in milliseconds.
fn time_of_id(id: &str) -> Option<i64> {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let ulid = id.rsplit('_').next().filter(|ulid| ulid.len() == 26)?;
    let digit = |byte: u8| DIGITS.iter().position(|d| *d == byte.to_ascii_uppercase());
    if !ulid.bytes().all(|byte| digit(byte).is_some()) {
        return None;
    }
    let time = ulid
        .bytes()
        .take(10)
        .try_fold(0_i64, |time, byte| Some(time << 5 | i64::try_from(digit(byte)?).ok()?))?;
    (time < 1 << 48).then_some(time)
}

/// The first and the last millisecond that an ISO 8601 point in time may mean: one that is given
/// in seconds may have been any moment of that second. Anything but UTC counts as unreadable.
fn span_ms(text: &str) -> Option<(i64, i64)> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (date, time) = text.split_once(['T', ' '])?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let is_valid = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_valid {
        return None;
    }
    let seconds = (days_from_epoch(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
    let digits = &fraction[..fraction.len().min(3)];
    let least = format!("{digits:0<3}").parse::<i64>().ok()?;
    let most = format!("{digits:9<3}").parse::<i64>().ok()?;
    Some((seconds * 1000 + least, seconds * 1000 + most))
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let is_digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits { part.parse::<i64>().ok() } else { None }
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests;
