//! What Flex leaves undocumented about a cancel, and what therefore varies.

use std::fmt;
use std::str::FromStr;

use crate::choice::{UnknownChoice, choice};

choice! {
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

choice! {
    /// The answer to the cancel of a session that is canceled already.
    SecondCancel as "second_cancel" {
        /// 200 with the session, as if it were the first.
        OkAgain = "ok_again",
        /// 400 with the code `checkout_session_canceled`.
        #[default]
        BadRequest = "bad_request",
        /// 409 with the code `checkout_session_canceled`.
        Conflict = "conflict",
    }
}

choice! {
    /// What an `Idempotency-Key` does.
    KeyHandling as "key" {
        /// The first answer to the key is replayed for 24 hours.
        #[default]
        Honoured = "honoured",
        /// Nothing.
        Ignored = "ignored",
    }
}

choice! {
    /// How `payment_intent` and `payment_intents` are shown.
    Intents as "intents" {
        /// As objects when `expand` names them, as ids otherwise.
        #[default]
        Expanded = "expanded",
        /// Always as ids, whatever `expand` says.
        BareIds = "bare_ids",
    }
}

choice! {
    /// When an acknowledged cancel takes effect.
    Effects as "effects" {
        /// Before its answer is written.
        #[default]
        AtOnce = "at_once",
        /// Some time after its answer; until then a read shows the hold as it was. The
        /// acknowledgement binds: nothing can capture or pay in between.
        Late = "late",
    }
}

/// One way in which Flex might behave where its documentation is silent.
///
/// Reads and writes as `after_cancel=canceled,second_cancel=bad_request,key=honoured,…`; when
/// read, a part that is left out has its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// The `status` a session shows after a cancel.
    pub after_cancel: AfterCancel,
    /// The answer to a second cancel.
    pub second_cancel: SecondCancel,
    /// What an `Idempotency-Key` does.
    pub key: KeyHandling,
    /// How payment intents are shown.
    pub intents: Intents,
    /// When a cancel takes effect.
    pub effects: Effects,
}

impl Dialect {
    /// Every combination there is, the parts that are named last varying fastest.
    pub fn all() -> impl Iterator<Item = Dialect> {
        let size = AfterCancel::ALL.len()
            * SecondCancel::ALL.len()
            * KeyHandling::ALL.len()
            * Intents::ALL.len()
            * Effects::ALL.len();
        (0..size).map(|index| {
            let mut rest = index;
            let effects = pick(Effects::ALL, &mut rest);
            let intents = pick(Intents::ALL, &mut rest);
            let key = pick(KeyHandling::ALL, &mut rest);
            let second_cancel = pick(SecondCancel::ALL, &mut rest);
            let after_cancel = pick(AfterCancel::ALL, &mut rest);
            Dialect { after_cancel, second_cancel, key, intents, effects }
        })
    }
}

fn pick<T: Copy>(choices: &[T], rest: &mut usize) -> T {
    let choice = choices[*rest % choices.len()];
    *rest /= choices.len();
    choice
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dialect { after_cancel, second_cancel, key, intents, effects } = self;
        write!(f, "after_cancel={after_cancel},second_cancel={second_cancel},key={key},")?;
        write!(f, "intents={intents},effects={effects}")
    }
}

impl FromStr for Dialect {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        let mut dialect = Dialect::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name {
                "after_cancel" => dialect.after_cancel = value.parse()?,
                "second_cancel" => dialect.second_cancel = value.parse()?,
                "key" => dialect.key = value.parse()?,
                "intents" => dialect.intents = value.parse()?,
                "effects" => dialect.effects = value.parse()?,
                _ => {
                    return Err(UnknownChoice {
                        setting: "dialect".to_owned(),
                        given: part.to_owned(),
                        expected: "after_cancel=…, second_cancel=…, key=…, intents=…, effects=…"
                            .to_owned(),
                    });
                }
            }
        }
        Ok(dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_dialect_is_listed_once_and_reads_back_as_it_writes() {
        let all: Vec<Dialect> = Dialect::all().collect();
        assert_eq!(all.len(), 4 * 3 * 2 * 2 * 2);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        for dialect in all {
            assert_eq!(dialect.to_string().parse(), Ok(dialect));
        }
    }

    #[test]
    fn parts_left_out_have_their_defaults() {
        let default = Dialect::default();
        assert_eq!(
            default.to_string(),
            "after_cancel=canceled,second_cancel=bad_request,key=honoured,\
             intents=expanded,effects=at_once"
        );
        assert_eq!("".parse(), Ok(default));
        assert_eq!(
            " key=ignored, effects=late,".parse(),
            Ok(Dialect { key: KeyHandling::Ignored, effects: Effects::Late, ..default })
        );
    }

    #[test]
    fn unknown_parts_and_values_are_refused_by_name() {
        let error = "key=maybe".parse::<Dialect>().unwrap_err().to_string();
        assert_eq!(error, "key: expected honoured, ignored, not `maybe`");
        let error = "colour=red".parse::<Dialect>().unwrap_err().to_string();
        assert!(error.starts_with("dialect: expected after_cancel="), "{error}");
        assert!("key".parse::<Dialect>().is_err());
    }
}
