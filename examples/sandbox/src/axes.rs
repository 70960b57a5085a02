//! The axes along which a [`crate::Dialect`] varies.

use crate::named_enum::named_enum;

named_enum! {
    /// The `status` a session shows after a cancel.
    AfterCancel as "after_cancel" {
        /// `canceled`, as the error code `checkout_session_canceled` implies.
        #[default]
        Canceled = "canceled",
        /// `expired`: indistinguishable from a session that lapsed.
        Expired = "expired",
        /// `complete`: indistinguishable from a paid session, but for its payment intents.
        Complete = "complete",
        /// `open`, as the official page's example shows.
        Open = "open",
    }
}

named_enum! {
    /// The response to the cancel of a session that is canceled already.
    SecondCancel as "second_cancel" {
        /// 200 with the session, as if it were the first.
        OkAgain = "ok_again",
        /// 400 with the code `checkout_session_canceled`.
        #[default]
        BadRequest = "bad_request",
        /// 409 with the code `checkout_session_canceled`.
        Conflict = "conflict",
        /// 404 with the code `checkout_session_not_found`. Reads still find the session.
        NotFound = "not_found",
        /// 410 with `{"detail":"Gone"}`.
        Gone = "gone",
        /// 400 with one sentence in `detail` and no code.
        Prose = "prose",
        /// 400 with the code `CHECKOUT_SESSION_CANCELED`.
        UpperCase = "upper_case",
        /// 400 with the error type `invalid_request_error` before the code.
        TypeFirst = "type_first",
        /// 400 with the code `checkout_session_already_processed`.
        Processed = "processed",
    }
}

named_enum! {
    /// What an `Idempotency-Key` does.
    KeyHandling as "key" {
        /// The first response to the key is replayed for 24 hours.
        #[default]
        Honoured = "honoured",
        /// Nothing.
        Ignored = "ignored",
    }
}

named_enum! {
    /// How `payment_intent` and `payment_intents` are shown.
    Intents as "intents" {
        /// As objects when `expand` names them, as ids otherwise.
        #[default]
        Expanded = "expanded",
        /// Always as ids, whatever `expand` says.
        BareIds = "bare_ids",
    }
}

named_enum! {
    /// When an acknowledged cancel takes effect.
    Effects as "effects" {
        /// Before its response is written.
        #[default]
        AtOnce = "at_once",
        /// Some time after its response; until then a read shows the hold as it was. The
        /// acknowledgement binds: nothing can capture or pay in between.
        Late = "late",
    }
}

named_enum! {
    /// What the acknowledgement of a cancel promises.
    Acknowledgement as "acknowledgement" {
        /// 200: the cancel takes effect, and nothing can come before it.
        #[default]
        Binding = "binding",
        /// 202: the cancel takes effect later, on those of its holds that still exist by then.
        /// Captures, payments and re-authorizations in between are accepted.
        BestEffort = "best_effort",
    }
}

named_enum! {
    /// What a cancel does to a session of which one payment intent has succeeded.
    Paid as "paid" {
        /// It releases what is still held.
        #[default]
        Cancels = "cancels",
        /// It is refused with `checkout_session_already_processed`, even if another intent is held.
        Refuses = "refuses",
    }
}

named_enum! {
    /// What expires with a session.
    Link as "link" {
        /// Its holds too.
        #[default]
        WithHold = "with_hold",
        /// Only the session. Its holds remain, and a cancel is refused with
        /// `checkout_session_expired` until a re-authorization.
        Alone = "alone",
    }
}

named_enum! {
    /// Where a re-authorization puts its hold.
    Reauth as "reauth" {
        /// In a new payment intent.
        #[default]
        NewIntent = "new_intent",
        /// In the last payment intent that is not held, if that one was canceled.
        SameIntent = "same_intent",
    }
}

named_enum! {
    /// The session's status after a re-authorization.
    ReauthStatus as "reauth_status" {
        /// `complete`.
        #[default]
        Reset = "reset",
        /// What it was before, such as `canceled`.
        Left = "left",
    }
}

named_enum! {
    /// What becomes of the rest of a hold of which a part is captured.
    PartialCapture as "partial_capture" {
        /// It is released.
        #[default]
        ReleasesRest = "releases_rest",
        /// It stays held; the payment intent is `partially_captured`.
        KeepsRest = "keeps_rest",
    }
}

named_enum! {
    /// What a cancel does when several payment intents are held.
    Several as "several" {
        /// It releases them all.
        #[default]
        All = "all",
        /// It releases the first one and answers 409 `payment_intent_unexpected_state`.
        FirstOnlyThenConflict = "first_only_then_conflict",
        /// It releases the first one and answers 400 with a sentence in `detail`.
        FirstOnlyThenError = "first_only_then_error",
    }
}

named_enum! {
    /// How amounts are written: the session's `amount_received` and those of payment intents.
    Notation as "notation" {
        /// `4999`
        #[default]
        Integers = "integers",
        /// `"4999"`
        Strings = "strings",
        /// `4999.0`
        Decimals = "decimals",
        /// `{"amount":4999,"currency":"usd"}`
        Money = "money",
        /// `amount_received` and `amount_capturable` are absent.
        Missing = "missing",
        /// `null`
        Null = "null",
    }
}

named_enum! {
    /// How lists are written.
    Lists as "lists" {
        /// As JSON arrays.
        #[default]
        Arrays = "arrays",
        /// `payment_intents`, `captures` and `refunds` as
        /// `{"object":"list","data":[…],"has_more":false}`.
        ListObjects = "list_objects",
        /// `payment_intent` and `payment_intents` are absent; the others are arrays.
        Absent = "absent",
    }
}

named_enum! {
    /// What tells the age of a payment intent.
    Times as "times" {
        /// Its id, which is a ULID, and `created_at`.
        #[default]
        Full = "full",
        /// `created_at` only: ids tell no time.
        Created = "created",
        /// Its id, `created_at`, `updated_at` and `authorized_at`.
        Updated = "updated",
        /// Nothing.
        None = "none",
        /// The time of its charge only.
        Charges = "charges",
        /// The time of its authorization only.
        Authorizations = "authorizations",
        /// The session's `completed_at` only.
        Completed = "completed",
    }
}

named_enum! {
    /// How the status `canceled` is spelled.
    Spelling as "spelling" {
        /// `canceled`
        #[default]
        Us = "us",
        /// `cancelled`
        Uk = "uk",
    }
}

named_enum! {
    /// The case in which ids of sessions and payment intents are shown.
    IdCase as "id_case" {
        /// As they were made.
        #[default]
        AsGiven = "as_given",
        /// Lower case. A session is found under either form of its id.
        Lower = "lower",
    }
}

named_enum! {
    /// Whether a request may have an `expand`.
    ExpandHandling as "expand" {
        /// It is honoured.
        #[default]
        Honoured = "honoured",
        /// The request is refused with 400 `invalid_request`, without effect.
        Refused = "refused",
    }
}

named_enum! {
    /// Whether a replayed response says that it is one.
    ReplayHeader as "replay_header" {
        /// It does not.
        #[default]
        Unmarked = "unmarked",
        /// It carries `Idempotent-Replayed: true`.
        Marked = "marked",
    }
}

named_enum! {
    /// When the first payment intent of a session is created.
    IntentBirth as "intent_birth" {
        /// When the shopper pays.
        #[default]
        Payment = "payment",
        /// With the session, as `requires_payment_method`.
        Session = "session",
    }
}

named_enum! {
    /// What a payment intent shows while the effect of its cancel is still to come.
    Progress as "progress" {
        /// The status it had before.
        #[default]
        Plain = "plain",
        /// `processing`.
        Processing = "processing",
    }
}
