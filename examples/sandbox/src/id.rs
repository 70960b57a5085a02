//! Ids as Flex makes them, and times as it writes them.

use std::time::Duration;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Stands where an opaque id would have its time. No ULID begins with more than 7, so nobody can
/// take it for a time.
const NO_TIME: &str = "QZ7XK3M9TD";

/// Makes ids. The same seed, epoch and order of calls make the same ids.
#[derive(Clone, Debug)]
pub(crate) struct IdGenerator {
    state: u64,
    epoch_s: u64,
    opaque: bool,
}

impl IdGenerator {
    pub(crate) fn new(seed: u64, epoch_s: u64) -> Self {
        IdGenerator { state: seed, epoch_s, opaque: false }
    }

    /// The same, but its ids are no ULIDs: they tell no time.
    pub(crate) fn opaque(self, opaque: bool) -> Self {
        IdGenerator { opaque, ..self }
    }

    /// `prefix` and a ULID: 48 bits of time, 80 bits that differ in each id.
    pub(crate) fn id(&mut self, prefix: &str, now: Duration) -> String {
        let unix_ms = u128::from(self.epoch_s) * 1000 + now.as_millis();
        let random = u128::from(self.next()) << 64 | u128::from(self.next());
        let bits = (unix_ms & ((1 << 48) - 1)) << 80 | random & ((1 << 80) - 1);
        let mut id = String::with_capacity(prefix.len() + 26);
        id.push_str(prefix);
        for place in (0..26).rev() {
            id.push(char::from(CROCKFORD[(bits >> (place * 5)) as usize & 31]));
        }
        if self.opaque {
            id.replace_range(prefix.len()..prefix.len() + NO_TIME.len(), NO_TIME);
        }
        id
    }

    /// splitmix64: a full-period sequence, so no two of its values meet within a run.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// A moment as ISO 8601 in UTC, to the second.
pub(crate) fn iso8601(unix_s: u64) -> String {
    let (year, month, day) = civil_date(unix_s / 86_400);
    let second = unix_s % 86_400;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days since 1970-01-01 to a Gregorian date, counting years from March so that the leap day
/// comes last (Howard Hinnant's `civil_from_days`, for days that are not negative).
fn civil_date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ulids_that_differ_and_replay() {
        let mut ids = IdGenerator::new(7, 1_767_225_600);
        let first = ids.id("fcs_", Duration::ZERO);
        let second = ids.id("fcs_", Duration::ZERO);
        assert_ne!(first, second);
        assert_eq!(first, IdGenerator::new(7, 1_767_225_600).id("fcs_", Duration::ZERO));
        assert_ne!(first, IdGenerator::new(8, 1_767_225_600).id("fcs_", Duration::ZERO));

        let ulid = first.strip_prefix("fcs_").unwrap();
        assert_eq!(ulid.len(), 26);
        assert!(ulid.bytes().all(|byte| CROCKFORD.contains(&byte)), "{ulid}");
        // 2026-01-01T00:00:00Z in milliseconds, in the ULID's ten characters of time.
        assert_eq!(&ulid[..10], "01KDVDNA00");
    }

    #[test]
    fn times_are_written_as_iso_8601() {
        assert_eq!(iso8601(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso8601(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(iso8601(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(iso8601(1_767_225_600), "2026-01-01T00:00:00Z");
        assert_eq!(iso8601(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(iso8601(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
