//! The API key and other secrets: never shown, wiped when dropped.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text. `Debug` shows `[secret]`; there is no `Display`; memory is wiped on drop.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

/// What stands for each byte of a secret where it must not be seen.
const PLACEHOLDER: &str = "\t";

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

    /// What stands for the secret until [`Secret::fill_in`]: tabs, which nothing else that is sent
    /// has.
    pub(crate) fn placeholder(&self) -> String {
        PLACEHOLDER.repeat(self.0.len())
    }

    /// Puts the secret where its placeholder is; false if there is none.
    pub(crate) fn fill_in(&self, bytes: &mut [u8]) -> bool {
        let start = bytes.iter().position(|byte| *byte == PLACEHOLDER.as_bytes()[0]);
        let place = start.and_then(|start| bytes.get_mut(start..start + self.0.len()));
        place.is_some_and(|place| {
            let is_whole = place.iter().all(|byte| *byte == PLACEHOLDER.as_bytes()[0]);
            if is_whole {
                place.copy_from_slice(self.0.as_bytes());
            }
            is_whole
        })
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

    #[test]
    fn a_placeholder_is_filled_in_where_it_is_whole() {
        let secret = Secret::new("fsk_test_hidden".to_owned());
        let mut head = format!("authorization: Bearer {}\r\n", secret.placeholder()).into_bytes();
        assert!(secret.fill_in(&mut head));
        assert_eq!(head, b"authorization: Bearer fsk_test_hidden\r\n");
        for without in ["accept: */*\r\n", "x: \t\t\r\n", ""] {
            let mut head = without.as_bytes().to_vec();
            assert!(!secret.fill_in(&mut head), "{without:?}");
            assert_eq!(head, without.as_bytes());
        }
    }
}
