//! What to do now, in one line for a person; and whether the same call may go better later. Pure.

use crate::api::Operation;
use crate::outcome::{Code, Outcome};

/// True if the same call may well go better later, without any change.
pub(crate) fn is_retryable(operation: Operation, outcome: Outcome, code: Code) -> bool {
    match outcome {
        Outcome::Unknown => !matches!(
            (operation, code),
            (_, Code::InvalidHandle)
                | (Operation::Retrieve, Code::Unauthorized | Code::Forbidden | Code::NotFound)
                | (Operation::Retrieve, Code::Rejected | Code::ModeMismatch)
                // The hold stays newer than the request that is repeated.
                | (Operation::Cancel, Code::NewerHold | Code::InvalidArgument)
        ),
        Outcome::NotApplied => matches!(
            code,
            Code::Aborted
                | Code::Dns
                | Code::Connect
                | Code::Timeout
                | Code::ConnectionLost
                | Code::RateLimited
                | Code::OutboxIo
                | Code::OutboxFull
                | Code::OutboxCorrupt
                | Code::OutboxBusy
        ),
        Outcome::Canceled | Outcome::AlreadyCanceled | Outcome::NotCancelable => false,
    }
}

/// True if the outbox's file is what failed.
pub(super) fn is_of_file(code: Code) -> bool {
    matches!(
        code,
        Code::OutboxUnsafe
            | Code::OutboxIo
            | Code::OutboxFull
            | Code::OutboxCorrupt
            | Code::OutboxSchema
            | Code::OutboxBusy
    )
}

/// The advice of a cancel whose key Flex answers with a stored error, and whose hold is there.
pub(crate) const STORED_ERROR: &str = "Treat the void as pending: Flex answers this key with the \
    same error each time. Call again with the options in `repeat`, but a new `idempotency_key`.";

/// The advice of a cancel that the outbox keeps.
pub(crate) const fn kept_advice(code: Code) -> &'static str {
    match code {
        Code::Unauthorized => {
            "Treat the void as pending: the outbox keeps it. Check the API key, then flush."
        }
        _ => "Treat the void as pending: the outbox keeps it, and a later flush delivers it.",
    }
}

/// True if what the caller passed is what failed.
const fn is_of_arguments(code: Code) -> bool {
    matches!(code, Code::InvalidHandle | Code::InvalidArgument | Code::InvalidSessionId)
}

/// The advice of a call.
pub(crate) fn advice(operation: Operation, outcome: Outcome, code: Code) -> &'static str {
    match (operation, outcome) {
        (_, Outcome::Canceled | Outcome::AlreadyCanceled) => {
            "Nothing more to do: Flex has canceled the authorization; the bank may show it for some \
             days."
        }
        (_, Outcome::NotCancelable) => {
            "Too late to void. Money may have been taken now or earlier: check before refunding."
        }
        (Operation::Cancel, Outcome::Unknown) if code == Code::NewerHold => {
            "Treat the void as pending and look the session up: the hold that is there may not be \
             the one that this cancel was asked for. To release it, begin a new cancel."
        }
        (Operation::Cancel, Outcome::Unknown) if is_of_file(code) => {
            "Treat the void as pending: put right what the message names, then call again with the \
             options in `repeat`, or look the session up, before telling the shopper anything."
        }
        (Operation::Cancel, Outcome::Unknown) if is_of_arguments(code) => {
            "Treat the void as pending: put right what the message names, and nothing else, then \
             call again, or look the session up, before telling the shopper anything."
        }
        (Operation::Cancel, Outcome::Unknown) if code == Code::NotCancelable => {
            "Do not refund yet: money was captured, now or earlier, and this cancel may have \
             released a hold beside it. Look the session up, or call again with the options in \
             `repeat`."
        }
        (Operation::Cancel, Outcome::Unknown) => {
            "Treat the void as pending: call again with the options in `repeat`, or hand them to \
             the outbox, before telling the shopper anything."
        }
        (Operation::Retrieve, Outcome::Unknown) => {
            "Nothing is known of the session: look it up again."
        }
        (Operation::Retrieve, Outcome::NotApplied) if code == Code::Ok => {
            "As of now it can be canceled. A cancel that is still on its way may take effect yet: \
             after an unknown, do not tell the shopper \"not voided\"."
        }
        (_, Outcome::NotApplied) => not_applied_advice(code),
    }
}

/// The advice of a warm-up.
pub(crate) fn warm_up_advice(code: Code) -> &'static str {
    match code {
        Code::Ok => "Nothing more to do: a connection waits for the next call.",
        Code::InvalidHandle | Code::InvalidArgument => "Correct the program that makes this call.",
        Code::InvalidConfig => "Correct the configuration, as the message says.",
        _ => "No connection waits: the message says why. The next call opens its own.",
    }
}

/// True if the same operation of the outbox may well go better later.
pub(crate) fn is_outbox_retryable(code: Code) -> bool {
    !matches!(
        code,
        Code::Ok
            | Code::InvalidHandle
            | Code::InvalidArgument
            | Code::InvalidConfig
            | Code::Unauthorized
            | Code::OutboxUnavailable
            | Code::OutboxUnsafe
            | Code::OutboxSchema
            | Code::OutboxNoEntry
            | Code::OutboxFinal
    )
}

/// The advice of an operation of the outbox, and of an entry that needs a person.
pub(crate) fn outbox_advice(code: Code) -> &'static str {
    match code {
        Code::Ok => "Look at the outbox's entries: what needs a person is in its worklist.",
        Code::InvalidHandle | Code::InvalidArgument => "Correct the program that makes this call.",
        Code::InvalidConfig => "Correct the configuration, as the message says; then flush again.",
        Code::OutboxUnavailable => "Use a build of this library with the outbox.",
        Code::OutboxUnsafe => "Put the outbox's file where only this program's user may write.",
        Code::OutboxIo => "Check the path and the disk of the outbox's file, then call again.",
        Code::OutboxFull => "Make room on the disk that the outbox's file is on, then call again.",
        Code::OutboxCorrupt => {
            "Keep the damaged file for a person to read, then open the outbox again to begin a new \
             one."
        }
        Code::OutboxSchema => {
            "Check the path: use the outbox's file, and the version of this library that made it, or \
             a newer one."
        }
        Code::OutboxBusy => "Wait a little, then call again.",
        Code::OutboxNoEntry => "Correct the entry's number.",
        Code::OutboxPending => {
            "Acknowledge the entry when it is no longer pending, or withdraw it."
        }
        Code::OutboxFinal => "Nothing more to do: the entry stays as it ended.",
        Code::OutboxExpired => {
            "Look the session up: the cancel was not delivered in time. Then acknowledge the entry."
        }
        Code::NotCancelable => {
            "Look the session up: money was captured, now or earlier. Check before refunding, then \
             acknowledge the entry."
        }
        Code::OutboxStale => {
            "Look the session up: the hold that is there may not be the one that this cancel was \
             asked for. Cancel again if it is to be released, then acknowledge the entry."
        }
        Code::Rejected | Code::Forbidden => {
            "Look the session up: Flex refused the cancel, and the message says why. Then \
             acknowledge the entry."
        }
        Code::NotFound => {
            "Check the session's id, and that key and session are of the same mode. Then \
             acknowledge the entry."
        }
        Code::ServerError => {
            "Look the session up: Flex answers this entry's key with the same error each time. Cancel \
             again, which takes a new key, if the hold is there, then acknowledge the entry."
        }
        Code::Unauthorized => "Check the API key, then flush again.",
        Code::Aborted => "Whoever aborted knows. Flush again when wanted.",
        Code::Internal => "The message says why; ask support if it does not help.",
        _ => "Look the session up, or flush again later; the message says why.",
    }
}

/// True if the same bulk run, with its journal, may well go better later.
pub(crate) fn is_bulk_retryable(code: Code) -> bool {
    // What was not done is for the next run.
    is_retryable(Operation::Cancel, Outcome::NotApplied, code)
        || matches!(code, Code::JournalIo | Code::JournalBusy | Code::MaxUnknown)
}

/// The advice of a bulk run.
pub(crate) const fn bulk_advice(code: Code) -> &'static str {
    match code {
        Code::Ok => "Look at the items that are unknown or not applied: each says what to do.",
        Code::InvalidHandle | Code::InvalidArgument => "Correct the program that makes this call.",
        Code::JournalIo => {
            "Check the path and the disk of the journal, then resume the run with it."
        }
        Code::JournalInvalid => {
            "Give the journal of this run's own input and service, or a new path."
        }
        Code::JournalBusy => "Wait for the other run to end.",
        Code::MaxUnknown => {
            "Find out why so many are unknown, then resume the run with its journal."
        }
        Code::Aborted => "Whoever aborted knows. Resume the run with its journal when wanted.",
        Code::Unauthorized => "Check the API key, then resume the run with its journal.",
        Code::Dns | Code::Connect | Code::Tls | Code::Timeout | Code::ConnectionLost => {
            "Check the network and base_url, then resume the run with its journal."
        }
        _ => "The message says why; ask support if it does not help.",
    }
}

fn not_applied_advice(code: Code) -> &'static str {
    match code {
        Code::InvalidHandle | Code::InvalidArgument | Code::InvalidSessionId => {
            "Correct the program that makes this call."
        }
        Code::InvalidConfig => "Correct the configuration.",
        Code::Unauthorized | Code::Forbidden => "Check the API key and its rights.",
        Code::NotFound => {
            "Check the session's id, base_url, and that key and session are of the same mode."
        }
        Code::Tls => {
            "Check base_url, this machine's clock, its trust store, and whether something on the \
             way intercepts TLS."
        }
        Code::Dns | Code::Connect => "Check the network and base_url, then try again.",
        Code::Timeout | Code::ConnectionLost => "Check the network, then try again.",
        Code::RateLimited => "Wait a little, then try again.",
        Code::NewerHold => {
            "Look the session up: the hold that is there may not be the one that this cancel was \
             asked for, and was not touched. To release it, begin a new cancel."
        }
        Code::OutboxUnavailable
        | Code::OutboxUnsafe
        | Code::OutboxIo
        | Code::OutboxFull
        | Code::OutboxCorrupt
        | Code::OutboxSchema
        | Code::OutboxBusy => {
            "The cancel was not kept, either: repair the outbox's file, or cancel without the outbox."
        }
        Code::JournalIo => {
            "Check the path and the disk of the journal, then resume the run with it."
        }
        Code::Aborted => {
            "Call again when wanted: the call was aborted before anything took effect."
        }
        _ => "The message says why; ask support if it does not help.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_advice_repeats_the_outcome() {
        for code in Code::ALL {
            let text = advice(Operation::Cancel, Outcome::NotApplied, *code);
            assert!(!text.to_lowercase().contains("not voided"), "{text}");
        }
    }

    #[test]
    fn nothing_unknown_is_told_as_not_voided_or_voided() {
        for code in Code::ALL {
            for operation in [Operation::Cancel, Operation::Retrieve] {
                let text = advice(operation, Outcome::Unknown, *code);
                assert!(!text.contains("Not voided") && !text.contains("canceled the"), "{text}");
            }
        }
    }

    #[test]
    fn an_entry_that_needs_a_person_says_what_to_look_at_and_how_to_end_it() {
        let codes = [Code::OutboxStale, Code::NotCancelable, Code::Rejected, Code::Forbidden];
        for code in
            codes.into_iter().chain([Code::OutboxExpired, Code::NotFound, Code::ServerError])
        {
            let text = outbox_advice(code);
            assert!(text.ends_with("acknowledge the entry."), "{code}: {text}");
        }
    }
}
