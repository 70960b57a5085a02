//! What Flex leaves undocumented about a cancel, and what therefore varies.

use std::fmt;
use std::str::FromStr;

use crate::axes::*;
use crate::named_enum::UnknownName;

/// How many axes a [`Dialect`] always writes, whatever their values. [`Dialect::classic`] varies
/// these.
const CLASSIC_AXES: usize = 5;
/// How many values of `second_cancel` are among [`Dialect::classic`].
const CLASSIC_SECOND_CANCELS: usize = 3;

macro_rules! dialect {
    (
        $(#[$struct_doc:meta])*
        pub struct Dialect {
            $($(#[$doc:meta])* $axis:ident: $variants:ident,)+
        }
    ) => {
        $(#[$struct_doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct Dialect {
            $($(#[$doc])* pub $axis: $variants,)+
        }

        impl Dialect {
            /// The name of each axis, and the names of its values.
            pub const AXES: &'static [(&'static str, &'static [&'static str])] =
                &[$((stringify!($axis), $variants::NAMES),)+];

            /// The name of each axis, and the name of its value in this dialect.
            pub fn axes(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($axis), self.$axis.name()),)+]
            }

            /// Sets one axis to a value, both given by name.
            pub fn set(&mut self, axis: &str, value: &str) -> Result<(), UnknownName> {
                match axis {
                    $(stringify!($axis) => self.$axis = value.parse()?,)+
                    _ => return Err(unknown_axis(axis, value)),
                }
                Ok(())
            }

            /// How many dialects there are.
            pub const fn count() -> u64 {
                1 $(* $variants::ALL.len() as u64)+
            }

            /// The dialect of a number, which counts modulo [`Dialect::count`]. The axis that is
            /// named first varies fastest.
            pub fn nth(index: u64) -> Dialect {
                let mut rest = index % Self::count();
                Dialect { $($axis: pick($variants::ALL, &mut rest),)+ }
            }
        }
    };
}

dialect! {
    /// One way in which Flex might behave where its documentation is silent.
    ///
    /// Reads as `after_cancel=canceled,second_cancel=bad_request,key=honoured,…`; a part that is
    /// left out has its default. Writes the first five axes, and all others that differ from
    /// their defaults.
    pub struct Dialect {
        /// The `status` a session shows after a cancel.
        after_cancel: AfterCancel,
        /// The response to a second cancel.
        second_cancel: SecondCancel,
        /// What an `Idempotency-Key` does.
        key: KeyHandling,
        /// How payment intents are shown.
        intents: Intents,
        /// When a cancel takes effect.
        effects: Effects,
        /// What the acknowledgement of a cancel promises.
        acknowledgement: Acknowledgement,
        /// What a cancel does to a session that is paid in part.
        paid: Paid,
        /// What expires with a session.
        link: Link,
        /// Where a re-authorization puts its hold.
        reauth: Reauth,
        /// The session's status after a re-authorization.
        reauth_status: ReauthStatus,
        /// What becomes of the rest of a hold.
        partial_capture: PartialCapture,
        /// What a cancel does when several payment intents are held.
        several: Several,
        /// How amounts are written.
        notation: Notation,
        /// How lists are written.
        lists: Lists,
        /// What tells the age of a payment intent.
        times: Times,
        /// How the status `canceled` is spelled.
        spelling: Spelling,
        /// The case in which ids are shown.
        id_case: IdCase,
        /// Whether a request may have an `expand`.
        expand: ExpandHandling,
        /// Whether a replayed response says that it is one.
        replay_header: ReplayHeader,
        /// When the first payment intent of a session is created.
        intent_birth: IntentBirth,
        /// What a payment intent shows while its cancel is on its way.
        progress: Progress,
    }
}

impl Dialect {
    /// The 96 combinations of `after_cancel`, `second_cancel` (`ok_again`, `bad_request` and
    /// `conflict`), `key`, `intents` and `effects`, the last one varying fastest. All other axes
    /// have their defaults.
    pub fn classic() -> impl Iterator<Item = Dialect> {
        let second_cancels = &SecondCancel::ALL[..CLASSIC_SECOND_CANCELS];
        let size = AfterCancel::ALL.len()
            * second_cancels.len()
            * KeyHandling::ALL.len()
            * Intents::ALL.len()
            * Effects::ALL.len();
        (0..size as u64).map(move |index| {
            let mut rest = index;
            let effects = pick(Effects::ALL, &mut rest);
            let intents = pick(Intents::ALL, &mut rest);
            let key = pick(KeyHandling::ALL, &mut rest);
            let second_cancel = pick(second_cancels, &mut rest);
            let after_cancel = pick(AfterCancel::ALL, &mut rest);
            Dialect { after_cancel, second_cancel, key, intents, effects, ..Dialect::default() }
        })
    }
}

fn pick<T: Copy>(variants: &[T], rest: &mut u64) -> T {
    let count = variants.len() as u64;
    let variant = variants[(*rest % count) as usize];
    *rest /= count;
    variant
}

fn unknown_axis(axis: &str, value: &str) -> UnknownName {
    let names: Vec<String> = Dialect::AXES.iter().map(|(name, _)| format!("{name}=…")).collect();
    let given = if value.is_empty() { axis.to_owned() } else { format!("{axis}={value}") };
    UnknownName { setting: "dialect".to_owned(), given, expected: names.join(", ") }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let defaults = Dialect::default().axes();
        for (index, (axis, default)) in self.axes().into_iter().zip(defaults).enumerate() {
            if index < CLASSIC_AXES || axis != default {
                let comma = if index == 0 { "" } else { "," };
                write!(f, "{comma}{}={}", axis.0, axis.1)?;
            }
        }
        Ok(())
    }
}

impl FromStr for Dialect {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let mut dialect = Dialect::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            dialect.set(name, value)?;
        }
        Ok(dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_classic_dialect_is_listed_once_and_reads_back_as_it_writes() {
        let all: Vec<Dialect> = Dialect::classic().collect();
        assert_eq!(all.len(), 4 * 3 * 2 * 2 * 2);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        for dialect in all {
            assert_eq!(dialect.to_string().parse(), Ok(dialect));
            assert_eq!(dialect.to_string().matches('=').count(), CLASSIC_AXES);
        }
    }

    #[test]
    fn every_value_of_every_axis_has_a_number_and_reads_back_as_it_writes() {
        assert_eq!(Dialect::nth(Dialect::count() + 5), Dialect::nth(5));
        assert_ne!(Dialect::nth(Dialect::count() - 1), Dialect::nth(0));
        let mut seen = HashSet::new();
        let mut dialects = HashSet::new();
        // Steps that share no factor with any axis, so that each step changes the first of them.
        let most_values = 2 * 3 * 5 * 7;
        let length = Dialect::count() / 2001 / most_values * most_values + 1;
        for step in 0..2000 {
            let dialect = Dialect::nth(step * length);
            assert_eq!(dialect.to_string().parse(), Ok(dialect));
            seen.extend(dialect.axes());
            dialects.insert(dialect);
        }
        assert_eq!(dialects.len(), 2000);
        let values: usize = Dialect::AXES.iter().map(|(_, values)| values.len()).sum();
        assert_eq!(seen.len(), values);
        let count: u64 = Dialect::AXES.iter().map(|(_, values)| values.len() as u64).product();
        assert_eq!(Dialect::count(), count);
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
        assert!(error.ends_with("not `colour=red`"), "{error}");
        assert!("key".parse::<Dialect>().is_err());
    }
}
