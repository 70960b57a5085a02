//! The sessions by id, and what they were before.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::error::Refusal;
use crate::overview::LISTED;
use crate::session::Session;

/// All sessions.
pub(crate) struct Sessions {
    entries: BTreeMap<String, Entry>,
    /// Other ids by which sessions are found.
    aliases: BTreeMap<String, String>,
    /// The ids of the sessions that were created last, newest first.
    latest: VecDeque<String>,
    /// Whether a session is found under its id in lower case too.
    any_case: bool,
    /// How far back the past of a session is kept.
    lag: Duration,
}

struct Entry {
    now: Session,
    /// What it was, and until when; oldest first. At least its latest past is kept.
    past: VecDeque<(Duration, Session)>,
}

impl Sessions {
    pub(crate) fn new(any_case: bool, lag: Duration) -> Self {
        Sessions {
            entries: BTreeMap::new(),
            aliases: BTreeMap::new(),
            latest: VecDeque::new(),
            any_case,
            lag,
        }
    }

    pub(crate) fn insert(&mut self, session: Session) {
        if self.any_case {
            self.aliases.insert(session.id.to_ascii_lowercase(), session.id.clone());
        }
        self.latest.truncate(LISTED - 1);
        self.latest.push_front(session.id.clone());
        let entry = Entry { now: session, past: VecDeque::new() };
        self.entries.insert(entry.now.id.clone(), entry);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Session> {
        self.entry(id).map(|entry| &entry.now)
    }

    /// The sessions that were created last, newest first; at most [`LISTED`].
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Session> {
        self.latest.iter().filter_map(|id| self.get(id))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// For counters only: what this changes is no change of the session.
    pub(crate) fn counters(&mut self, id: &str) -> Option<&mut Session> {
        self.entry_mut(id).map(|entry| &mut entry.now)
    }

    /// What the session was before its latest change; what it is if it has never changed.
    pub(crate) fn previous(&self, id: &str) -> Option<&Session> {
        self.entry(id).map(|entry| entry.past.back().map_or(&entry.now, |(_, session)| session))
    }

    /// What the session was when `lag` had yet to pass; as created if it is younger than that.
    pub(crate) fn lagging(&self, id: &str, now: Duration) -> Option<&Session> {
        let entry = self.entry(id)?;
        let seen = now.checked_sub(self.lag);
        let was = entry.past.iter().find(|(until, _)| seen.is_none_or(|seen| *until > seen));
        Some(was.map_or(&entry.now, |(_, session)| session))
    }

    /// Changes a session and keeps what it was until then. A change that is refused must leave
    /// the session as it is.
    pub(crate) fn change<T>(
        &mut self,
        id: &str,
        at: Duration,
        change: impl FnOnce(&mut Session) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let lag = self.lag;
        let entry = self.entry_mut(id).ok_or(Refusal::NOT_FOUND)?;
        let before = entry.now.clone();
        let result = change(&mut entry.now)?;
        entry.past.push_back((at, before));
        let seen = at.saturating_sub(lag);
        while entry.past.len() > 1 && entry.past.front().is_some_and(|(until, _)| *until <= seen) {
            entry.past.pop_front();
        }
        Ok(result)
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(key(&self.aliases, id))
    }

    fn entry_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.entries.get_mut(key(&self.aliases, id))
    }
}

fn key<'a>(aliases: &'a BTreeMap<String, String>, id: &'a str) -> &'a str {
    aliases.get(id).map_or(id, String::as_str)
}
