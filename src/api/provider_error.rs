//! What a refusal says.

use serde::Serialize;
use serde_json::Value;

/// How much of a refusal's body the result shows, in bytes.
pub(crate) const MAX_SHOWN_BODY_BYTES: usize = 2_048;
/// How much of a refusal's code and message the result shows, in bytes.
pub(crate) const MAX_SHOWN_TEXT_BYTES: usize = 512;

/// What Flex, or somebody on the way to it, said when it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProviderError {
    /// The machine-readable reason, if the body has one.
    pub code: Option<String>,
    /// The reason in words, if the body has one.
    pub message: Option<String>,
    /// The beginning of the body as it came.
    pub body: String,
    /// True if the code stands where Flex is known to write it: no framework's own word.
    #[serde(skip)]
    pub(crate) has_code_of_flex: bool,
}

impl ProviderError {
    /// What it says in words.
    pub(crate) fn detail(&self) -> Option<String> {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.clone().or_else(|| message.clone()),
        }
    }

    /// The same, with every text passed through a redaction.
    pub(super) fn redacted(self, redact: impl Fn(String) -> String) -> Self {
        Self {
            code: self.code.map(&redact),
            message: self.message.map(&redact),
            body: redact(self.body),
            ..self
        }
    }

    /// Reads any shape of error body that Flex is known to send, or none of them.
    pub(super) fn read(body: &str) -> Self {
        let mut error = Self { body: beginning(body, MAX_SHOWN_BODY_BYTES), ..Self::default() };
        // serde_json itself refuses to build a tree deeper than 128.
        let Ok(json) = serde_json::from_str::<Value>(body) else { return error };
        let shown = |text: &str| beginning(text, MAX_SHOWN_TEXT_BYTES);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(shown);
        (error.code, error.message) = match (&json["error"], &json["detail"]) {
            (Value::Object(inner), _) => {
                let code = text(inner.get("code")).or_else(|| text(inner.get("type")));
                error.has_code_of_flex = code.is_some();
                (code, text(inner.get("message")))
            }
            (Value::String(word), _) => (Some(shown(word)), text(json.get("message"))),
            (_, Value::Array(list)) => {
                let first = list.first().unwrap_or(&Value::Null);
                let message = text(first.get("msg"));
                let of_message = message.as_ref().and_then(|message| message.split_once(": "));
                let of_message = of_message.map(|(code, _)| code.to_owned());
                let code = text(first.get("type"));
                // A framework that refuses a request by itself has a type, but no such message.
                error.has_code_of_flex =
                    of_message.is_some() && (code.is_none() || code == of_message);
                (code.or(of_message), message)
            }
            (_, Value::String(word)) => {
                // One word alone is the status in words, as frameworks write it: "Forbidden".
                error.has_code_of_flex = word.contains('_');
                (Some(shown(word)), text(json.get("message")))
            }
            _ => (text(json.get("code")), text(json.get("message"))),
        };
        error
    }
}

fn beginning(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}
