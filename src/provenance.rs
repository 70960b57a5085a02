//! Where a response comes from, as its headers tell. Pure; `header` gives a header by its name in
//! lower case.

use std::time::UNIX_EPOCH;

/// The headers by which services mark the response to an earlier request with the same key.
const REPLAYED: [&str; 5] = [
    "idempotent-replayed",
    "idempotency-replayed",
    "idempotent-replay",
    "x-idempotent-replayed",
    "x-idempotency-replayed",
];

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
}
