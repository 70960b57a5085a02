//! A story of the outbox in plain words.

use stateright::Path;

use super::model::{Action, Fate, Passage};
use super::state::{Progress, State};
use super::steps::RESET_MS;

pub(super) fn in_words(path: Path<State, Action>) -> String {
    let steps = path.into_vec();
    let mut words = vec![match steps[0].0.in_flight.as_slice() {
        [] if steps[0].0.has_effect(1) => "handed over in doubt, and executed".to_owned(),
        [] if steps[0].0.clocks.wall_ms == RESET_MS => {
            "enqueued while the clock says 2015".to_owned()
        }
        [] => "enqueued".to_owned(),
        _ => "handed over in doubt, and under way".to_owned(),
    }];
    for pair in steps.windows(2) {
        let [(before, Some(action)), (after, _)] = pair else { continue };
        words.push(step(*action).to_owned());
        for (id, old) in after.table.ids().map(|id| (id, before.table.record(id))) {
            let Some(new) = after.table.record(id) else { continue };
            let new = new.entry;
            if old.is_none_or(|old| old.entry.state != new.state) {
                let outcome = new.last_outcome.map_or("nothing", |outcome| outcome.name());
                words.push(format!("entry {id} is {} ({outcome})", new.state.name()));
            }
        }
        if let Action::Look(number) | Action::Send(number, _) = action
            && let Progress::Returned { outcome, code, .. } = after.processes[*number].progress
        {
            words.push(format!("the call says {outcome}/{code}"));
        }
    }
    words.join("; ")
}

const fn step(action: Action) -> &'static str {
    match action {
        Action::Ask => "the till asks again",
        Action::Claim => "a flush begins",
        Action::ClaimElsewhere => "somebody else claims it",
        Action::Look(_) => "it looks at the session",
        Action::LookFails(_) => "it cannot look",
        Action::Send(_, Fate::Answered) => "it sends, and Flex answers",
        Action::Send(_, Fate::AnswerLost) => "it sends, Flex voids, the response is lost",
        Action::Send(_, Fate::Late) => "it sends, the request is late",
        Action::Send(_, Fate::NotSent) => "no connection",
        Action::Send(_, Fate::RateLimited) => "it sends, 429",
        Action::Send(_, Fate::Rejected) => "it sends, and is refused",
        Action::Finish(_) => "the end is noted",
        Action::Settle(_) => "it is settled",
        Action::SettleFirst(_) => "it is settled for the first time",
        Action::Crash(_) => "the process dies",
        Action::Arrive(_) => "the late request arrives",
        Action::Capture => "somebody captures",
        Action::CancelByHand => "somebody cancels by hand",
        Action::Reauthorize => "the session is authorized again",
        Action::Pass(Passage::Minute) => "a minute passes",
        Action::Pass(Passage::ElevenMinutes) => "eleven minutes pass",
        Action::Pass(Passage::AsleepElevenMinutes) => "the machine sleeps for eleven minutes",
        Action::Pass(Passage::PausedElevenMinutes) => {
            "the virtual machine is paused for eleven minutes"
        }
        Action::Pass(Passage::ElevenMinutesAndBack) => {
            "eleven minutes pass, and the clock is put back by as much"
        }
        Action::Pass(Passage::EightDays) => "eight days pass",
        Action::Pass(Passage::PowerCut) => "the power is cut",
        Action::Pass(Passage::ClockReset) => "the clock is reset to 2015",
        Action::Pass(Passage::ClockSet) => "the clock is set right",
    }
}
