//! Whether requests still ask for related objects in full. Pure.

use crate::decision::Observation;

/// Flex documents no names for `expand`. A request that is refused with a 400 or 422 is made once
/// more without; only if that succeeds was `expand` the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expansion {
    /// Asked for.
    Asked,
    /// Left out, to see whether it was the reason.
    LeftOut,
    /// Left out, because it was the reason.
    Refused,
    /// Asked for; it was not the reason of a refusal.
    Innocent,
}

impl Expansion {
    /// What follows from one more round trip.
    pub(crate) fn after(self, observation: Observation) -> Self {
        match self {
            Self::Asked if observation.is_refused_expand() => Self::LeftOut,
            Self::LeftOut if observation.is_success() => Self::Refused,
            Self::LeftOut if observation.is_answered() => Self::Innocent,
            _ => self,
        }
    }

    pub(crate) const fn is_left_out(self) -> bool {
        matches!(self, Self::LeftOut | Self::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{ReadResult, SendResult};
    use crate::outcome::Code;

    const REFUSED: Observation = Observation::ReadBack(ReadResult::RefusedExpand);
    const LOST: Observation = Observation::ReadBack(ReadResult::Nothing(Code::Timeout));
    const REJECTED: Observation = Observation::ReadBack(ReadResult::Nothing(Code::Rejected));
    const CANCEL_REFUSED: Observation = Observation::Cancel(SendResult::Refused(Code::Rejected));

    #[test]
    fn expand_is_left_out_for_good_only_if_that_helps() {
        let asked = Expansion::Asked;
        assert_eq!(asked.after(LOST), asked);
        let left_out = asked.after(REFUSED);
        assert!(left_out.is_left_out());
        assert_eq!(left_out.after(LOST), left_out, "not tried as yet");
        for other in [REJECTED, CANCEL_REFUSED] {
            let innocent = left_out.after(other);
            assert!(!innocent.is_left_out());
            assert_eq!(innocent.after(REFUSED), innocent);
        }
    }
}
