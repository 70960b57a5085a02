//! How a call ends: what is decided where no more can be done, and the report.

use super::{Call, one_line};
use crate::abort::Abort;
use crate::api::{Operation, ProviderError};
use crate::decision::{self, Decision};
use crate::options::Repeat;
use crate::outcome::{Code, Outcome};
use crate::report::{Report, STORED_ERROR};

impl Call<'_> {
    /// Ends the call where no more can be done.
    pub(super) fn give_up(mut self, abort: Option<&Abort>) -> Report {
        if abort.is_some_and(Abort::is_triggered) {
            self.detail = Some("the call was aborted".to_owned());
        }
        let mut decision = match self.operation {
            Operation::Cancel => decision::at_the_end(&self.history, self.limits()),
            Operation::Retrieve => decision::unread(&self.history),
        };
        if abort.is_some_and(Abort::is_triggered) && decision.code != Code::Ok {
            decision.code = Code::Aborted;
        } else if self.is_out_of_turns && self.attempts.is_empty() {
            decision.code = Code::RateLimited;
        }
        self.report(decision)
    }

    /// The options that repeat this cancel, unless its end is definite and no repetition is due.
    fn repeat(&self, decision: Decision) -> Option<Repeat> {
        let in_doubt = match decision.outcome {
            Outcome::Unknown => true,
            Outcome::NotApplied => false,
            _ => return None,
        };
        let idempotency_key = self.idempotency_key.clone()?;
        Some(Repeat { idempotency_key, in_doubt, asked_at_ms: self.freshness.asked_at_ms() })
    }

    pub(super) fn report(mut self, decision: Decision) -> Report {
        let is_refused = decision.outcome == Outcome::NotApplied
            && !matches!(decision.code, Code::Ok | Code::NewerHold);
        if self.detail.is_none() && is_refused {
            // The read-back that followed has no words; the refusal's say why.
            self.detail = self.provider_error.as_ref().and_then(ProviderError::detail);
        }
        let message = match &self.detail {
            Some(detail) => self.redact(one_line(&format!("{}: {detail}", decision.reason))),
            None => decision.reason.to_owned(),
        };
        if decision.code == Code::Ok {
            self.provider_error = None;
        }
        let mut report = Report::new(self.operation, decision, message);
        report.repeat = self.repeat(decision);
        report.session_id = Some(self.id.into_string());
        report.idempotency_key = self.idempotency_key;
        report.http_status = self.attempts.last().and_then(|attempt| attempt.http_status);
        report.retry_after = self.asked_wait.length();
        report.provider_error = self.provider_error;
        report.attempts = self.attempts;
        report.raw_session = self.raw_session;
        if report.has_stored_error(self.in_doubt) {
            report.advice = STORED_ERROR;
        }
        report
    }
}
