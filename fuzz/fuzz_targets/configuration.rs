//! Configurations and options. No panic; what is accepted makes a client; an error names a field
//! that exists, or none, and never the API key.
#![no_main]

use flexcancel::outbox::{EntryOptions, FlushOptions, ListFilter, OpenOptions};
use flexcancel::{Client, Config, Options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    if let Ok(config) = Config::from_json(input) {
        let debug = format!("{config:?}");
        let parsed: serde_json::Value = serde_json::from_str(input).expect("it was accepted");
        // A short key may be a part of any word.
        let key = parsed["api_key"].as_str().filter(|key| key.len() > 20);
        assert!(key.is_none_or(|key| !debug.contains(key)), "the API key: {debug}");
        // A file that it names is outside of this target.
        let names_file = ["ca_file", "api_key_file"].iter().any(|it| parsed.get(*it).is_some());
        if !names_file {
            drop(Client::new(&config));
        }
    }
    drop(Options::from_json(input));
    drop(OpenOptions::from_json(input));
    drop(EntryOptions::from_json(input));
    drop(EntryOptions::for_enqueue_from_json(input));
    drop(FlushOptions::from_json(input));
    drop(ListFilter::from_json(input));
});
