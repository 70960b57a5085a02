//! A checkout session's id.

use crate::error::Error;
use crate::outcome::Code;

/// The longest session id, in bytes.
pub(crate) const MAX_SESSION_ID_BYTES: usize = 255;

/// A checkout session's id: 1 to 255 characters of `[A-Za-z0-9_-]`, sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionId(String);

impl SessionId {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=MAX_SESSION_ID_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        let problem = format!("expected 1 to {MAX_SESSION_ID_BYTES} characters of [A-Za-z0-9_-]");
        Err(Error::in_field(Code::InvalidSessionId, "session_id", problem))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_plain_or_refused() {
        let longest = "x".repeat(255);
        for good in
            ["a", "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T", "obj_01EXAMPLE00000000000000000", &longest]
        {
            assert_eq!(SessionId::parse(good).unwrap().as_str(), good);
        }
        let too_long = "x".repeat(256);
        for bad in
            ["", "../x", "a/b", "a?b", "a#b", "%2f", "a b", "a\r\nb", "a\0", "ä", ".", &too_long]
        {
            assert_eq!(
                SessionId::parse(bad).unwrap_err().field.as_deref(),
                Some("session_id"),
                "{bad:?}"
            );
        }
    }
}
