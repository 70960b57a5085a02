//! What the tests of bulk runs share: sessions of a sandbox, a run over them, and what it sent.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use flex_sandbox::{CreateParams, Hold, Sandbox};
use flexcancel::{BulkCounts, BulkOptions, Client, Config, Report, Status};
use serde_json::{Value, json};

/// An API key that nothing may show.
pub const KEY: &str = "fsk_test_hunter2";

pub fn client(sandbox: &Sandbox) -> Client {
    let config = json!({ "api_key": KEY, "base_url": sandbox.url() }).to_string();
    Client::new(&Config::from_json(&config).unwrap()).unwrap()
}

pub fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    id
}

pub fn options(json: Value) -> BulkOptions {
    BulkOptions::from_json(&json.to_string()).unwrap()
}

/// Cancels all, and gives back what was told.
pub fn run(client: &Client, ids: &[String], options: &BulkOptions) -> (Status, Vec<Report>) {
    let mut reports = Vec::new();
    let status = client.cancel_many(ids.to_vec(), options, None, |report| {
        reports.push(report);
        ControlFlow::Continue(())
    });
    (status, reports)
}

pub fn counts(status: &Status) -> &BulkCounts {
    status.bulk.as_deref().expect("the counts of a run")
}

/// How often the session was sent a cancel, and with which keys.
pub fn cancels(sandbox: &Sandbox) -> BTreeMap<String, Vec<String>> {
    let mut cancels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in sandbox.requests() {
        let path = request.target.split('?').next().unwrap();
        if let Some(id) = path.strip_suffix("/cancel").and_then(|path| path.rsplit('/').next()) {
            let key = request.header("idempotency-key").unwrap().to_owned();
            cancels.entry(id.to_owned()).or_default().push(key);
        }
    }
    cancels
}

pub fn is_released(sandbox: &Sandbox, id: &str) -> bool {
    let truth = sandbox.ground_truth(id).unwrap();
    truth.hold != Hold::Held
}
