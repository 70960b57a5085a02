//! Faults still to come: what each is to befall, and how often.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use crate::error::Refusal;
use crate::fault::{Fault, How, Operation};

/// A fault, and what it is to befall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Injection {
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often.
    pub times: u32,
    /// What it is kept to; none for every operation. Only for faults of responses.
    pub operation: Option<Operation>,
    /// Whether the model does what the request asks for all the same. Only for faults of
    /// answers.
    pub apply: bool,
}

impl Injection {
    /// A fault that befalls the next request or connection. The model acts all the same, unless
    /// the fault is a [`Fault::Status`].
    pub fn of(fault: Fault) -> Injection {
        let apply = fault.befalls_answers() && !matches!(fault, Fault::Status { .. });
        Injection { fault, times: 1, operation: None, apply }
    }

    /// How often; `u32::MAX` stands for always.
    pub fn times(self, times: u32) -> Injection {
        Injection { times, ..self }
    }

    /// Kept to one operation.
    pub fn only(self, operation: Operation) -> Injection {
        Injection { operation: Some(operation), ..self }
    }

    /// Whether the model acts.
    pub fn apply(self, apply: bool) -> Injection {
        Injection { apply, ..self }
    }

    /// Reads `{"fault": NAME, …, "times": 1, "operation": null, "apply": …}`, as HTTP takes it.
    pub fn from_json(body: &[u8]) -> Result<Injection, Refusal> {
        let invalid = |error: serde_json::Error| Refusal::invalid(error.to_string());
        let mut given: BTreeMap<String, Value> = serde_json::from_slice(body).map_err(invalid)?;
        let (times, operation, apply) =
            (given.remove("times"), given.remove("operation"), given.remove("apply"));
        let fault: Fault =
            serde_json::from_value(given.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
                .map_err(invalid)?;
        let known = serde_json::to_value(&fault).map_err(invalid)?;
        if let Some(unknown) = given.keys().find(|name| known.get(name).is_none()) {
            return Err(Refusal::invalid(format!("{}: there is no `{unknown}`", fault.name())));
        }
        if !fault.befalls_answers() && (operation.is_some() || apply.is_some()) {
            let why = format!("{}: `operation` and `apply` are for responses", fault.name());
            return Err(Refusal::invalid(why));
        }
        let mut injection = Injection::of(fault);
        if let Some(times) = times {
            injection.times = serde_json::from_value(times).map_err(invalid)?;
        }
        if let Some(operation) = operation {
            injection.operation = serde_json::from_value(operation).map_err(invalid)?;
        }
        if let Some(apply) = apply {
            injection.apply = serde_json::from_value(apply).map_err(invalid)?;
        }
        Ok(injection)
    }
}

/// The faults still to come, in the order in which they were asked for.
#[derive(Default)]
pub(crate) struct Pending(VecDeque<Injection>);

impl Pending {
    pub(crate) fn push(&mut self, injection: Injection) {
        if injection.times > 0 {
            self.0.push_back(injection);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<Injection> {
        self.0.iter().cloned().collect()
    }

    /// Whether there is a fault for the next connection.
    pub(crate) fn has_for_connection(&self) -> bool {
        self.0.iter().any(|it| it.fault.befalls_connections())
    }

    pub(crate) fn for_connection(&mut self) -> Option<Fault> {
        self.take(|it| it.fault.befalls_connections()).map(|it| it.fault)
    }

    /// Where the request that is arriving is to be cut, and how.
    pub(crate) fn for_request(&mut self) -> Option<(usize, How)> {
        match self.take(|it| it.fault.befalls_requests())?.fault {
            Fault::CutRequest { at, how } => Some((at, how)),
            _ => None,
        }
    }

    pub(crate) fn for_answer(&mut self, operation: Option<Operation>) -> Option<Injection> {
        let fits = |wanted: Option<Operation>| wanted.is_none() || wanted == operation;
        self.take(|it| it.fault.befalls_answers() && fits(it.operation))
    }

    fn take(&mut self, fits: impl Fn(&Injection) -> bool) -> Option<Injection> {
        let index = self.0.iter().position(fits)?;
        let injection = &mut self.0[index];
        if injection.times == u32::MAX {
            return Some(injection.clone());
        }
        injection.times -= 1;
        if injection.times > 0 {
            return Some(injection.clone());
        }
        self.0.remove(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Injection, String> {
        Injection::from_json(json.as_bytes()).map_err(|refusal| refusal.message.into_owned())
    }

    #[test]
    fn every_fault_reads_by_its_name_and_writes_as_it_reads() {
        for name in Fault::NAMES {
            let all = format!(
                r#"{{"fault":"{name}","at":3,"how":"rst","ms":4,"bytes":5,"status":503,
                    "bytes_per_second":6,"age_s":7,"seconds":8,"word":"w"}}"#
            );
            let fault: Fault = serde_json::from_str(&all).unwrap();
            assert_eq!(fault.name(), *name);
            let written = serde_json::to_string(&fault).unwrap();
            assert_eq!(read(&written), Ok(Injection::of(fault)), "{written}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (json, part) in [
            ("[]", "expected a map"),
            (r#"{"fault":"earthquake"}"#, "unknown variant `earthquake`"),
            (r#"{"fault":"cut_answer","at":1}"#, "missing field `how`"),
            (r#"{"fault":"cut_answer","at":-1,"how":"fin"}"#, "invalid value"),
            (r#"{"fault":"gzip","tims":3}"#, "gzip: there is no `tims`"),
            (r#"{"fault":"gzip","times":"often"}"#, "invalid type"),
            (r#"{"fault":"gzip","operation":"capture"}"#, "unknown variant `capture`"),
            (r#"{"fault":"accept_and_stall","apply":true}"#, "are for responses"),
        ] {
            let why = read(json).unwrap_err();
            assert!(why.contains(part), "{json}: {why}");
        }
    }

    #[test]
    fn faults_come_in_order_as_often_as_asked_and_to_what_they_are_kept_to() {
        let mut pending = Pending::default();
        pending.push(Injection::of(Fault::Gzip).only(Operation::Retrieve));
        pending.push(Injection::of(Fault::NotHttp).times(2));
        pending.push(Injection::of(Fault::AcceptAndStall));
        pending.push(Injection::of(Fault::NoContent).times(u32::MAX));
        pending.push(Injection::of(Fault::Empty200).times(0));
        let mut next = |operation| pending.for_answer(operation).map(|it| it.fault);
        assert_eq!(next(Some(Operation::Cancel)), Some(Fault::NotHttp));
        assert_eq!(next(Some(Operation::Retrieve)), Some(Fault::Gzip));
        assert_eq!(next(Some(Operation::Retrieve)), Some(Fault::NotHttp));
        assert_eq!(next(None), Some(Fault::NoContent));
        assert_eq!(next(None), Some(Fault::NoContent));
        assert_eq!(pending.for_request(), None);
        assert_eq!(pending.for_connection(), Some(Fault::AcceptAndStall));
        assert_eq!(pending.for_connection(), None);
        assert_eq!(pending.list().len(), 1);
    }
}
