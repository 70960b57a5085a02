//! Cancels a checkout session and says what came of it.
//!
//! Without `FLEX_API_KEY`, against a sandbox in the same process:
//! `cargo run --example quickstart`
//!
//! With it, against Flex (or the host that `FLEX_BASE_URL` names):
//! `FLEX_API_KEY=fsk_test_… cargo run --example quickstart -- SESSION_ID`

use std::env;
use std::process::ExitCode;

use flex_sandbox::{CreateParams, Sandbox};
use flexcancel::{Client, Config, Options, Outcome, Report};
use serde_json::json;

/// Any test key opens the sandbox.
const SANDBOX_KEY: &str = "fsk_test_quickstart";

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let result = match (env::var_os("FLEX_API_KEY"), env::args().nth(1)) {
        (Some(_), session_id) => with_flex(session_id),
        (None, None) => with_sandbox(),
        (None, Some(_)) => Err("a session's id needs FLEX_API_KEY; without both, a sandbox".into()),
    };
    match result {
        Ok(report) => {
            say(&report);
            exit_code(report.outcome)
        }
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::from(64)
        }
    }
}

fn with_sandbox() -> Result<Report, Error> {
    let sandbox = Sandbox::start(flex_sandbox::Options::default())?;
    println!("FLEX_API_KEY is not set, so this uses a sandbox at {}.", sandbox.url());
    let session_id = sandbox.create(&CreateParams::default());
    println!("A checkout session is created: {session_id}.");
    sandbox.pay(&session_id)?;
    println!("The shopper has paid: $49.99 is held on the card.");

    let config = json!({ "api_key": SANDBOX_KEY, "base_url": sandbox.url() });
    let client = Client::new(&Config::from_json(&config.to_string())?)?;
    println!("The sale falls through; the till cancels the session.");
    let report = void(&client, &session_id);

    let truth = sandbox.ground_truth(&session_id).ok_or("the sandbox lost the session")?;
    println!("The sandbox says: the hold is {}.", serde_json::to_value(truth.hold)?);
    Ok(report)
}

fn with_flex(session_id: Option<String>) -> Result<Report, Error> {
    let session_id = session_id.ok_or("give the session's id as the argument")?;
    let mut config = json!({ "api_key_env": "FLEX_API_KEY" });
    if let Ok(base_url) = env::var("FLEX_BASE_URL") {
        config["base_url"] = base_url.into();
    } else {
        eprintln!("FLEX_BASE_URL is not set: this calls Flex itself.");
    }
    let client = Client::new(&Config::from_json(&config.to_string())?)?;
    println!("Canceling {session_id}.");
    Ok(void(&client, &session_id))
}

/// Cancels the session. After an unknown outcome the request may have arrived: this asks again, as
/// the same cancel.
fn void(client: &Client, session_id: &str) -> Report {
    let report = client.cancel(session_id, &Options::default(), None);
    match (report.outcome, &report.repeat) {
        (Outcome::Unknown, Some(repeat)) => client.cancel(session_id, &Options::from(repeat), None),
        _ => report,
    }
}

fn say(report: &Report) {
    let words = match report.outcome {
        Outcome::Canceled | Outcome::AlreadyCanceled => "voided",
        Outcome::NotCancelable => "too late",
        Outcome::NotApplied => "not voided",
        _ => "pending",
    };
    // The advice of these begins with the same words.
    let is_said = matches!(report.outcome, Outcome::NotApplied | Outcome::NotCancelable);
    println!("The till says: {words}. {}", if is_said { &*report.message } else { report.advice });
    match report.to_json() {
        Ok(json) => println!("{json}"),
        Err(error) => eprintln!("quickstart: {error}"),
    }
}

/// As examples/cancel.c has it.
fn exit_code(outcome: Outcome) -> ExitCode {
    ExitCode::from(match outcome {
        Outcome::Canceled | Outcome::AlreadyCanceled => 0,
        Outcome::NotCancelable => 1,
        Outcome::NotApplied => 2,
        _ => 3,
    })
}
