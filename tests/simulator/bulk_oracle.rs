//! What bulk runs did and told, held against what really happened and what docs/BULK.md promises.

use std::time::Duration;

use flexcancel::{Code, Outcome, Report};

use super::bulk::{API_KEY, BulkStory, Office, Run};
use super::clock::server_ms;
use super::newer;
use super::oracle;

/// For so long turns that were not used are made up for: docs/BULK.md, "The rate".
const BURST: Duration = Duration::from_millis(100);

/// What is wrong with one run, as it ended.
pub fn check_run(office: &mut Office, run: &Run) {
    let end = wrong_end(run, office.items.len());
    let of_the_run = [end, wrong_order(run), wrong_counts(run), wrong_pace(run)];
    let mut wrong: Vec<String> = of_the_run.into_iter().flatten().map(str::to_owned).collect();
    for (number, begun) in run.begun.iter().enumerate() {
        let Some((report, _)) = &begun.told else { continue };
        *office.story.outcomes.entry(report.outcome.name()).or_default() += 1;
        let from_journal = report.item.is_some_and(|item| item.from_journal);
        office.story.from_journal += u64::from(from_journal);
        let rule = wrong_result(office, run, number, report);
        wrong.extend(rule.map(str::to_owned));
    }
    if run.is_quiet {
        wrong.extend(wrong_at_the_end(office, run));
    }
    office.story.requests += run.log.requests.len() as u64;
    let end = run.status.as_ref().map(|status| status.code.name());
    if let Some(end) = end {
        *office.story.ends.entry(end).or_default() += 1;
    }
    let how = format!("{}, until {:?}", end.unwrap_or("killed"), run.ended);
    let message = run.status.as_ref().map_or("", |status| status.message.as_str());
    for rule in wrong {
        office.wrong(format!("{rule}: in a run that ended {how}: {message}"));
    }
}

/// Everything that is wrong, once all is over.
pub fn judge(mut office: Office) -> BulkStory {
    let told = std::mem::take(&mut office.told);
    let mut wrong = Vec::new();
    let mut net = office.network.lock();
    for (index, told) in &told {
        // The last world stands for several ids, and has no session of theirs.
        if *index == net.worlds.len() - 1 {
            continue;
        }
        let mut world = net.world_at(*index);
        world.finish();
        let mut found = oracle::violations(&world, told);
        found.extend(newer::violations(&world, told));
        wrong.extend(found.into_iter().map(|violation| {
            let one = &told[violation.step];
            let (report, session) = (&one.report, &world.session);
            let said = format!("{}/{}, hold={}", report.outcome, report.code, report.hold);
            let when = format!("{session}, step {}, {:?}", violation.step, one.span);
            format!("{}: {when}: {said}: {}", violation.rule, report.message)
        }));
        let mut keys: Vec<&String> = world.sends.iter().map(|send| &send.key).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > 1 {
            wrong.push(format!("a session was sent two keys: {}", world.session));
        }
    }
    wrong.append(&mut net.broken);
    drop(net);
    let mut disk = office.disk.lock().unwrap();
    wrong.append(&mut disk.broken);
    if disk.holds(API_KEY) {
        wrong.push("the journal has the API key".to_owned());
    }
    drop(disk);
    wrong.into_iter().for_each(|problem| office.wrong(problem));
    office.story
}

/// The code of a run, and whether it is complete.
fn wrong_end(run: &Run, items: usize) -> Option<&'static str> {
    let status = run.status.as_ref()?;
    let counts = status.bulk.as_ref()?;
    let was_aborted = run.has_left || run.log.abort.is_triggered();
    let is_all = counts.items == items as u64 && run.begun.len() == items;
    match status.code {
        Code::Ok if !counts.complete || !is_all => Some("the run went well, and is not complete"),
        Code::Ok => None,
        _ if counts.complete => Some("the run stopped, and is said to be complete"),
        _ if run.is_quiet => Some("the quiet run did not end well"),
        Code::JournalInvalid => Some("the run's own journal was refused"),
        Code::Internal | Code::JournalBusy => Some("the run ended for no reason"),
        Code::JournalIo if !run.had_write_error => Some("the journal could be written"),
        Code::Aborted if !was_aborted => Some("the run was not aborted"),
        Code::MaxUnknown if run.options.max_unknown.is_none_or(|max| counts.unknown <= max) => {
            Some("the run stopped before max_unknown")
        }
        _ => None,
    }
}

/// Each item is told once, in the order of the input, and none that was begun is missing.
fn wrong_order(run: &Run) -> Option<&'static str> {
    let mut order = run.order.clone();
    if !run.options.in_order {
        order.sort_unstable();
        order.dedup();
    }
    let count = run.order.len() as u64;
    if run.options.in_order && !order.iter().copied().eq(0..count) {
        return Some("the results are not in the order of the input");
    }
    if order.len() != run.order.len() {
        return Some("an item was told twice");
    }
    let is_over = run.status.is_some() && !run.has_left;
    (is_over && order.len() != run.begun.len()).then_some("an item that was begun was not told")
}

fn wrong_counts(run: &Run) -> Option<&'static str> {
    let counts = run.status.as_ref()?.bulk.as_ref()?;
    let reports = || run.begun.iter().filter_map(|begun| Some(&begun.told.as_ref()?.0));
    let count = |is: &dyn Fn(&Report) -> bool| reports().filter(|report| is(report)).count() as u64;
    let of = |outcome: Outcome| count(&|report| report.outcome == outcome);
    let item = |is: fn(&flexcancel::BulkItemView) -> bool| {
        count(&|report| report.item.as_ref().is_some_and(is))
    };
    let told = [
        of(Outcome::Canceled),
        of(Outcome::AlreadyCanceled),
        of(Outcome::NotCancelable),
        of(Outcome::NotApplied),
        of(Outcome::Unknown),
        item(|item| item.duplicate_of.is_some()),
        item(|item| item.from_journal),
    ];
    let counted = [
        counts.canceled,
        counts.already_canceled,
        counts.not_cancelable,
        counts.not_applied,
        counts.unknown,
        counts.duplicates,
        counts.from_journal,
    ];
    if counted[..5].iter().sum::<u64>() != counts.items {
        return Some("the outcomes do not add up");
    }
    // What was not handed over is counted all the same.
    let is_right =
        |(told, counted): (&u64, &u64)| told == counted || run.has_left && told < counted;
    if !told.iter().zip(&counted).all(is_right) {
        return Some("the counts are not those of the results");
    }
    let is_limited = counts.rate_limited_responses == run.log.limited.len() as u64;
    (!is_limited).then_some("the responses with 429 are not all counted")
}

/// More requests than the rate allows, or one while a 429 asked to wait.
fn wrong_pace(run: &Run) -> Option<&'static str> {
    let requests = &run.log.requests;
    let is_early =
        |(from, until): &(Duration, Duration)| requests.iter().any(|at| at > from && at < until);
    if run.log.limited.iter().any(is_early) {
        return Some("a request began while a 429 asked to wait");
    }
    let rate = f64::from(run.options.rate_per_second?);
    for (first, from) in requests.iter().enumerate() {
        for (last, to) in requests.iter().enumerate().skip(first + 1) {
            let allowed = rate * (*to - *from + BURST).as_secs_f64() + 1.0;
            if (last - first + 1) as f64 > allowed + 1e-6 {
                return Some("more requests than the rate allows");
            }
            if *to - *from > Duration::from_secs(10) {
                break;
            }
        }
    }
    None
}

/// One result, apart from what it says of the money.
fn wrong_result(
    office: &Office,
    run: &Run,
    number: usize,
    report: &Report,
) -> Option<&'static str> {
    let item = &office.items[number];
    let view = report.item?;
    let disk = office.disk.lock().unwrap();
    let sent = disk.sent.get(&(number as u64));
    let is_sent_key = |key: &String| sent.is_some_and(|sent| sent.key == *key);
    let definite_or_not = matches!(report.outcome, Outcome::NotApplied | Outcome::Unknown);
    if report.code == Code::Internal {
        return Some("a defect in the library was contained");
    }
    if view.from_journal {
        let said = (report.outcome.name().to_owned(), report.code.name().to_owned());
        if run.found.ended.get(&(number as u64)) != Some(&said) {
            return Some("a result from the journal is not the journal's");
        }
    }
    if item.world.is_none() {
        let is_refused = report.outcome == Outcome::NotApplied
            && matches!(report.code, Code::InvalidSessionId | Code::JournalIo)
            && report.session_id.is_none();
        return (!is_refused).then_some("an id that is none was not refused");
    }
    if report.session_id.as_ref() != Some(&item.id) {
        return Some("a result has another item's session");
    }
    if let Some(first) = item.duplicate_of {
        return wrong_duplicate(run, first, report);
    }
    if view.duplicate_of.is_some() {
        return Some("a first item is said to be a duplicate");
    }
    // Of an item that could not be written to the journal there is none.
    let has_no_key = report.code == Code::JournalIo || report.code == Code::Aborted;
    if !has_no_key && !report.idempotency_key.as_ref().is_some_and(is_sent_key) {
        return Some("a result has not the key that was sent");
    }
    if let Some(sent) = sent {
        let asked = server_ms(item.asked.unwrap().at);
        if sent.session != item.id || sent.asked_at_ms != asked {
            return Some("the journal has another asking");
        }
    }
    let is_absent = item.world == Some(office.network.lock().worlds.len() - 1);
    (is_absent && !definite_or_not).then_some("a session that is not there has an outcome")
}

fn wrong_duplicate(run: &Run, first: usize, report: &Report) -> Option<&'static str> {
    let view = report.item?;
    if view.duplicate_of != Some(first as u64) {
        return Some("a duplicate is not marked");
    }
    let (of_first, _) = run.begun[first].told.as_ref()?;
    let said = |report: &Report| (report.outcome, report.code, report.hold);
    (said(of_first) != said(report)).then_some("a duplicate has another result than the first")
}

/// After the quiet run each hold is released that is as old as its asking, or the result says why
/// not.
fn wrong_at_the_end(office: &Office, run: &Run) -> Vec<String> {
    let net = office.network.lock();
    let mut wrong = Vec::new();
    for (number, item) in office.items.iter().enumerate() {
        let Some((report, at)) = run.begun.get(number).and_then(|begun| begun.told.as_ref()) else {
            wrong.push(format!("an item was lost: {number}"));
            continue;
        };
        let (Some(index), None) = (item.world, item.duplicate_of) else { continue };
        let passing = matches!(
            report.code,
            Code::Dns
                | Code::Connect
                | Code::Tls
                | Code::RateLimited
                | Code::Unauthorized
                | Code::Aborted
                | Code::JournalIo
        );
        let world = net.world_at(index);
        let said = format!("{}/{}: {}", report.outcome, report.code, report.message);
        if passing {
            wrong.push(format!("a quiet run had trouble: {said}"));
        }
        // Nobody can see a hold that is newer than what a replica shows.
        let asked = item.asked.unwrap().at.saturating_sub(world.lag);
        let mut old = world.holds.standing(*at, asked);
        let is_there = index != net.worlds.len() - 1;
        if is_there && old.next().is_some() && !says_why(report) {
            wrong.push(format!("an old hold was left, and nothing says why: {said}"));
        }
    }
    wrong
}

/// A newer hold beside it, or Flex itself refused, or confirmed nothing (202): nothing else answers
/// in a quiet run.
fn says_why(report: &Report) -> bool {
    let is_not_done = |status: u16| status != 200;
    let is_left = report.attempts.iter().any(|it| it.http_status.is_some_and(is_not_done));
    let is_open = matches!(report.outcome, Outcome::NotApplied | Outcome::Unknown);
    is_open && (report.code == Code::NewerHold || is_left)
}
