//! The HTTP-shaped front of the model: `/v1/checkout/sessions…`.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::axes::{ExpandHandling, KeyHandling, ReplayHeader};
use crate::body::{self, Expand};
use crate::error::Refusal;
use crate::idempotency::Known;
use crate::keys::Mode;
use crate::model::{Accepted, Canceler, Model, Settings};
use crate::session::{CreateParams, Session};

/// A request to the public API.
#[derive(Clone, Copy, Debug)]
pub struct ApiRequest<'a> {
    /// Its number, which the truth names it by.
    pub number: u64,
    /// Its method, in capitals.
    pub method: &'a str,
    /// Its path, without the query.
    pub path: &'a str,
    /// Its query, without the question mark.
    pub query: &'a str,
    /// The mode that its key opens; none if it has no valid key.
    pub mode: Option<Mode>,
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

/// The response to an [`ApiRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiResponse {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// Headers beside `Content-Type` and those of the connection.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it is an earlier response to the same `Idempotency-Key`.
    pub replayed: bool,
}

impl ApiResponse {
    pub(crate) fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        ApiResponse { status, content_type, headers: Vec::new(), body, replayed: false }
    }

    pub(crate) fn with_headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Cancel,
    Capture,
    Refund,
    Reauth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Create,
    Retrieve(&'a str),
    Act(&'a str, Action),
}

impl<'a> Route<'a> {
    pub(crate) fn of(method: &str, path: &'a str) -> Result<Self, Refusal> {
        let rest = path.strip_prefix("/v1/checkout/sessions").ok_or(Refusal::NO_ROUTE)?;
        let (route, expected) = match rest.strip_prefix('/') {
            None if rest.is_empty() => (Route::Create, "POST"),
            None | Some("") => return Err(Refusal::NO_ROUTE),
            Some(rest) => match rest.split_once('/') {
                None => (Route::Retrieve(rest), "GET"),
                Some((id, "cancel")) => (Route::Act(id, Action::Cancel), "POST"),
                Some((id, "capture")) => (Route::Act(id, Action::Capture), "POST"),
                Some((id, "refund")) => (Route::Act(id, Action::Refund), "POST"),
                Some((id, "reauth")) => (Route::Act(id, Action::Reauth), "POST"),
                Some(_) => return Err(Refusal::NO_ROUTE),
            },
        };
        if method == expected { Ok(route) } else { Err(Refusal::WRONG_METHOD) }
    }

    fn session_id(self) -> Option<&'a str> {
        match self {
            Route::Create => None,
            Route::Retrieve(id) | Route::Act(id, _) => Some(id),
        }
    }
}

impl Model {
    /// Does what a request asks for and answers it.
    pub fn handle(&mut self, request: &ApiRequest<'_>, now: Duration) -> ApiResponse {
        self.advance(now);
        let Some(mode) = request.mode else { return self.refuse(&Refusal::UNAUTHORIZED) };
        let route = match Route::of(request.method, request.path) {
            Ok(route) => route,
            Err(refusal) => return self.refuse(&refusal),
        };
        let own = route.session_id().filter(|id| self.is_visible(mode, id));
        if let (Some(id), Route::Act(_, Action::Cancel)) = (own, route) {
            self.note_cancel_request(id);
        }
        let dialect = self.settings.dialect;
        if dialect.expand == ExpandHandling::Refused && asks_to_expand(request.query) {
            return self.refuse(&Refusal::bad_request("There is no parameter `expand`."));
        }
        let Some(key) = self.honoured_key(request) else {
            return self.perform(request, mode, route);
        };
        match self.answers.find(mode, key, request.path, self.now()) {
            Known::OtherPath => self.refuse(&Refusal::KEY_REUSED),
            Known::Answer(mut answer) => {
                own.into_iter().for_each(|id| self.note_replay(id));
                if dialect.replay_header == ReplayHeader::Marked {
                    answer.headers.push(("Idempotent-Replayed", "true".to_owned()));
                }
                answer
            }
            Known::Nothing => {
                let answer = self.perform(request, mode, route);
                let now = self.now();
                self.answers.keep(mode, key, request.path, &answer, now);
                answer
            }
        }
    }

    fn honoured_key<'a>(&self, request: &ApiRequest<'a>) -> Option<&'a str> {
        let honoured = self.settings.dialect.key == KeyHandling::Honoured;
        let key = request.idempotency_key.filter(|key| !key.is_empty())?;
        (honoured && request.method == "POST").then_some(key)
    }

    fn perform(&mut self, request: &ApiRequest<'_>, mode: Mode, route: Route<'_>) -> ApiResponse {
        let done = match route {
            Route::Create => self.create_from(request, mode).map(|id| (Cow::Owned(id), 200)),
            Route::Retrieve(id) => {
                self.require_visible(mode, id).map(|()| (Cow::Borrowed(id), 200))
            }
            Route::Act(id, action) => {
                self.act(request, mode, id, action).map(|status| (Cow::Borrowed(id), status))
            }
        };
        let (id, status) = match done {
            Ok(done) => done,
            Err(refusal) => return self.refuse(&refusal),
        };
        let session = match route {
            Route::Retrieve(_) => self.sessions.lagging(&id, self.now()),
            _ => self.session(&id),
        };
        self.show(session, request.query, status)
    }

    /// Answers a retrieval as it would have been answered before the session's latest change, as
    /// a cache does. All that is not the retrieval of a session is answered by
    /// [`Model::handle`].
    pub fn handle_cached(&mut self, request: &ApiRequest<'_>, now: Duration) -> ApiResponse {
        let answer = self.handle(request, now);
        match Route::of(request.method, request.path) {
            Ok(Route::Retrieve(id)) if answer.status == 200 => {
                self.show(self.sessions.previous(id), request.query, answer.status)
            }
            _ => answer,
        }
    }

    fn create_from(&mut self, request: &ApiRequest<'_>, mode: Mode) -> Result<String, Refusal> {
        let params: CreateParams = parse_body(request.body)?;
        Ok(self.create(mode, params, self.now()))
    }

    /// Acts on a session; the status of the response.
    fn act(
        &mut self,
        request: &ApiRequest<'_>,
        mode: Mode,
        id: &str,
        action: Action,
    ) -> Result<u16, Refusal> {
        self.require_visible(mode, id)?;
        let now = self.now();
        let amount = || parse_body::<AmountBody>(request.body).map(|body| body.amount);
        match action {
            Action::Cancel => {
                let idempotency_key = request.idempotency_key.map(str::to_owned);
                let by = Canceler { request: request.number, idempotency_key };
                return self.cancel_uncounted(id, by).map(|accepted| match accepted {
                    Accepted::Surely => 200,
                    Accepted::BestEffort => 202,
                });
            }
            Action::Capture => self.capture(id, amount()?, now),
            Action::Refund => self.refund(id, amount()?, now),
            Action::Reauth => self.reauth(id, amount()?, now),
        }
        .map(|()| 200)
    }

    fn show(&self, session: Option<&Session>, query: &str, status: u16) -> ApiResponse {
        let Some(session) = session else { return self.refuse(&Refusal::NOT_FOUND) };
        let Settings { dialect, epoch_s, .. } = self.settings;
        let body = body::render(session, expand_of(query), dialect, epoch_s);
        ApiResponse::new(status, "application/json", body)
    }

    pub(crate) fn refuse(&self, refusal: &Refusal) -> ApiResponse {
        let (content_type, body) = self.settings.error_shape.render(refusal);
        ApiResponse::new(refusal.status, content_type, body)
    }

    fn is_visible(&self, mode: Mode, id: &str) -> bool {
        self.session(id).is_some_and(|session| session.mode == mode)
    }

    fn require_visible(&self, mode: Mode, id: &str) -> Result<(), Refusal> {
        if self.is_visible(mode, id) { Ok(()) } else { Err(Refusal::NOT_FOUND) }
    }
}

/// The body of a capture, a refund or a re-authorization.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct AmountBody {
    pub(crate) amount: Option<u64>,
}

/// Reads a JSON object, bare or inside `{"checkout_session": …}` as Flex's own bodies are; no
/// body at all is an empty object.
pub(crate) fn parse_body<T>(body: &[u8]) -> Result<T, Refusal>
where
    T: Default + for<'de> Deserialize<'de>,
{
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    let invalid = |error: serde_json::Error| Refusal::invalid(error.to_string());
    let value = match serde_json::from_slice(body).map_err(invalid)? {
        Value::Object(mut object) => {
            object.remove("checkout_session").unwrap_or(Value::Object(object))
        }
        _ => return Err(Refusal::invalid("The body must be a JSON object.")),
    };
    serde_json::from_value(value).map_err(invalid)
}

fn expand_of(query: &str) -> Expand {
    let mut expand = Expand::default();
    expand_lists(query).for_each(|names| expand.add(&names));
    expand
}

fn asks_to_expand(query: &str) -> bool {
    expand_lists(query).any(|names| !names.trim().is_empty())
}

/// The values of all `expand` in a query.
fn expand_lists(query: &str) -> impl Iterator<Item = String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let wanted = pairs.filter(|(name, _)| percent_decode(name) == "expand");
    wanted.map(|(_, value)| percent_decode(value))
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expand_is_a_list_however_it_is_written() {
        let both = Expand { payment_intent: true, customer: true, ..Expand::default() };
        assert_eq!(expand_of("expand=payment_intent,customer"), both);
        assert_eq!(expand_of("a=b&expand=payment_intent%2Ccustomer"), both);
        assert_eq!(expand_of("expand=payment%5Fintent&expand=customer,nonsense"), both);
        assert_eq!(expand_of("expand=%zz%,%2&expand&=&%"), Expand::default());
        assert_eq!(expand_of("xexpand=customer"), Expand::default());
    }

    #[test]
    fn a_body_may_be_absent_bare_or_wrapped() {
        let amount = |text: &str| parse_body::<AmountBody>(text.as_bytes()).map(|it| it.amount);
        assert_eq!(amount(" \n"), Ok(None));
        assert_eq!(amount("{\"amount\":7,\"other\":1}"), Ok(Some(7)));
        assert_eq!(amount("{\"checkout_session\":{\"amount\":7}}"), Ok(Some(7)));
        for bad in ["[]", "7", "{", "{\"amount\":-1}", "{\"amount\":\"7\"}"] {
            assert_eq!(amount(bad).map_err(|refusal| refusal.status), Err(422), "{bad}");
        }
    }
}
