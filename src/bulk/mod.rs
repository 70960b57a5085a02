//! Many cancels in one call: with a few threads for as long as it lasts, under one rate, and with a
//! journal by which it can be resumed. docs/BULK.md is for its users.

mod breaker;
mod item;
mod journal;
mod options;
mod plan;
mod queues;
mod run;
mod seen;
mod workers;

use std::ops::ControlFlow;

pub use self::item::BulkItem;
pub use self::journal::JournalFile;
pub use self::options::{BULK_KEYS, BulkOptions};
pub(crate) use self::run::run;
pub(crate) use self::workers::BULK_THREAD;
use crate::abort::Abort;
use crate::client::Client;
use crate::report::{Report, Status};

impl Client {
    /// Cancels every session of the input, several at a time, and hands over one report for each
    /// ([`Report::item`] says which). Its end says how many had which outcome ([`Status::bulk`]).
    ///
    /// Takes items and hands over reports on the caller's thread only, and holds a few at a time.
    /// To break ends the run: nothing new is sent, and what is in flight is aborted and waited
    /// for. So does the abort. Never fails: what went wrong is in the status.
    ///
    /// ```no_run
    /// use std::ops::ControlFlow;
    ///
    /// use flexcancel::{BulkOptions, Client, Config};
    ///
    /// # fn main() -> Result<(), flexcancel::Error> {
    /// let client = Client::new(&Config::from_json(r#"{"api_key_env":"FLEX_API_KEY"}"#)?)?;
    /// let ids = ["fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T", "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7V"];
    /// let mut options = BulkOptions::default();
    /// options.rate_per_second = Some(25);
    /// options.journal = Some("night.jsonl".into());
    /// let status = client.cancel_many(ids, &options, None, |report| {
    ///     println!("{:?}: {}", report.session_id, report.outcome);
    ///     ControlFlow::Continue(())
    /// });
    /// println!("{}: {:?}", status.message, status.bulk);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_many<T: Into<BulkItem>>(
        &self,
        items: impl IntoIterator<Item = T>,
        options: &BulkOptions,
        abort: Option<&Abort>,
        mut done: impl FnMut(Report) -> ControlFlow<()>,
    ) -> Status {
        let mut items = items.into_iter().map(Into::into);
        let mut next = || ControlFlow::Continue(items.next());
        run(self, options, None, abort, &mut next, &mut done)
    }

    /// The same with a journal over another file, as a simulator needs it.
    pub fn cancel_many_with_journal(
        &self,
        journal: Box<dyn JournalFile>,
        options: &BulkOptions,
        abort: Option<&Abort>,
        next: &mut dyn FnMut() -> Option<BulkItem>,
        done: &mut dyn FnMut(Report) -> ControlFlow<()>,
    ) -> Status {
        run(self, options, Some(journal), abort, &mut || ControlFlow::Continue(next()), done)
    }
}
