//! Answers kept by `Idempotency-Key`, to be given again.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::ApiResponse;
use crate::keys::Mode;

/// How long a response is kept.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

struct Kept {
    path: String,
    since: Duration,
    answer: ApiResponse,
}

/// What is known of a key.
pub(crate) enum Known {
    Nothing,
    Answer(ApiResponse),
    OtherPath,
}

#[derive(Default)]
pub(crate) struct Store {
    kept: BTreeMap<(Mode, String), Kept>,
}

impl Store {
    pub(crate) fn find(&mut self, mode: Mode, key: &str, path: &str, now: Duration) -> Known {
        let place = (mode, key.to_owned());
        let Some(kept) = self.kept.get(&place) else { return Known::Nothing };
        if now >= kept.since + KEPT_FOR {
            self.kept.remove(&place);
            return Known::Nothing;
        }
        if kept.path != path {
            return Known::OtherPath;
        }
        Known::Answer(ApiResponse { replayed: true, ..kept.answer.clone() })
    }

    pub(crate) fn keep(
        &mut self,
        mode: Mode,
        key: &str,
        path: &str,
        answer: &ApiResponse,
        now: Duration,
    ) {
        let kept = Kept { path: path.to_owned(), since: now, answer: answer.clone() };
        self.kept.insert((mode, key.to_owned()), kept);
    }
}
