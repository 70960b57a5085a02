//! Holds a response against what is expected. Every check stands here once, for all languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use flex_sandbox::Hold as TrueHold;
use flexcancel::{Code, Outcome};
use jsonschema::{ValidationError, Validator};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::json::Json;
use crate::runner::Answer;
use crate::vector::{Expected, ExpectedAttempt, ExpectedRequest, Vector, is_refusal};
use crate::world::{SECRETS, World};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../../docs/result.schema.json"));
    jsonschema::validator_for(&schema.expect("the schema is JSON")).expect("the schema is one")
});

/// Everything in which a response, or the truth after it, is not as expected.
pub fn differences(vector: &Vector, world: &World, answer: &Answer) -> Vec<String> {
    let mut found = of_the_answer(&vector.expected, |text| world.filled_in(text), answer);
    found.extend(of_the_truth(vector, world));
    found
}

/// The part that the response alone shows.
pub fn of_the_answer(
    expected: &Expected,
    filled_in: impl Fn(&str) -> String,
    answer: &Answer,
) -> Vec<String> {
    let json = match Json::parse(&answer.json) {
        Ok(json) => json,
        Err(error) => return vec![format!("no JSON: {error}: {}", answer.json)],
    };
    let mut found = Vec::new();
    if SECRETS.iter().any(|secret| answer.json.contains(secret)) {
        found.push("the API key is shown".to_owned());
    }
    let mut expect = |what: &str, is: Json, wanted: &str| {
        if is != Json::Text(wanted.to_owned()) {
            found.push(format!("{what} is {is}, not \"{wanted}\""));
        }
    };
    let outcome = Outcome::from_number(answer.outcome).map_or("none", Outcome::name);
    let code = Code::from_number(answer.code).map_or("none", Code::name);
    expect("the outcome's number", Json::Text(outcome.to_owned()), &expected.outcome);
    expect("the code's number", Json::Text(code.to_owned()), &expected.code);
    expect("/outcome", json.at("/outcome"), &expected.outcome);
    expect("/code", json.at("/code"), &expected.code);
    if let Some(hold) = &expected.hold {
        expect("/hold", json.at("/hold"), hold);
    }
    if let Some(says) = &expected.says {
        let (says, message) = (filled_in(says), json.at("/message"));
        if !message.text().is_some_and(|message| message.contains(&says)) {
            found.push(format!("/message is {message}, without {says:?}"));
        }
    }
    if !is_refusal(&expected.code) {
        found.extend(of_the_attempts(expected, &json));
        found.extend(of_the_schema(&answer.json));
    }
    for (pointer, wanted) in &expected.fields {
        let wanted = Json::parse(&filled_in(wanted.get())).expect("it was read before");
        json.at(pointer).differences(&wanted, pointer, &mut found);
    }
    found
}

/// No field of a result may be lost on the way through a language's types. The session is Flex's
/// own, may hold numbers that no type here has room for, and is compared where a vector says so.
fn of_the_schema(json: &str) -> Vec<String> {
    let read = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(json);
    let Ok(members) = read else { return vec![format!("no object: {json}")] };
    let value = |(name, raw): (String, Box<RawValue>)| {
        let is_session = name == "checkout_session" && raw.get().starts_with('{');
        let value = if is_session { Ok(json!({})) } else { serde_json::from_str(raw.get()) };
        value.map(|value| (name, value))
    };
    match members.into_iter().map(value).collect::<Result<serde_json::Map<_, _>, _>>() {
        Ok(members) => {
            let value = Value::Object(members);
            let said = |error: ValidationError<'_>| format!("{}: {error}", error.instance_path());
            SCHEMA.iter_errors(&value).map(said).collect()
        }
        Err(error) => vec![format!("cannot be read: {error}")],
    }
}

fn of_the_attempts(expected: &Expected, json: &Json) -> Option<String> {
    let Json::List(attempts) = json.at("/attempts") else {
        return Some("/attempts is no list".to_owned());
    };
    let text = |of: &Json, pointer: &str| of.at(pointer).text().unwrap_or("none").to_owned();
    let read = |of: &Json| {
        let status = match of.at("/http_status") {
            Json::Word(number) => number.parse().ok(),
            _ => None,
        };
        ExpectedAttempt(text(of, "/operation"), text(of, "/phase"), status, text(of, "/code"))
    };
    let made: Vec<ExpectedAttempt> = attempts.iter().map(read).collect();
    let (is_as_expected, wanted) = match (&expected.attempts, &expected.attempts_begin) {
        (Some(all), _) => (made == *all, all),
        (None, Some(first)) => (made.starts_with(first), first),
        (None, None) => return None,
    };
    (!is_as_expected).then(|| format!("/attempts are {made:?}, not {wanted:?}"))
}

/// What the sandbox knows, once all that was asked of it has happened.
fn of_the_truth(vector: &Vector, world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let sandbox = &world.sandbox;
    sandbox.clear_faults();
    sandbox.close_connections();
    sandbox.see_out();
    let truth = sandbox.ground_truth(&world.id).expect("the sandbox knows its session");
    if let Some(expected) = &vector.expected.ground_truth {
        let hold = match truth.hold {
            TrueHold::None => "none",
            TrueHold::Held => "held",
            TrueHold::Released => "released",
            TrueHold::Captured => "captured",
        };
        let is = (hold, truth.cancels_applied.len(), truth.cancels_pending);
        let wanted = (expected.hold.as_str(), expected.cancels_applied, expected.cancels_pending);
        if is != wanted {
            let parts = "hold, cancels applied, cancels pending";
            found.push(format!("in truth ({parts}): {is:?}, not {wanted:?}"));
        }
    }
    let nothing_is_sent = is_refusal(&vector.expected.code) || vector.expected.code == "aborted";
    if nothing_is_sent && sandbox.connections() > 0 {
        found.push(format!("{} connections were made, though refused", sandbox.connections()));
    }
    if let Some(expected) = &vector.expected.sent {
        found.extend(of_the_first_request(expected, world));
    }
    found
}

fn of_the_first_request(expected: &ExpectedRequest, world: &World) -> Vec<String> {
    let requests = world.sandbox.requests();
    let Some(first) = requests.first() else { return vec!["nothing arrived".to_owned()] };
    let mut found = Vec::new();
    let query = first.target.split_once('?').map_or("", |(_, query)| query);
    if let Some(wanted) = expected.query.as_ref().filter(|wanted| *wanted != query) {
        found.push(format!("the query is {query:?}, not {wanted:?}"));
    }
    for (name, wanted) in &expected.headers {
        let (value, wanted) = (first.header(name), world.filled_in(wanted));
        if value != Some(wanted.as_str()) {
            found.push(format!("{name} is {value:?}, not {wanted:?}"));
        }
    }
    found
}
