//! The sandbox at a glance: what the page shows.

use serde::Serialize;
use serde_json::{Value, json};

use crate::admin::Desk;
use crate::ground_truth::{GroundTruth, ms};
use crate::model::Model;
use crate::session::{CaptureMethod, Session};

/// How many sessions are listed.
pub(crate) const LISTED: usize = 100;

/// A session in a list: the truth, and what it was created with.
#[derive(Serialize)]
pub(crate) struct Listed {
    #[serde(flatten)]
    truth: GroundTruth,
    amount_total: u64,
    capture_method: CaptureMethod,
    client_reference_id: Option<String>,
    created_at_ms: u64,
}

impl Listed {
    fn new(session: &Session) -> Self {
        Listed {
            truth: session.ground_truth(),
            amount_total: session.params.amount_total,
            capture_method: session.params.capture_method,
            client_reference_id: session.params.client_reference_id.clone(),
            created_at_ms: ms(session.created_at),
        }
    }
}

/// The sessions that were created last, newest first, and how many there are in all.
pub(crate) fn sessions(model: &Model) -> Value {
    let listed: Vec<Listed> = model.sessions.latest().map(Listed::new).collect();
    json!({ "sessions": listed, "total": model.sessions.len() })
}

/// All that the page shows, at one moment.
pub(crate) fn of(desk: &Desk<'_>) -> Value {
    let mut overview = sessions(desk.model);
    overview["now_ms"] = json!(ms(desk.model.now()));
    overview["requests"] = json!(desk.exchanges);
    overview["counts"] = json!(desk.counts);
    overview["faults"] = json!(desk.faults.list());
    overview
}
