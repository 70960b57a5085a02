//! Is a hold older than the cancel that was asked for? Pure.
//!
//! Between the asking and the sending of a cancel a session may be authorized again. That hold is
//! not the one that the cancel was asked for, and must not be released by it.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use ulid::Ulid;

use crate::api::facts::{Amount, elements, intent_id, is_same_id};

/// A payment intent's id tells when it was made only if the session's own id does so, within this.
const SAME_MS: u64 = 60_000;
/// A machine's clock that differs from Flex's by no more counts as the same clock. `Date` has
/// whole seconds only, so nothing smaller can be told.
const SAME_CLOCK_MS: i64 = 2_000;
/// What `Date` leaves open: it has whole seconds.
const DATE_GRAIN_MS: i64 = 999;

/// How old the holds of a session are, beside the cancel that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum HoldAge {
    /// Every hold that there may be is older, or there is none.
    Older,
    /// A hold is newer.
    Newer,
    /// The response does not show it.
    Unknown,
}

/// How old the money of a session is, beside the cancel that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ages {
    pub(crate) hold: HoldAge,
    /// True if captures are listed, and each is older.
    pub(crate) captures_are_older: bool,
}

impl From<HoldAge> for Ages {
    fn from(hold: HoldAge) -> Self {
        Self { hold, captures_are_older: false }
    }
}

/// When the cancel was asked for, as Flex's clock has it: between these two Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskedAt {
    earliest_ms: i64,
    latest_ms: i64,
}

impl AskedAt {
    /// `asked_at_ms` and `now_ms` are this machine's wall clock; `age_ms` is how long ago it was
    /// by the clock that does not jump, if that is known; `date_ms` is Flex's clock now.
    pub(crate) fn new(asked_at_ms: i64, now_ms: i64, age_ms: i64, date_ms: Option<i64>) -> Self {
        let exactly = Self { earliest_ms: asked_at_ms, latest_ms: asked_at_ms };
        let Some(date_ms) = date_ms else { return exactly };
        let wall_age_ms = now_ms.saturating_sub(asked_at_ms);
        let has_jumped_back = wall_age_ms < age_ms.saturating_sub(SAME_CLOCK_MS);
        let difference_ms = date_ms.saturating_sub(now_ms);
        if difference_ms.unsigned_abs() <= SAME_CLOCK_MS.unsigned_abs() && !has_jumped_back {
            return exactly;
        }
        // A virtual machine that was paused knows of it by the wall clock only.
        let earliest_ms = date_ms.saturating_sub(wall_age_ms.max(age_ms));
        let by_date = Self { earliest_ms, latest_ms: earliest_ms.saturating_add(DATE_GRAIN_MS) };
        // Which of the two clocks was right at the asking is not known: the earlier one is safe.
        if has_jumped_back { by_date.or_earlier(exactly) } else { by_date }
    }
}

impl AskedAt {
    /// True if that was surely later than the asking.
    fn is_before(self, time: Span) -> bool {
        time.first_ms > self.latest_ms
    }

    /// True if that was surely no later than the asking.
    fn is_after(self, time: Span) -> bool {
        time.last_ms <= self.earliest_ms
    }

    fn or_earlier(self, other: Self) -> Self {
        Self {
            earliest_ms: self.earliest_ms.min(other.earliest_ms),
            latest_ms: self.latest_ms.min(other.latest_ms),
        }
    }
}

/// Compares the holds and captures that a session's JSON shows with the asking.
pub(crate) fn ages(session: &str, asked_at: AskedAt) -> Ages {
    let Ok(session) = serde_json::from_str::<Value>(session) else {
        return HoldAge::Unknown.into();
    };
    let trusts_ids = ids_tell_time(&session);
    Ages {
        hold: hold_age(&session, trusts_ids, asked_at),
        captures_are_older: captures_are_older(&session, trusts_ids, asked_at),
    }
}

/// True if captures are listed, all of them, and each was made before the asking.
fn captures_are_older(session: &Value, trusts_ids: bool, asked_at: AskedAt) -> bool {
    let is_older = |capture: &Value| {
        let id = capture.as_str().or_else(|| capture.get("capture_id")?.as_str());
        let by_id = if trusts_ids { id.and_then(time_of_id) } else { None };
        let times = Times::of(capture, &["captured_at", "created", "created_at"]);
        !times.has_unreadable
            && narrowed(times.latest(), by_id).is_some_and(|made| asked_at.is_after(made))
    };
    elements(&session["captures"]).is_some_and(|(captures, are_all)| {
        are_all && !captures.is_empty() && captures.iter().all(is_older)
    })
}

fn hold_age(session: &Value, trusts_ids: bool, asked_at: AskedAt) -> HoldAge {
    let listed = elements(&session["payment_intents"]).map_or(&[][..], |(list, _)| list);
    let one = session.get("payment_intent").filter(|intent| !intent.is_null());
    let intents = || listed.iter().chain(one);
    let is_in_full = |id: &str| intents().any(|other| is_same_id(id, intent_id(other)));
    let completed = Times::of(session, SESSION_TIMES);
    let mut age = HoldAge::Older;
    if listed.is_empty() && one.is_none() && is_hidden(session) {
        let is_newer = completed.read.iter().any(|time| asked_at.is_before(*time));
        age = if is_newer { HoldAge::Newer } else { HoldAge::Unknown };
    }
    for intent in intents() {
        if !may_hold(intent) {
            if is_newer_sale(intent, asked_at) {
                return HoldAge::Newer;
            }
            continue;
        }
        if intent.as_str().is_some_and(is_in_full) {
            continue;
        }
        match age_of(intent, trusts_ids, &completed, asked_at) {
            HoldAge::Newer => return HoldAge::Newer,
            HoldAge::Unknown => age = HoldAge::Unknown,
            HoldAge::Older => {}
        }
    }
    age
}

/// True if the session does not say that it has no payment intents.
fn is_hidden(session: &Value) -> bool {
    let says_none = session.get("payment_intent").is_some_and(Value::is_null)
        || elements(&session["payment_intents"]).is_some();
    !says_none
}

/// An intent that is canceled, was never authorized, or was captured as a whole holds nothing.
fn may_hold(intent: &Value) -> bool {
    let status = intent["status"].as_str();
    let is_over =
        matches!(status, Some("canceled" | "cancelled" | "succeeded" | "requires_payment_method"));
    !is_over || !Amount::of(intent.get("amount_capturable")).is_none_shown()
}

/// True if the intent was captured on a hold that is newer than the asking. Its `updated_at` does
/// not tell: the capture changes it, too.
fn is_newer_sale(intent: &Value, asked_at: AskedAt) -> bool {
    let times = Times::of(intent, &["authorized_at", "created", "created_at"]);
    intent["status"].as_str() == Some("succeeded")
        && times.read.iter().any(|time| asked_at.is_before(*time))
}

/// A point in time that is known to lie between two Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    first_ms: i64,
    last_ms: i64,
}

impl Span {
    fn or_later(self, other: Self) -> Self {
        Self {
            first_ms: self.first_ms.max(other.first_ms),
            last_ms: self.last_ms.max(other.last_ms),
        }
    }
}

/// The times of a payment intent, and of its charges, at which its hold may have been made.
const INTENT_TIMES: &[&str] = &[
    "authorized_at",
    "confirmed_at",
    "created",
    "created_at",
    "processed_at",
    "updated",
    "updated_at",
];
/// What in a payment intent has such times, too.
const CHARGES: &[&str] = &["authorization", "authorizations", "charge", "charges", "latest_charge"];
/// The times of a session at which its hold may have been made.
const SESSION_TIMES: &[&str] = &["authorized_at", "completed_at", "paid_at"];

/// How old the hold of an intent is, an object or a bare id; the session was completed then, if
/// that is given. One time that is newer is enough. That it is older must be told by when the
/// intent was made, and by every other time.
fn age_of(intent: &Value, trusts_ids: bool, completed: &Times, asked_at: AskedAt) -> HoldAge {
    let id = intent.as_str().or_else(|| intent_id(intent));
    let by_id = if trusts_ids { id.and_then(time_of_id) } else { None };
    let created = Times::of(intent, &["created_at", "created"]);
    let made = narrowed(created.latest(), by_id);
    let others = times_of(intent);
    let is_other = |time: &Span| Some(*time) != created.latest();
    let known =
        || others.read.iter().filter(|time| is_other(time)).chain(&made).chain(&completed.read);
    if known().any(|time| asked_at.is_before(*time)) {
        return HoldAge::Newer;
    }
    let is_told = made.is_some() && !others.has_unreadable && !completed.has_unreadable;
    if is_told && known().all(|time| asked_at.is_after(*time)) {
        return HoldAge::Older;
    }
    HoldAge::Unknown
}

/// The id tells the moment within the span that the field leaves open; else the later one counts.
fn narrowed(by_field: Option<Span>, by_id: Option<Span>) -> Option<Span> {
    match (by_field, by_id) {
        (Some(span), Some(id)) if (span.first_ms..=span.last_ms).contains(&id.first_ms) => Some(id),
        (Some(span), Some(id)) => Some(span.or_later(id)),
        (by_field, by_id) => by_field.or(by_id),
    }
}

/// The times that tell of one thing.
struct Times {
    read: Vec<Span>,
    /// One is given and cannot be read: it may be any.
    has_unreadable: bool,
}

impl Times {
    fn of(value: &Value, names: &[&str]) -> Self {
        let given = names.iter().map(|name| &value[*name]).filter(|time| !time.is_null());
        let times: Vec<Option<Span>> = given.map(span).collect();
        let has_unreadable = times.contains(&None);
        Self { read: times.into_iter().flatten().collect(), has_unreadable }
    }

    fn and(mut self, other: Self) -> Self {
        self.read.extend(other.read);
        self.has_unreadable |= other.has_unreadable;
        self
    }

    fn latest(&self) -> Option<Span> {
        self.read.iter().copied().reduce(Span::or_later)
    }
}

/// The times of a payment intent and of its charges.
fn times_of(intent: &Value) -> Times {
    let of_charges = CHARGES.iter().flat_map(|name| match &intent[*name] {
        charge @ Value::Object(_) if charge.get("data").is_none() => vec![charge],
        list => elements(list).map_or_else(Vec::new, |(list, _)| list.iter().collect()),
    });
    of_charges
        .map(|charge| Times::of(charge, INTENT_TIMES))
        .fold(Times::of(intent, INTENT_TIMES), Times::and)
}

/// True if the session's own id carries the time that `created_at` says.
fn ids_tell_time(session: &Value) -> bool {
    let by_id = session["checkout_session_id"].as_str().and_then(time_of_id);
    match (by_id, span(&session["created_at"])) {
        (Some(by_id), Some(by_field)) => by_id.first_ms.abs_diff(by_field.first_ms) <= SAME_MS,
        _ => false,
    }
}

/// The time in the ULID that an id ends with, in milliseconds.
fn time_of_id(id: &str) -> Option<Span> {
    let text = id.rsplit('_').next()?;
    // A larger first digit does not fit into the 128 bits.
    let fits = text.bytes().next().is_some_and(|digit| (b'0'..=b'7').contains(&digit));
    let ulid = Ulid::from_string(text).ok().filter(|_| fits)?;
    let ms = i64::try_from(ulid.timestamp_ms()).ok()?;
    Some(Span { first_ms: ms, last_ms: ms })
}

/// A point in time: Unix seconds, or RFC 3339. One that is given in seconds may have been any
/// moment of that second.
fn span(value: &Value) -> Option<Span> {
    match value {
        Value::String(text) => span_of_text(text),
        _ => value.as_i64().and_then(span_of_seconds),
    }
}

fn span_of_seconds(seconds: i64) -> Option<Span> {
    let first_ms = seconds.checked_mul(1000).filter(|ms| *ms > 0)?;
    Some(Span { first_ms, last_ms: first_ms.checked_add(999)? })
}

fn span_of_text(text: &str) -> Option<Span> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let first_ms = i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?;
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let open_ms = [999, 99, 9].get(digits).copied().unwrap_or(0);
    (first_ms > 0).then_some(Span { first_ms, last_ms: first_ms + open_ms })
}

#[cfg(test)]
mod tests;
