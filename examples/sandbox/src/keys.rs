//! API keys: which are valid, what mode they stand for, and how they are kept out of sight.

use std::fmt;

use serde::Serialize;

const REDACTED: &str = "[redacted]";

/// The mode an object lives in. Objects of one mode are invisible to the other's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Test mode: no money moves.
    Test,
    /// Live mode.
    Live,
}

/// The keys that are valid.
///
/// While no key is named, any `fsk_test_…` is a test key and any other `fsk_…` a live key. Once
/// one is named, only named keys are valid, in the mode they were named for.
#[derive(Clone, Default)]
pub struct Keys {
    named: Vec<(String, Mode)>,
}

impl Keys {
    /// These keys and one more.
    #[must_use]
    pub fn with(mut self, mode: Mode, key: impl Into<String>) -> Self {
        self.named.push((key.into(), mode));
        self
    }

    /// The mode that an `Authorization` header's value opens, if it opens any.
    pub(crate) fn mode_of(&self, authorization: &str) -> Option<Mode> {
        let (scheme, key) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let key = key.trim();
        if !self.named.is_empty() {
            return self.named.iter().find(|(named, _)| named == key).map(|(_, mode)| *mode);
        }
        let (rest, mode) = match key.strip_prefix("fsk_test_") {
            Some(rest) => (rest, Mode::Test),
            None => (key.strip_prefix("fsk_")?, Mode::Live),
        };
        (!rest.is_empty()).then_some(mode)
    }

    /// `text` with everything in it that is or looks like a key replaced.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (named, _) in self.named.iter().filter(|(named, _)| !named.is_empty()) {
            text = text.replace(named, REDACTED);
        }
        let mut clean = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find("fsk_") {
            let (before, key) = rest.split_at(start);
            clean.push_str(before);
            clean.push_str(REDACTED);
            let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
            rest = key.find(ends).map_or("", |end| &key[end..]);
        }
        clean.push_str(rest);
        clean
    }

    /// A header's value as it may be kept.
    pub(crate) fn redact_header(&self, name: &str, value: &str) -> String {
        let secret = ["authorization", "proxy-authorization"];
        if secret.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
            return REDACTED.to_owned();
        }
        self.redact(value)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} named)", self.named.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_the_mode_its_prefix_names() {
        let keys = Keys::default();
        assert_eq!(keys.mode_of("Bearer fsk_test_abc"), Some(Mode::Test));
        assert_eq!(keys.mode_of("bearer fsk_abc"), Some(Mode::Live));
        for bad in ["", "Bearer", "Bearer ", "Bearer fsk_", "Bearer fsk_test_", "Bearer sk_x"] {
            assert_eq!(keys.mode_of(bad), None, "{bad}");
        }
        assert_eq!(keys.mode_of("Basic fsk_test_abc"), None);
        assert_eq!(keys.mode_of("fsk_test_abc"), None);
    }

    #[test]
    fn once_a_key_is_named_only_named_keys_are_valid() {
        let keys = Keys::default().with(Mode::Live, "fsk_test_odd");
        assert_eq!(keys.mode_of("Bearer fsk_test_odd"), Some(Mode::Live));
        assert_eq!(keys.mode_of("Bearer fsk_test_other"), None);
        assert_eq!(keys.mode_of("Bearer fsk_other"), None);
    }

    #[test]
    fn keys_are_redacted_wherever_they_stand() {
        let keys = Keys::default().with(Mode::Test, "hunter2");
        assert_eq!(
            keys.redact("/v1/x?k=fsk_test_a-b&l=hunter2"),
            "/v1/x?k=[redacted]&l=[redacted]"
        );
        assert_eq!(keys.redact("fsk_afsk_b,fsk_"), "[redacted],[redacted]");
        assert_eq!(keys.redact("nothing here"), "nothing here");
        assert_eq!(keys.redact_header("AUTHORIZATION", "Bearer x"), "[redacted]");
        assert!(!format!("{keys:?}").contains("hunter2"));
    }
}
