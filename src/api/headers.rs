//! The headers of a response that matter. Pure; `header` gives a header by its name in lower case.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The headers by which services mark the response to an earlier request with the same key.
const REPLAYED: [&str; 5] = [
    "idempotent-replayed",
    "idempotency-replayed",
    "idempotent-replay",
    "x-idempotent-replayed",
    "x-idempotency-replayed",
];

/// A server that asks for a longer wait is read as asking for this one, which every language's
/// durations can hold: thirty days.
const LONGEST_ASKED: Duration = Duration::from_secs(30 * 24 * 3_600);
/// A reset above this is a point in time (Unix seconds), not a number of seconds.
const LEAST_POINT_IN_TIME: u64 = 1_000_000_000;

/// The server's clock (`Date`), in Unix milliseconds.
pub(crate) fn date_ms<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<i64> {
    let date = httpdate::parse_http_date(header("date")?.trim()).ok()?;
    i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// True if a cache served it.
pub(crate) fn is_cached<'a>(header: impl Fn(&str) -> Option<&'a str>) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    header("age").map(str::trim).is_some_and(|age| is_number(age) && age.bytes().any(|b| b != b'0'))
}

/// True if it repeats the response to an earlier request with the same key.
pub(crate) fn is_replayed<'a>(header: impl Fn(&str) -> Option<&'a str>) -> bool {
    let is_no = |text: &str| text.is_empty() || text.eq_ignore_ascii_case("false") || text == "0";
    REPLAYED.iter().any(|name| header(name).map(str::trim).is_some_and(|text| !is_no(text)))
}

/// How long the server asks to be left alone: `Retry-After` in seconds or as a date, or else
/// the rate limit's reset. Dates are read against the response's own `Date`, so that this
/// machine's clock does not matter. What cannot be read counts as absent. `header` gives the
/// answer's headers by their names in lower case.
pub(crate) fn retry_after<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    Some(asked_wait(header)?.min(LONGEST_ASKED))
}

fn asked_wait<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    let text = |name: &str| header(name).map(str::trim);
    let date = || httpdate::parse_http_date(text("date")?).ok();
    if let Some(wish) = text("retry-after") {
        if let Some(seconds) = whole_seconds(wish) {
            return Some(Duration::from_secs(seconds));
        }
        if let Ok(point) = httpdate::parse_http_date(wish) {
            return Some(point.duration_since(date()?).unwrap_or_default());
        }
    }
    let reset = text("ratelimit-reset").or_else(|| text("x-ratelimit-reset"))?;
    let seconds = whole_seconds(reset)?;
    if seconds < LEAST_POINT_IN_TIME {
        return Some(Duration::from_secs(seconds));
    }
    let point = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(point.duration_since(date()?).unwrap_or_default())
}

/// Digits only: no sign, no fraction, no blank.
fn whole_seconds(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(
        name: &str,
        value: &str,
        read: impl Fn(&dyn Fn(&str) -> Option<&'static str>) -> T,
    ) -> T {
        let value: &'static str = String::leak(value.to_owned());
        read(&|asked| (asked == name).then_some(value))
    }

    #[test]
    fn a_cache_tells_by_an_age_above_nothing() {
        for (age, expected) in
            [("0", false), ("00", false), ("1", true), (" 60 ", true), ("", false), ("-1", false)]
        {
            assert_eq!(with("age", age, |header| is_cached(header)), expected, "{age:?}");
        }
        assert!(with("age", "99999999999999999999999", |header| is_cached(header)));
    }

    #[test]
    fn a_replay_is_told_by_any_of_its_names() {
        for name in REPLAYED {
            assert!(with(name, "true", |header| is_replayed(header)), "{name}");
            assert!(!with(name, "false", |header| is_replayed(header)), "{name}");
        }
        assert!(!with("date", "true", |header| is_replayed(header)));
    }

    #[test]
    fn a_date_is_read_in_milliseconds_and_garbage_is_absent() {
        let date = |text: &str| with("date", text, |header| date_ms(header));
        assert_eq!(date("Mon, 23 Nov 2026 12:00:00 GMT"), Some(1_795_435_200_000));
        assert_eq!(date("soon"), None);
    }

    fn wish(lines: &[(&str, &str)]) -> Option<Duration> {
        retry_after(|name| {
            let (_, value) = lines.iter().find(|(found, _)| *found == name)?;
            Some(*value)
        })
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_garbage_is_absent() {
        let date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT");
        for (value, seconds) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("Mon, 23 Nov 2026 12:00:09 GMT", Some(9)),
            ("Mon, 23 Nov 2026 11:00:00 GMT", Some(0)),
            ("-7", None),
            ("+7", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
            ("9223372036854775807", Some(30 * 24 * 3_600)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(30 * 24 * 3_600)),
        ] {
            let wish = wish(&[date, ("retry-after", value)]);
            assert_eq!(wish, seconds.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(wish(&[("retry-after", "Mon, 23 Nov 2026 12:00:09 GMT")]), None, "undated");
        assert_eq!(wish(&[]), None);
    }

    #[test]
    fn the_rate_limits_reset_is_read_where_retry_after_is_absent_or_garbage() {
        let date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT");
        let point = "1795435205"; // five seconds after the date
        for (lines, seconds) in [
            (vec![("ratelimit-reset", "3")], Some(3)),
            (vec![("x-ratelimit-reset", "4")], Some(4)),
            (vec![date, ("x-ratelimit-reset", point)], Some(5)),
            (vec![("x-ratelimit-reset", point)], None),
            (vec![("retry-after", "9"), ("x-ratelimit-reset", "4")], Some(9)),
            (vec![("retry-after", "soon"), ("x-ratelimit-reset", "4")], Some(4)),
        ] {
            let wish = wish(&lines);
            assert_eq!(wish, seconds.map(Duration::from_secs), "{lines:?}");
        }
    }
}
