//! `/__sandbox/…`: the truth and the shopper's part, over HTTP, for integrators in any language.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{AmountBody, parse_body};
use crate::counts::Counts;
use crate::error::{ErrorShape, Refusal};
use crate::exchange::Exchanges;
use crate::http::Request;
use crate::injection::{Injection, Pending};
use crate::keys::Mode;
use crate::model::{Canceler, Model};
use crate::origin;
use crate::overview;
use crate::page;
use crate::record::RequestRecord;
use crate::session::CreateParams;

/// Where the paths of the administration begin.
pub(crate) const PREFIX: &str = "/__sandbox/";

/// What the administration works on.
pub(crate) struct Desk<'a> {
    pub(crate) model: &'a mut Model,
    pub(crate) records: &'a mut VecDeque<RequestRecord>,
    pub(crate) exchanges: &'a mut Exchanges,
    pub(crate) counts: &'a mut Counts,
    pub(crate) faults: &'a mut Pending,
    /// What is to become of the port.
    pub(crate) outage: Option<Outage>,
}

/// A change of the port.
#[derive(Clone, Copy)]
pub(crate) enum Outage {
    /// It is closed, for some time or until further notice.
    Begins(Option<Duration>),
    Ends,
}

/// The body that begins an outage.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OutageBody {
    ms: Option<u32>,
}

/// The body of a creation, beside the session's own parameters.
#[derive(Deserialize)]
#[serde(default)]
struct CreateBody {
    test_mode: bool,
    paid: bool,
    #[serde(flatten)]
    params: CreateParams,
}

impl Default for CreateBody {
    fn default() -> Self {
        CreateBody { test_mode: true, paid: false, params: CreateParams::default() }
    }
}

/// Does what an administrative request asks for: the status and the JSON of its response.
pub(crate) fn handle(desk: &mut Desk<'_>, request: &Request, path: &str) -> (u16, Vec<u8>) {
    let method = request.method.as_str();
    let done = if !page::METHODS.contains(&method) && origin::is_foreign(request) {
        Err(Refusal::FOREIGN)
    } else {
        perform(desk, method, path.strip_prefix(PREFIX).unwrap_or(path), &request.body)
    };
    match done {
        Ok(json) => (200, json),
        Err(refusal) => (refusal.status, ErrorShape::Code.render(&refusal).1),
    }
}

fn perform(desk: &mut Desk<'_>, method: &str, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let parts: Vec<&str> = path.split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["requests"]) => Ok(to_json(&json!({ "requests": desk.records }))),
        ("DELETE", ["requests"]) => {
            desk.records.clear();
            desk.exchanges.clear();
            Ok(to_json(&json!({})))
        }
        ("GET", ["counts"]) => Ok(to_json(&desk.counts)),
        ("DELETE", ["counts"]) => {
            *desk.counts = Counts::default();
            Ok(to_json(&json!({})))
        }
        ("GET", ["faults"]) => Ok(to_json(&json!({ "faults": desk.faults.list() }))),
        ("POST", ["faults"]) => {
            desk.faults.push(Injection::from_json(body)?);
            Ok(to_json(&json!({ "faults": desk.faults.list() })))
        }
        ("DELETE", ["faults"]) => {
            desk.faults.clear();
            Ok(to_json(&json!({})))
        }
        ("POST", ["outage"]) => {
            let time = parse_body::<OutageBody>(body)?.ms;
            let time = time.map(|ms| Duration::from_millis(u64::from(ms)));
            desk.outage = Some(Outage::Begins(time));
            Ok(to_json(&json!({})))
        }
        ("DELETE", ["outage"]) => {
            desk.outage = Some(Outage::Ends);
            Ok(to_json(&json!({})))
        }
        ("POST", ["sessions"]) => {
            let id = create(desk.model, parse_body(body)?)?;
            Ok(to_json(&json!({ "checkout_session_id": id })))
        }
        ("GET", ["overview"]) => Ok(to_json(&overview::of(desk))),
        ("GET", ["sessions"]) => Ok(to_json(&overview::sessions(desk.model))),
        ("GET", ["sessions", id]) => ground_truth(desk.model, id),
        ("POST", ["sessions", id, action]) => {
            act(desk.model, id, action, body)?;
            ground_truth(desk.model, id)
        }
        (
            _,
            ["requests" | "counts" | "faults" | "outage" | "overview" | "sessions"]
            | ["sessions", _]
            | ["sessions", _, _],
        ) => Err(Refusal::WRONG_METHOD),
        _ => Err(Refusal::NO_ROUTE),
    }
}

fn create(model: &mut Model, body: CreateBody) -> Result<String, Refusal> {
    let mode = if body.test_mode { Mode::Test } else { Mode::Live };
    let id = model.create(mode, body.params, model.now());
    if body.paid {
        model.pay(&id, model.now())?;
    }
    Ok(id)
}

fn act(model: &mut Model, id: &str, action: &str, body: &[u8]) -> Result<(), Refusal> {
    let now = model.now();
    let amount = parse_body::<AmountBody>(body)?.amount;
    match action {
        "pay" => model.pay(id, now),
        "capture" => model.capture(id, amount, now),
        "refund" => model.refund(id, amount, now),
        "reauth" => model.reauth(id, amount, now),
        "expire" => model.expire(id, now),
        "cancel" => model.cancel(id, Canceler::default(), now),
        _ => Err(Refusal::NO_ROUTE),
    }
}

fn ground_truth(model: &Model, id: &str) -> Result<Vec<u8>, Refusal> {
    model.ground_truth(id).map(|truth| to_json(&truth)).ok_or(Refusal::NOT_FOUND)
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and lists of them cannot fail to serialize into memory.
    serde_json::to_vec(value).unwrap_or_default()
}
