//! The world of one vector: a sandbox that is prepared, and the call as a runner is given it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flex_sandbox::{CreateParams, Injection, Keys, Mode, Options, Refusal, Sandbox, Scripted};
use serde_json::value::{RawValue, to_raw_value};

use crate::json::on_one_line;
use crate::native::Scratch;
use crate::vector::{Abort, Act, Operation, Session, Setup, Then, Vector, WordForWord};

/// The API key of every vector that names no other.
pub const API_KEY: &str = "fsk_test_hunter2";
/// What no response may hold: that key, and what the vectors have in the place of secrets.
pub const SECRETS: [&str; 2] = ["hunter2", "nobodymaysee"];
/// An environment variable that cargo sets for every test program, so that it need not be set
/// here, and what it says: it serves as an API key.
pub const KEY_VARIABLE: &str = "CARGO_PKG_NAME";
const KEY_IN_VARIABLE: &str = "flexcancel";
/// Enough for whatever does not wait for the end of the time.
const TIMEOUT_MS: u32 = 5_000;

/// A prepared sandbox with one session.
pub struct World {
    pub sandbox: Sandbox,
    pub id: String,
    /// What stands for what in the texts of a vector.
    placeholders: Vec<(&'static str, String)>,
}

impl World {
    /// `known_as` turns a path into what the runner knows it as.
    pub fn new(vector: &Vector, scratch: &Scratch, known_as: impl Fn(&Path) -> PathBuf) -> World {
        let setup = &vector.sandbox;
        let sandbox = Sandbox::start(options(setup)).expect("a sandbox");
        let mode = if setup.live { Mode::Live } else { Mode::Test };
        let id = sandbox.create_in(mode, &params(setup.session.clone()));
        for act in &setup.acts {
            perform(&sandbox, &id, *act).expect("an act that the session allows");
        }
        let path = |path: PathBuf| known_as(&path).to_str().expect("a path in UTF-8").to_owned();
        let ca_pem = sandbox.ca_pem().unwrap_or_default();
        let placeholders = vec![
            ("${id}", id.clone()),
            ("${url}", sandbox.url()),
            ("${version}", flexcancel::VERSION.to_owned()),
            ("${key}", API_KEY.to_owned()),
            ("${key_variable}", KEY_VARIABLE.to_owned()),
            ("${key_in_variable}", KEY_IN_VARIABLE.to_owned()),
            ("${key_file}", path(scratch.write("key", &format!("{API_KEY}\n")))),
            // Not in ASCII: each system has its own idea of such a name.
            ("${ca_file}", path(scratch.write("kässe-ca.pem", ca_pem))),
            ("${no_such_file}", path(scratch.path("no-such-file"))),
        ];
        let world = World { sandbox, id, placeholders };
        world.go_wrong(setup);
        world
    }

    fn go_wrong(&self, setup: &Setup) {
        for WordForWord { answer, apply, then } in setup.answers.clone() {
            let then = match then {
                Then::KeepOpen => flex_sandbox::Then::KeepOpen,
                Then::Close => flex_sandbox::Then::Close,
                Then::Reset => flex_sandbox::Then::Reset,
                Then::Stall => flex_sandbox::Then::Stall,
            };
            let answer = self.filled_in(&answer).into_bytes();
            self.sandbox.script(Scripted { answer, apply, then });
        }
        for fault in &setup.faults {
            let json = self.filled_in(fault.get());
            self.sandbox.inject_as(Injection::from_json(json.as_bytes()).expect("a fault"));
        }
        if setup.port_closed {
            self.sandbox.close_port();
        }
    }

    /// A text of the vector, with what its placeholders stand for.
    pub fn filled_in(&self, text: &str) -> String {
        let fill = |text: String, (name, value): &(&str, String)| text.replace(name, value);
        self.placeholders.iter().fold(text.to_owned(), fill)
    }

    /// The call, as every runner is given it.
    pub fn line(&self, vector: &Vector) -> Line {
        let call = &vector.call;
        let text = |value: &str| to_raw_value(value).expect("a text is JSON");
        let mut config: BTreeMap<&str, Box<RawValue>> = BTreeMap::from([
            ("api_key", text("${key}")),
            ("base_url", text("${url}")),
            ("timeout_ms", to_raw_value(&TIMEOUT_MS).expect("a number is JSON")),
        ]);
        if vector.sandbox.tls && !call.config.contains_key("trust") {
            config.insert("ca_file", text("${ca_file}"));
        }
        if ["api_key_env", "api_key_file"].iter().any(|it| call.config.contains_key(*it)) {
            config.remove("api_key");
        }
        config.extend(call.config.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let config = serde_json::to_string(&config).expect("a configuration is JSON");
        let options = call.options.as_ref().map_or("{}", |raw| raw.get());
        Line {
            operation: call.operation,
            config: self.filled_in(&on_one_line(&config)),
            session_id: self.filled_in(call.session_id.as_deref().unwrap_or("${id}")),
            options: self.filled_in(&on_one_line(options)),
            abort: call.abort,
        }
    }
}

/// One call.
pub struct Line {
    pub operation: Operation,
    pub config: String,
    pub session_id: String,
    pub options: String,
    pub abort: Abort,
}

impl Line {
    /// As a runner reads it.
    pub fn text(&self) -> String {
        let operation = match self.operation {
            Operation::Cancel => "cancel",
            Operation::Retrieve => "retrieve",
        };
        let abort = match self.abort {
            Abort::None => "-",
            Abort::Before => "before",
        };
        let fields = [operation, &self.config, &self.session_id, &self.options, abort];
        let can_be_split = !fields.iter().any(|field| field.contains(['\t', '\n', '\r']));
        assert!(can_be_split, "a field of this call holds a tab or a line break");
        fields.join("\t")
    }
}

fn options(setup: &Setup) -> Options {
    let named = |keys: Keys, mode, names: &[String]| {
        names.iter().fold(keys, |keys, name| {
            keys.with(mode, name.replace("${key_in_variable}", KEY_IN_VARIABLE))
        })
    };
    let keys = named(Keys::default(), Mode::Test, &setup.test_keys);
    let mut options = Options {
        tls: setup.tls,
        dialect: setup.dialect.parse().expect("a dialect"),
        keys: named(keys, Mode::Live, &setup.live_keys),
        ..Options::default()
    };
    if let Some(shape) = &setup.error_shape {
        options.error_shape = shape.parse().expect("an error shape");
    }
    if let Some(late_ms) = setup.late_ms {
        options.late = Duration::from_millis(late_ms);
    }
    options
}

fn params(session: Session) -> CreateParams {
    let Session { amount_total, capture_method, client_reference_id, metadata } = session;
    let default = CreateParams::default();
    let amount_total = amount_total.unwrap_or(default.amount_total);
    CreateParams { amount_total, capture_method, client_reference_id, metadata, ..default }
}

fn perform(sandbox: &Sandbox, id: &str, act: Act) -> Result<(), Refusal> {
    match act {
        Act::Pay => sandbox.pay(id),
        Act::Expire => sandbox.expire(id),
        Act::Cancel => sandbox.cancel(id),
        Act::Capture(amount) => sandbox.capture(id, amount),
        Act::Refund(amount) => sandbox.refund(id, amount),
        Act::Reauth(amount) => sandbox.reauth(id, amount),
    }
}
