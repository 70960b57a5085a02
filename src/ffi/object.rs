//! What a result handle stands for: the outcome of a call, and its texts for C.

use std::borrow::Cow;
use std::ffi::{CStr, CString};

use once_cell::sync::OnceCell;

use crate::outcome::{Code, Hold, Outcome};
use crate::report::{Report, Status};

/// A string of a result.
#[derive(Clone, Copy)]
pub(super) enum Text {
    Message,
    Advice,
    SessionId,
    IdempotencyKey,
    Repeat,
    CheckoutSession,
    Json,
}

const TEXTS: usize = Text::Json as usize + 1;

/// What a call came to.
#[allow(clippy::large_enum_variant, reason = "it lives on the heap, as does its handle's object")]
#[derive(Clone)]
enum Told {
    Report(Report),
    Status(Status),
}

/// What a call came to, with the texts that C has asked for: each is made once, on its first use.
pub(super) struct ResultObject {
    told: Told,
    texts: [OnceCell<Option<CString>>; TEXTS],
}

impl From<Report> for ResultObject {
    fn from(report: Report) -> Self {
        Self { told: Told::Report(report), texts: Default::default() }
    }
}

impl From<Status> for ResultObject {
    fn from(status: Status) -> Self {
        Self { told: Told::Status(status), texts: Default::default() }
    }
}

impl ResultObject {
    /// For a forked child: the same without texts. One of this one's texts may have been under
    /// way in a thread of the parent, and would never be ready.
    pub(super) fn renewed(&self) -> Self {
        Self { told: self.told.clone(), texts: Default::default() }
    }

    /// Unknown where there is none, which asserts nothing.
    pub(super) fn outcome(&self) -> Outcome {
        self.report().map_or(Outcome::Unknown, |report| report.outcome)
    }

    pub(super) fn code(&self) -> Code {
        match &self.told {
            Told::Report(report) => report.code,
            Told::Status(status) => status.code,
        }
    }

    pub(super) fn hold(&self) -> Hold {
        self.report().map_or(Hold::Unknown, |report| report.hold)
    }

    fn report(&self) -> Option<&Report> {
        match &self.told {
            Told::Report(report) => Some(report),
            Told::Status(_) => None,
        }
    }

    /// The text for C; it stays where it is as long as this object.
    pub(super) fn text(&self, text: Text) -> Option<&CStr> {
        let cell = self.texts.get(text as usize)?;
        cell.get_or_init(|| self.source(text).map(for_c)).as_deref()
    }

    fn source(&self, text: Text) -> Option<Cow<'_, str>> {
        let (message, advice) = match &self.told {
            Told::Report(report) => (&report.message, report.advice),
            Told::Status(status) => (&status.message, status.advice),
        };
        match text {
            Text::Message => Some(message.into()),
            Text::Advice => Some(advice.into()),
            Text::SessionId => self.report()?.session_id.as_deref().map(Cow::from),
            Text::IdempotencyKey => self.report()?.idempotency_key.as_deref().map(Cow::from),
            Text::Repeat => self.report()?.repeat_json().map(Cow::from),
            Text::CheckoutSession => Some(self.report()?.raw_session.as_ref()?.get().into()),
            Text::Json => match &self.told {
                Told::Report(report) => report.to_json(),
                Told::Status(status) => status.to_json(),
            }
            .ok()
            .map(Cow::from),
        }
    }
}

/// A text that ends at its only NUL. One within it would hide the rest from C.
fn for_c(text: Cow<'_, str>) -> CString {
    let text = if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.into_owned() };
    CString::new(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(message: &str) -> ResultObject {
        Report::without_attempts(Code::Internal, message).into()
    }

    #[test]
    fn a_nul_within_a_text_does_not_hide_the_rest_of_it() {
        let object = object("one\0two");
        assert_eq!(object.text(Text::Message), Some(c"one\u{fffd}two"));
        let json = object.text(Text::Json).unwrap().to_str().unwrap();
        assert!(json.contains("one\\u0000two"), "{json}");
    }

    #[test]
    fn a_text_is_made_once_and_an_absent_one_is_none() {
        let object = object("lost");
        let address = |text| object.text(text).map(CStr::as_ptr);
        assert_eq!(address(Text::Json), address(Text::Json));
        for absent in [Text::SessionId, Text::IdempotencyKey, Text::Repeat, Text::CheckoutSession] {
            assert_eq!(object.text(absent), None);
        }
    }
}
