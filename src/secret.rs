//! The API key and other secrets: never shown, wiped when dropped.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text. `Debug` shows `[secret]`; there is no `Display`; memory is wiped on drop.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

/// A shorter secret could be found by chance in an innocent text, which would then be garbled.
const SHORTEST_REDACTED: usize = 6;

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the one header it belongs in.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// True if the text repeats the secret, as an echoing server's answer would.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.0.len() >= SHORTEST_REDACTED && text.contains(self.0.as_str())
    }

    /// The text, with the secret replaced wherever it occurs.
    pub(crate) fn redact(&self, text: String) -> String {
        if self.is_in(&text) { text.replace(self.0.as_str(), REDACTED) } else { text }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_secret() {
        let secret = Secret::new("fsk_test_hidden".to_owned());
        assert_eq!(format!("{secret:?}"), "[secret]");
    }

    #[test]
    fn a_text_that_repeats_the_secret_is_redacted() {
        let secret = Secret::new("fsk_test_hidden".to_owned());
        let echoed = secret.redact("bad key fsk_test_hidden!".to_owned());
        assert_eq!(echoed, "bad key [redacted]!");
        assert_eq!(secret.redact("bad key".to_owned()), "bad key");
    }
}
