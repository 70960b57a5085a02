//! What a refusal says.

use serde::Serialize;

use super::lenient_object::{LenientObject, first_of_list, text};

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
        let Some(json) = LenientObject::read(body) else { return error };
        let inner = json.get("error").map(|inner| (LenientObject::read(inner.get()), text(inner)));
        let detail = json.get("detail").map(|list| (first_of_list(list), text(list)));
        let (code, message) = match (inner, detail) {
            (Some((Some(inner), _)), _) => {
                let code = inner.text("code").or_else(|| inner.text("type"));
                error.has_code_of_flex = code.is_some();
                (code, inner.text("message"))
            }
            (Some((_, Some(word))), _) => (Some(word), json.text("message")),
            (_, Some((Some(first), _))) => {
                let message = first.text("msg");
                let of_message = message.as_ref().and_then(|message| message.split_once(": "));
                let of_message = of_message.map(|(code, _)| code.to_owned());
                let code = first.text("type");
                // A framework that refuses a request by itself has a type, but no such message.
                error.has_code_of_flex =
                    of_message.is_some() && (code.is_none() || code == of_message);
                (code.or(of_message), message)
            }
            (_, Some((_, Some(word)))) => {
                // One word alone is the status in words, as frameworks write it: "Forbidden".
                error.has_code_of_flex = word.contains('_');
                (Some(word), json.text("message"))
            }
            _ => (json.text("code"), json.text("message")),
        };
        let shown = |text: String| beginning(&text, MAX_SHOWN_TEXT_BYTES);
        (error.code, error.message) = (code.map(shown), message.map(shown));
        error
    }
}

fn beginning(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}
