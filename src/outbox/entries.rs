//! Changes entries in the database: each function is a few statements within its caller's
//! transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, OptionalExtension, Result, ToSql, named_params};

use super::clock::Timestamps;
use super::row::{COLUMNS, boot_name, record};
use super::statement::{all, execute, one};
use super::transition::{DeliveryResult, LATEST_TRY_MS, Record, Target};
use crate::outcome::{Code, Outcome};
use crate::report::OutboxState;

/// Nobody delivers it: no lease, or one that ran out, or one from before the machine restarted.
pub(super) const IS_FREE: &str =
    "(lease IS NULL OR lease_boot <> :boot OR lease_until_ms <= :awake)";

/// It is for this mode. A client whose key does not tell its mode, as a mistyped one, does not know
/// better: what it keeps is for whoever comes with the right key, and it keeps no second entry
/// beside one of theirs.
pub(super) const IS_OF_MODE: &str = "(mode = :mode OR mode = '' OR :mode = '')";

/// It may be tried. One that would wait for longer than any entry does was made to wait by a
/// clock that has since been put back.
pub(super) const IS_DUE: &str = "(next_try_ms <= :wall OR next_try_ms > :wall + :latest)";

/// Its time to be delivered is over, by the clock that does not jump, where the machine has not
/// been restarted since it was made. A wall clock that was reset ends nothing that was never tried.
const IS_OVERDUE: &str = "CASE WHEN born_boot = :boot THEN \
    :up - born_up_ms >= not_after_ms - created_ms \
    ELSE :wall >= not_after_ms AND attempts > 0 END";

/// The end of an entry that is not delivered any more: surely not done, or in doubt. The code is
/// [`Code::OutboxExpired`].
const ENDED: &str = "state = CASE WHEN unclear = 0 THEN 'expired' ELSE 'needs_attention' END, \
    last_outcome = CASE WHEN unclear = 0 THEN 'not_applied' ELSE 'unknown' END, \
    last_code = 'outbox_expired', next_try_ms = NULL, ended_ms = :wall, lease = NULL, \
    lease_boot = NULL, lease_until_ms = NULL";

/// What a new entry is made of.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) target: Target,
    pub(super) session_id: String,
    pub(super) idempotency_key: String,
    pub(super) expand: Vec<String>,
    pub(super) deliver_within_ms: i64,
    /// When the cancel was asked for.
    pub(super) asked_at_ms: i64,
    /// It is asked for now, whatever the clock says.
    pub(super) is_asked_now: bool,
    /// A request with the key may have reached Flex.
    pub(super) in_doubt: bool,
    /// Becomes true when the file is seen to hold no pending cancel of the session.
    pub(super) is_first: Arc<AtomicBool>,
}

/// A claim: who delivers, and until when nobody else may.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) token: String,
    pub(super) until_ms: i64,
}

/// The session's pending entry; a new one if it has none, or one whose time is over.
pub(super) fn enqueue(db: &Connection, draft: &Draft, now: Timestamps) -> Result<Record> {
    end_overdue(db, Some(&draft.session_id), now)?;
    if let Some(pending) = pending_of(db, &draft.target, &draft.session_id)? {
        return ask_again(db, pending, draft);
    }
    draft.is_first.store(true, Ordering::Relaxed);
    insert(db, draft, now)
}

/// Notes on a pending entry that the cancel was asked for again, and whether a request before may
/// have reached Flex.
fn ask_again(db: &Connection, pending: Record, draft: &Draft) -> Result<Record> {
    let asked_at_ms = pending.entry.asked_at_ms;
    let last_ms = pending.asked_again_ms.map_or(asked_at_ms, |again_ms| again_ms.max(asked_at_ms));
    let is_later = draft.is_asked_now || draft.asked_at_ms > last_ms;
    // A key goes with its asking: with it a hold of after that must not be released. Whatever is in
    // doubt besides, a person sees to with this entry.
    let key = draft.in_doubt.then_some(draft.idempotency_key.as_str());
    if !is_later && !draft.in_doubt {
        return Ok(pending);
    }
    execute(
        db,
        "UPDATE entry SET unclear = unclear + :in_doubt, \
         asked_again_ms = CASE WHEN :later THEN :asked ELSE asked_again_ms END, \
         asked_again_key = CASE WHEN :later THEN :key ELSE asked_again_key END WHERE id = :id",
        named_params! {
            ":in_doubt": draft.in_doubt,
            ":later": is_later,
            ":asked": draft.asked_at_ms,
            ":key": key,
            ":id": pending.entry.id,
        },
    )?;
    by_id(db, pending.entry.id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn insert(db: &Connection, draft: &Draft, now: Timestamps) -> Result<Record> {
    let expand = serde_json::to_string(&draft.expand).unwrap_or_else(|_| "[]".to_owned());
    execute(
        db,
        "INSERT INTO entry (session_id, idempotency_key, expand, mode, base_url, state, \
         created_ms, not_after_ms, next_try_ms, born_boot, born_up_ms, asked_at_ms, unclear) \
         VALUES (:session_id, :key, :expand, :mode, :base_url, 'pending', :wall, :not_after, \
         :wall, :boot, :up, :asked, :in_doubt)",
        named_params! {
            ":session_id": draft.session_id,
            ":key": draft.idempotency_key,
            ":expand": expand,
            ":mode": draft.target.mode_name(),
            ":base_url": draft.target.base_url,
            ":wall": now.wall_ms,
            ":not_after": now.wall_ms.saturating_add(draft.deliver_within_ms),
            ":boot": boot_name(now),
            ":up": now.up_ms,
            ":asked": draft.asked_at_ms,
            ":in_doubt": draft.in_doubt,
        },
    )?;
    by_id(db, db.last_insert_rowid())?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn pending_of(db: &Connection, target: &Target, session_id: &str) -> Result<Option<Record>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM entry WHERE state = 'pending' AND base_url = :base_url \
         AND {IS_OF_MODE} AND session_id = :session_id ORDER BY id LIMIT 1"
    );
    let values = named_params! {
        ":base_url": target.base_url, ":mode": target.mode_name(), ":session_id": session_id
    };
    one(db, &sql, values, record).optional()
}

pub(super) fn by_id(db: &Connection, id: i64) -> Result<Option<Record>> {
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE id = ?1");
    one(db, &sql, [id], record).optional()
}

/// Claims an entry: counts the try, and takes it for unclear until it is known to be clear.
/// `None` if the entry is not pending, or somebody else delivers it.
pub(super) fn claim(
    db: &Connection,
    id: i64,
    lease: &Lease,
    now: Timestamps,
) -> Result<Option<Record>> {
    let sql = format!(
        "UPDATE entry SET attempts = attempts + 1, unclear = unclear + 1, lease = :lease, \
         lease_boot = :boot, lease_until_ms = :until WHERE id = :id AND state = 'pending' \
         AND {IS_FREE}"
    );
    let changed = execute(
        db,
        &sql,
        named_params! {
            ":id": id, ":lease": lease.token, ":until": lease.until_ms,
            ":boot": boot_name(now), ":awake": now.awake_ms,
        },
    )?;
    if changed == 0 { Ok(None) } else { by_id(db, id) }
}

/// Ends the waits of this target's entries: all are due.
pub(super) fn end_waits(db: &Connection, target: &Target, now: Timestamps) -> Result<()> {
    let sql = format!(
        "UPDATE entry SET next_try_ms = :wall WHERE state = 'pending' AND base_url = :base_url \
         AND {IS_OF_MODE} AND next_try_ms > :wall"
    );
    let values = named_params! {
        ":base_url": target.base_url, ":mode": target.mode_name(), ":wall": now.wall_ms,
    };
    execute(db, &sql, values)?;
    Ok(())
}

/// Claims entries of this target that are due, at most so many, those that have waited longest
/// first.
pub(super) fn claim_due(
    db: &Connection,
    target: &Target,
    max: u32,
    lease: &Lease,
    now: Timestamps,
) -> Result<Vec<Record>> {
    let sql = format!(
        "SELECT id FROM entry WHERE state = 'pending' AND base_url = :base_url \
         AND {IS_OF_MODE} AND {IS_DUE} AND {IS_FREE} AND NOT {IS_OVERDUE} \
         ORDER BY next_try_ms, id LIMIT :max"
    );
    let ids = all(
        db,
        &sql,
        named_params! {
            ":base_url": target.base_url, ":mode": target.mode_name(),
            ":wall": now.wall_ms, ":latest": LATEST_TRY_MS,
            ":boot": boot_name(now), ":awake": now.awake_ms, ":up": now.up_ms, ":max": max,
        },
        |row| row.get(0),
    )?;
    ids.into_iter().filter_map(|id| claim(db, id, lease, now).transpose()).collect()
}

/// The entry that takes the place of one that turned stale, if its cancel was asked for again
/// since: the hold that is there now may be the one which that is about. A cancel that was handed
/// over in doubt keeps its key, and its doubt.
fn succeed(
    db: &Connection,
    stale: &Record,
    new_key: &str,
    now: Timestamps,
) -> Result<Option<Record>> {
    let Some(asked_at_ms) = stale.asked_again_ms else { return Ok(None) };
    let entry = &stale.entry;
    let draft = Draft {
        target: Target::of(entry),
        session_id: entry.session_id.clone(),
        idempotency_key: stale.asked_again_key.clone().unwrap_or_else(|| new_key.to_owned()),
        expand: entry.expand.clone(),
        deliver_within_ms: entry.not_after_ms.saturating_sub(entry.created_ms),
        asked_at_ms,
        is_asked_now: false,
        in_doubt: stale.asked_again_key.is_some(),
        is_first: Arc::default(),
    };
    let successor = insert(db, &draft, now)?;
    // It goes on where the other one ended: it is no first try, and the session is read first.
    execute(
        db,
        "UPDATE entry SET attempts = ?2 WHERE id = ?1",
        [successor.entry.id, entry.attempts.into()],
    )?;
    by_id(db, successor.entry.id)
}

/// Notes how a try ended, and gives the entry free. Only whoever holds the lease may; but what
/// settles the entry by itself counts from anybody, as long as it is pending.
pub(super) fn finish(
    db: &Connection,
    id: i64,
    lease: &str,
    result: &DeliveryResult,
    successor_key: Option<&str>,
    now: Timestamps,
) -> Result<Finished> {
    let is_final = result.state.is_final();
    // A refusal is that of one try, and another try may be under way.
    let settles =
        result.state == OutboxState::Delivered || result.outcome == Outcome::NotCancelable;
    // Another cancel of the session that was handed over meanwhile may still have its effect.
    let is_refused = is_final && result.outcome == Outcome::NotApplied;
    let changed = execute(
        db,
        "UPDATE entry SET \
         state = CASE WHEN :refused AND unclear > :clear THEN 'needs_attention' ELSE :state END, \
         last_outcome = CASE WHEN :refused AND unclear > :clear THEN 'unknown' ELSE :outcome END, \
         last_code = :code, \
         last_message = :message, unclear = max(0, unclear - :clear), \
         next_try_ms = CASE WHEN :final THEN NULL ELSE :next END, \
         ended_ms = CASE WHEN :final THEN :wall END, \
         lease = NULL, lease_boot = NULL, lease_until_ms = NULL \
         WHERE id = :id AND state = 'pending' AND (lease = :lease OR :settles)",
        named_params! {
            ":id": id,
            ":lease": lease,
            ":state": result.state.name(),
            ":outcome": result.outcome.name(),
            ":code": result.code.name(),
            ":message": result.message,
            ":clear": u32::from(result.is_clear),
            ":final": is_final,
            ":refused": is_refused,
            ":next": now.wall_ms.saturating_add(result.wait_ms),
            ":wall": now.wall_ms,
            ":settles": settles,
        },
    )?;
    let entry = by_id(db, id)?;
    let successor = match (&entry, successor_key) {
        (Some(stale), Some(key)) if changed > 0 && result.code == Code::OutboxStale => {
            succeed(db, stale, key, now)?
        }
        _ => None,
    };
    Ok(Finished { entry, successor })
}

/// What became of an entry at the end of a try.
pub(super) struct Finished {
    pub(super) entry: Option<Record>,
    /// The entry that takes its place, if it turned stale and was asked for again.
    pub(super) successor: Option<Record>,
}

/// Ends the entries whose time is over, of one session or of all. One that was never handed to
/// the network is expired; of any other a person must find out.
pub(super) fn end_overdue(
    db: &Connection,
    session_id: Option<&str>,
    now: Timestamps,
) -> Result<()> {
    let of_session = if session_id.is_some() { "session_id = :session_id" } else { "TRUE" };
    let sql = format!(
        "UPDATE entry SET {ENDED} \
         WHERE {of_session} AND state = 'pending' AND {IS_FREE} AND {IS_OVERDUE}"
    );
    let boot = boot_name(now);
    let mut values: Vec<(&str, &dyn ToSql)> = vec![
        (":wall", &now.wall_ms),
        (":up", &now.up_ms),
        (":boot", &boot),
        (":awake", &now.awake_ms),
    ];
    values.extend(session_id.iter().map(|id| (":session_id", id as &dyn ToSql)));
    execute(db, &sql, &*values)?;
    Ok(())
}

/// Acknowledges a final entry; the first time counts.
pub(super) fn acknowledge(db: &Connection, id: i64, now: Timestamps) -> Result<Option<Record>> {
    execute(
        db,
        "UPDATE entry SET acknowledged_ms = ?2 \
         WHERE id = ?1 AND state <> 'pending' AND acknowledged_ms IS NULL",
        [id, now.wall_ms],
    )?;
    by_id(db, id)
}

/// Ends a pending entry that nobody delivers, as if its time were over; a person has seen it.
pub(super) fn withdraw(
    db: &Connection,
    id: i64,
    message: &str,
    now: Timestamps,
) -> Result<Option<Record>> {
    let sql = format!(
        "UPDATE entry SET {ENDED}, last_message = :message, acknowledged_ms = :wall \
         WHERE id = :id AND state = 'pending' AND {IS_FREE}"
    );
    let values = named_params! {
        ":id": id, ":message": message, ":wall": now.wall_ms,
        ":boot": boot_name(now), ":awake": now.awake_ms,
    };
    execute(db, &sql, values)?;
    by_id(db, id)
}

#[cfg(test)]
mod tests;
