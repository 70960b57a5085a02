//! The journal of a bulk run: each item is on the disk before it is sent, and then what became of
//! it. It is the run's result file, too: JSON lines.

mod file;
mod line;
mod rows;

use std::io::BufRead;

use serde::Serialize;

pub use self::file::JournalFile;
pub(super) use self::file::open;
use self::line::{ENDED, Ended, Header, Line, SENT, Sent, is_torn_header};
pub(super) use self::rows::Earlier;
use self::rows::Rows;
use super::item::Job;
use crate::error::Error;
use crate::outcome::Code;
use crate::report::Report;

/// The longest line that is read: longer than any that is written.
const MAX_LINE_BYTES: u64 = 64 * 1024;

pub(super) struct Journal {
    file: Box<dyn JournalFile>,
    earlier: Rows,
    /// Lines that are to be written.
    lines: Vec<u8>,
    /// Nothing more is written after an error: what the file holds then is not known.
    is_broken: bool,
}

/// What a run with a journal is about; the same when it is resumed.
pub(super) struct Target<'a> {
    pub(super) base_url: &'a str,
    pub(super) reason: Option<&'a str>,
    pub(super) started_at_ms: i64,
}

impl Journal {
    /// Reads what earlier runs have left, or begins a new journal.
    ///
    /// # Errors
    /// If the file cannot be read, or is another file than a journal of this service. It is left
    /// as it is then.
    pub(super) fn read(mut file: Box<dyn JournalFile>, target: &Target<'_>) -> Result<Self, Error> {
        let (earlier, whole_bytes, is_new) = read(file.as_mut(), target)?;
        let mut journal = Self { file, earlier, lines: Vec::new(), is_broken: false };
        // What was being written at a power cut.
        journal.file.truncate(whole_bytes).map_err(|error| unwritable(&error))?;
        if is_new {
            journal.add(&Header::new(target))?;
            journal.write()?;
            journal.sync()?;
        }
        Ok(journal)
    }

    /// What an earlier run did with this item.
    ///
    /// # Errors
    /// If the journal has another session in its place.
    pub(super) fn earlier(&mut self, number: u64, session_id: &str) -> Result<Earlier, Error> {
        self.earlier.take(number, session_id)
    }

    /// Whether the input had every item that earlier runs had.
    ///
    /// # Errors
    /// If it is shorter: a list that was cut off looks like a day that is done.
    pub(super) fn check_end(&self) -> Result<(), Error> {
        match self.earlier.len() {
            0 => Ok(()),
            more => Err(invalid(&format!(
                "expected the input of the earlier run, which had {more} more items"
            ))),
        }
    }

    /// Has an item on the disk before it is sent.
    pub(super) fn sent(&mut self, job: &Job) -> Result<(), Error> {
        let Some(line) = Sent::new(job) else { return Ok(()) };
        self.add(&line)?;
        self.write()?;
        self.sync()
    }

    /// Keeps what became of an item; on the disk with the next items that are sent, or at the end.
    pub(super) fn ended(&mut self, number: u64, report: &Report) -> Result<(), Error> {
        self.add(&Ended::new(number, report))?;
        self.write()
    }

    /// Has everything on the disk.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        if self.is_broken {
            return Ok(());
        }
        self.file.sync().map_err(|error| self.broken(&error))
    }

    fn add(&mut self, line: &impl Serialize) -> Result<(), Error> {
        // Plain fields, which can always be written.
        serde_json::to_writer(&mut self.lines, line)
            .map_err(|error| Error::internal(error.to_string()))?;
        self.lines.push(b'\n');
        Ok(())
    }

    fn write(&mut self) -> Result<(), Error> {
        let lines = std::mem::take(&mut self.lines);
        if self.is_broken {
            return Ok(());
        }
        self.file.append(&lines).map_err(|error| self.broken(&error))
    }

    fn broken(&mut self, error: &std::io::Error) -> Error {
        self.is_broken = true;
        unwritable(error)
    }
}

/// The rows of a journal, how many of its bytes are whole lines, and whether it is new.
fn read(file: &mut dyn JournalFile, target: &Target<'_>) -> Result<(Rows, u64, bool), Error> {
    let mut reader = file.read().map_err(|error| unreadable(&error))?;
    let mut rows = Rows::default();
    let (mut bytes, mut number) = (0, 0_u64);
    let mut text = Vec::new();
    loop {
        text.clear();
        let mut limited = std::io::Read::take(&mut reader, MAX_LINE_BYTES);
        limited.read_until(b'\n', &mut text).map_err(|error| unreadable(&error))?;
        if text.is_empty() {
            return Ok((rows, bytes, number == 0));
        }
        let is_whole = text.ends_with(b"\n");
        let parsed = is_whole.then(|| Line::parse(&text)).flatten();
        let item = parsed.as_ref().and_then(Line::item);
        match (&parsed, item) {
            (Some(line), _) if number == 0 && line.is_header() => line.check_header(target)?,
            (Some(line), Some((SENT, item))) if number > 0 => rows.sent(item, line),
            (Some(line), Some((ENDED, item))) if number > 0 => rows.ended(item, line),
            // A power cut may have torn the last line, and the first line may be the last. Any
            // other file stays as it is.
            (None, _) if !is_whole && (number > 0 || is_torn_header(&text)) => {
                return Ok((rows, bytes, number == 0));
            }
            _ if number == 0 => return Err(invalid("is no journal of a bulk run; left as it is")),
            _ => return Err(invalid(&format!("line {} is no line of a journal", number + 1))),
        }
        bytes += text.len() as u64;
        number += 1;
    }
}

fn invalid(problem: &str) -> Error {
    Error::in_field(Code::JournalInvalid, "journal", problem)
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::in_field(Code::JournalIo, "journal", format!("cannot be read: {error}"))
}

fn unwritable(error: &std::io::Error) -> Error {
    Error::in_field(Code::JournalIo, "journal", format!("cannot be written: {error}"))
}

#[cfg(test)]
mod tests;
