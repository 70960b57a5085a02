//! What goes into a bulk run.

use crate::options::Options;
use crate::report::Refused;

/// One session to cancel.
#[derive(Clone, Debug)]
pub struct BulkItem {
    pub(super) session_id: String,
    /// Its own options; what they leave out is as the run's options say.
    pub(super) options: Options,
    /// Why it cannot be tried.
    pub(super) refused: Option<Refused>,
}

impl BulkItem {
    /// A session, with options as for [`Client::cancel`](crate::Client::cancel). What they leave
    /// out is as the run's options say.
    #[must_use]
    pub fn new(session_id: impl Into<String>, options: Options) -> Self {
        Self { session_id: session_id.into(), options, refused: None }
    }

    /// One that cannot be tried: its report says why.
    pub(crate) fn refused(session_id: String, refused: Refused) -> Self {
        Self { session_id, options: Options::default(), refused: Some(refused) }
    }
}

impl From<String> for BulkItem {
    fn from(session_id: String) -> Self {
        Self::new(session_id, Options::default())
    }
}

impl From<&str> for BulkItem {
    fn from(session_id: &str) -> Self {
        Self::from(session_id.to_owned())
    }
}

/// An item on its way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) session_id: String,
    pub(super) options: Result<Options, Refused>,
}
