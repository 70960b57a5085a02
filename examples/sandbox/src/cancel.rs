//! What a cancel does to a session: its verdict, its promise and its effect.

use std::time::Duration;

use crate::axes::{Acknowledgement, Paid, Several};
use crate::error::Refusal;
use crate::ground_truth::{AppliedCancel, Release, ms};
use crate::intent::{Intent, IntentStatus};
use crate::model::Canceler;
use crate::session::{Session, Status};

/// What the state of a session makes of a cancel.
pub(crate) enum Verdict {
    Proceed,
    AlreadyCanceled,
    Refused(Refusal),
}

/// A cancel that was accepted: the holds that it is to release.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    holds: Vec<Covered>,
    /// Other holds were free too, and it releases none of them.
    pub(crate) leaves_some: bool,
}

/// One hold of one intent.
#[derive(Clone, Copy, Debug)]
struct Covered {
    intent: usize,
    hold: u32,
}

impl Session {
    pub(crate) fn cancel_verdict(&self) -> Verdict {
        let paid = self.intents.iter().any(|intent| intent.status == IntentStatus::Succeeded);
        if paid && self.rules.paid == Paid::Refuses {
            return Verdict::Refused(Refusal::ALREADY_PROCESSED);
        }
        if self.holds_money() {
            if self.lapsed_with_hold {
                return Verdict::Refused(Refusal::EXPIRED);
            }
            return Verdict::Proceed;
        }
        if self.is_promised() {
            return Verdict::AlreadyCanceled;
        }
        match self.status {
            Status::Open => Verdict::Proceed,
            Status::Canceled if !self.has_captured() => Verdict::AlreadyCanceled,
            _ => Verdict::Refused(self.refusal()),
        }
    }

    /// Whether a cancel is on its way that nothing may come before.
    pub(crate) fn is_promised(&self) -> bool {
        self.cancels_pending > 0 && self.rules.acknowledgement == Acknowledgement::Binding
    }

    /// Accepts a cancel of what is held now. If its acknowledgement binds, nothing else can have
    /// that from here on.
    pub(crate) fn promise_cancel(&mut self) -> Promise {
        self.cancels_pending += 1;
        let free = self.intents.iter_mut().enumerate().filter(|(_, it)| it.is_free_to_change());
        let mut free: Vec<(usize, &mut Intent)> = free.collect();
        let leaves_some = self.rules.several != Several::All && free.len() > 1;
        if leaves_some {
            free.truncate(1);
        }
        let cover = |(index, intent): (usize, &mut Intent)| {
            intent.cancel_coming = Some(self.rules.acknowledgement);
            Covered { intent: index, hold: intent.holds }
        };
        Promise { holds: free.into_iter().map(cover).collect(), leaves_some }
    }

    /// Lets an accepted cancel take effect on those of its holds that still exist. An unpaid
    /// session without any is canceled if it is still unpaid.
    pub(crate) fn keep_cancel_promise(&mut self, promise: &Promise, by: &Canceler, at: Duration) {
        self.cancels_pending -= 1;
        let mut released = Vec::new();
        for covered in &promise.holds {
            let intent = &self.intents[covered.intent];
            if intent.is_held() && intent.holds == covered.hold {
                released.push(intent.id.clone());
                self.release(covered.intent, Some(by), at);
            }
        }
        if released.is_empty() && self.status != Status::Open {
            return;
        }
        let idempotency_key = by.idempotency_key.clone();
        let request = by.request;
        self.cancels_applied.push(AppliedCancel {
            request,
            idempotency_key,
            at_ms: ms(at),
            released,
        });
        if !self.intents.iter().any(Intent::is_held) && !self.has_captured() {
            self.status = Status::Canceled;
            self.give_up_payment(at);
        }
    }

    /// Releases the hold of an intent and notes who did it: a cancel, or nobody, as it lapsed.
    pub(crate) fn release(&mut self, intent: usize, by: Option<&Canceler>, at: Duration) {
        let intent = &mut self.intents[intent];
        self.releases.push(Release {
            intent: intent.id.clone(),
            authorized_at_ms: intent.authorized_at.map_or(0, ms),
            amount: intent.amount_capturable(),
            at_ms: ms(at),
            request: by.map(|by| by.request),
            idempotency_key: by.and_then(|by| by.idempotency_key.clone()),
        });
        intent.release(at);
    }

    /// No payment can come any more.
    pub(crate) fn give_up_payment(&mut self, at: Duration) {
        let unpaid = |it: &&mut Intent| it.status == IntentStatus::RequiresPaymentMethod;
        self.intents.iter_mut().filter(unpaid).for_each(|intent| intent.release(at));
    }
}
