//! What a vector is, and that it makes sense. tests/vectors/README.md has the same in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use flex_sandbox::CaptureMethod;
use flexcancel::{Code, Hold, Outcome};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// A world, a call in it, and what is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub name: String,
    #[serde(default)]
    pub sandbox: Setup,
    #[serde(default)]
    pub call: Call,
    pub expected: Expected,
}

/// What the sandbox is told before the call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    pub tls: bool,
    pub dialect: String,
    pub error_shape: Option<String>,
    pub late_ms: Option<u64>,
    pub test_keys: Vec<String>,
    pub live_keys: Vec<String>,
    pub live: bool,
    pub session: Session,
    pub acts: Vec<Act>,
    pub faults: Vec<Box<RawValue>>,
    pub answers: Vec<WordForWord>,
    pub port_closed: bool,
}

/// What the session is created with; what is absent has the sandbox's default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    pub amount_total: Option<u64>,
    pub capture_method: CaptureMethod,
    pub client_reference_id: Option<String>,
    pub metadata: Map<String, Value>,
}

/// What happens to the session before the call.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Pay,
    Expire,
    Cancel,
    Capture(Option<u64>),
    Refund(Option<u64>),
    Reauth(Option<u64>),
}

/// A response in place of the sandbox's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordForWord {
    pub answer: String,
    #[serde(default)]
    pub apply: bool,
    pub then: Then,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    KeepOpen,
    Close,
    Reset,
    Stall,
}

/// The call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Call {
    pub operation: Operation,
    pub config: BTreeMap<String, Box<RawValue>>,
    pub options: Option<Box<RawValue>>,
    pub session_id: Option<String>,
    pub abort: Abort,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    #[default]
    Cancel,
    Retrieve,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abort {
    #[default]
    None,
    Before,
}

/// What is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub outcome: String,
    pub code: String,
    pub hold: Option<String>,
    /// A part of the message.
    pub says: Option<String>,
    pub attempts: Option<Vec<ExpectedAttempt>>,
    /// Where their number is a matter of time: those at the beginning.
    pub attempts_begin: Option<Vec<ExpectedAttempt>>,
    #[serde(default)]
    pub fields: BTreeMap<String, Box<RawValue>>,
    pub ground_truth: Option<ExpectedTruth>,
    pub sent: Option<ExpectedRequest>,
}

/// Operation, phase, HTTP status, code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ExpectedAttempt(pub String, pub String, pub Option<u16>, pub String);

/// What must be true of the session afterwards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedTruth {
    pub hold: String,
    pub cancels_applied: usize,
    /// Acknowledged, and yet to take effect.
    #[serde(default)]
    pub cancels_pending: u64,
}

/// What must have arrived first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRequest {
    #[serde(default)]
    pub query: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// True for the codes of what is refused before there is a call: a language of exceptions or
/// errors has no result then, only a message.
pub fn is_refusal(code: &str) -> bool {
    matches!(code, "invalid_argument" | "invalid_config" | "invalid_session_id")
}

impl Vector {
    /// What is wrong with the vector itself.
    fn problems(&self) -> Vec<String> {
        let Expected { outcome, code, hold, attempts, attempts_begin, .. } = &self.expected;
        let mut problems = Vec::new();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                problems.push(format!("{}: {what}", self.name));
            }
        };
        expect(Outcome::ALL.iter().any(|it| it.name() == outcome), "no such outcome");
        expect(Code::ALL.iter().any(|it| it.name() == code), "no such code");
        if let Some(hold) = hold {
            expect(Hold::ALL.iter().any(|it| it.name() == hold), "no such hold");
        }
        if is_refusal(code) {
            let bare = hold.is_none() && attempts.is_none() && attempts_begin.is_none();
            let bare = bare && self.expected.fields.is_empty() && self.expected.sent.is_none();
            expect(bare, "a refusal has a message and nothing else");
            expect(self.expected.says.is_some(), "a refusal must expect `says`");
            let is_expected =
                outcome == "not_applied" || (outcome == "unknown" && self.is_in_doubt());
            expect(is_expected, "a refusal is not_applied, or unknown of a cancel in doubt");
        } else {
            expect(hold.is_some(), "it must expect a hold");
            expect(
                attempts.is_some() != attempts_begin.is_some(),
                "it must expect attempts, in one way",
            );
            expect(self.expected.ground_truth.is_some(), "it must expect the ground truth");
        }
        problems
    }
}

impl Vector {
    /// True if the call says that an earlier request with its key may have reached Flex.
    fn is_in_doubt(&self) -> bool {
        let Some(options) = &self.call.options else { return false };
        let options: Value = serde_json::from_str(options.get()).expect("a vector's options");
        let is_claimed = &options["in_doubt"];
        is_claimed == &json!(true) || is_claimed.is_null() && options["idempotency_key"].is_string()
    }
}

/// Reads one file of vectors.
pub fn read(text: &str) -> Result<Vec<Vector>, String> {
    let vectors: Vec<Vector> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let problems: Vec<String> = vectors.iter().flat_map(Vector::problems).collect();
    if problems.is_empty() { Ok(vectors) } else { Err(problems.join("\n")) }
}

/// All vectors, by file name.
pub fn all() -> Vec<Vector> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let entries = fs::read_dir(&directory).expect("tests/vectors can be read");
    let paths: BTreeSet<_> = entries
        .map(|entry| entry.expect("tests/vectors can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    let mut vectors = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a file of vectors");
        let read = read(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        vectors.extend(read);
    }
    vectors
}
