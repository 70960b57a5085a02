//! A model of one session, in a time of the test's making.

use std::time::Duration;

use flex_sandbox::{ApiRequest, ApiResponse, CreateParams, GroundTruth, Mode, Model, Settings};
use serde_json::Value;

pub(crate) const LATE: u64 = 100;
pub(crate) const ALL: &str = "expand=payment_intent,payment_intents,captures,refunds";

/// A model and its one session.
pub(crate) struct World {
    pub(crate) model: Model,
    pub(crate) id: String,
}

impl World {
    pub(crate) fn new(dialect: &str) -> World {
        let mut world = World::unpaid(dialect, Duration::ZERO);
        world.model.pay(&world.id, ms(0)).unwrap();
        world
    }

    pub(crate) fn unpaid(dialect: &str, lag: Duration) -> World {
        let dialect = dialect.parse().unwrap();
        let late = ms(LATE);
        let mut model = Model::new(Settings { dialect, late, lag, ..Settings::default() });
        let id = model.create(Mode::Test, CreateParams::default(), ms(0));
        World { model, id }
    }

    pub(crate) fn ask(&mut self, method: &str, action: &str, query: &str, at: u64) -> ApiResponse {
        let path = format!("/v1/checkout/sessions/{}{action}", self.id);
        let request = ApiRequest {
            number: at,
            method,
            path: &path,
            query,
            mode: Some(Mode::Test),
            idempotency_key: None,
            body: b"",
        };
        self.model.handle(&request, ms(at))
    }

    pub(crate) fn cancel(&mut self, at: u64) -> (u16, Value) {
        let response = self.ask("POST", "/cancel", "", at);
        (response.status, serde_json::from_slice(&response.body).unwrap())
    }

    pub(crate) fn read(&mut self, at: u64) -> Value {
        let response = self.ask("GET", "", ALL, at);
        assert_eq!(response.status, 200);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        body["checkout_session"].clone()
    }

    pub(crate) fn ground_truth(&self) -> GroundTruth {
        self.model.ground_truth(&self.id).unwrap()
    }

    pub(crate) fn capturable(&self) -> Vec<u64> {
        self.ground_truth().intents.iter().map(|intent| intent.amount_capturable).collect()
    }
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or_default())
}
