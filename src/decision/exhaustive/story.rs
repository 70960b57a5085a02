//! A story in plain words.

use stateright::Path;

use super::fate::{ReadFate, SendFate};
use super::flex::released;
use super::model::Action;
use super::money::{Act, IntentState, Money};
use super::state::{Phase, State};

pub(super) fn in_words(path: Path<State, Action>) -> String {
    let steps = path.into_vec();
    let (first, _) = &steps[0];
    let mut words = vec![format!("the session: {}", money(first.money))];
    for pair in steps.windows(2) {
        let [(before, Some(action)), (after, _)] = pair else { continue };
        words.push(step(before, *action, after));
        if let (Phase::Calling(_), Phase::Returned { outcome, hold, .. }) =
            (&before.phase, &after.phase)
        {
            words.push(format!("the call says {outcome}, hold={}", hold.0));
        }
    }
    format!("{}. ({:?})", words.join("; "), first.dialect)
}

fn step(before: &State, action: Action, after: &State) -> String {
    let effect = match released(before.money, after.money) {
        (false, false) => "",
        _ => "Flex voids; ",
    };
    match action {
        Action::Send(fate) => format!("the till sends; {effect}{}", send(fate)),
        Action::Read(fate) => {
            let shown = if fate == ReadFate::Lagging {
                before.before.unwrap_or(before.money)
            } else {
                before.money
            };
            format!("the till reads: {}", read(fate, shown))
        }
        Action::TimeIsUp => "the time is up".to_owned(),
        Action::Arrive(_) => format!("{effect}the late request arrives: {}", money(after.money)),
        Action::TakeEffect => "what was acknowledged takes effect".to_owned(),
        Action::Act(act) => format!("{}: {}", act_in_words(act), money(after.money)),
        Action::PassSeconds => "seconds pass".to_owned(),
        Action::PassMinute => "a minute has passed since the asking".to_owned(),
        Action::Repeat => "the till repeats the cancel".to_owned(),
    }
}

fn send(fate: SendFate) -> String {
    match fate {
        SendFate::NotSent => "no connection".to_owned(),
        SendFate::Lost => "the request is lost".to_owned(),
        SendFate::Late => "the request is late, and the till waits no longer".to_owned(),
        SendFate::Answered => "Flex answers".to_owned(),
        SendFate::AnswerLost => "the response is lost".to_owned(),
        SendFate::TwiceFirst => "it arrives twice, and the first response is heard".to_owned(),
        SendFate::TwiceSecond => "it arrives twice, and the second response is heard".to_owned(),
        SendFate::ExecutedAnd(instead) => format!("executed, answered {}", instead.in_words()),
        SendFate::Dropped(instead) => format!("not executed, answered {}", instead.in_words()),
    }
}

fn read(fate: ReadFate, shown: Money) -> String {
    match fate {
        ReadFate::Right => money(shown),
        ReadFate::Lost => "nothing".to_owned(),
        ReadFate::Lagging => format!("{} (an old copy)", money(shown)),
        ReadFate::AsIds => format!("{} (bare ids)", money(shown)),
        ReadFate::Cached => "a cached response".to_owned(),
        ReadFate::Unauthorized => "401".to_owned(),
        ReadFate::NotFound => "404".to_owned(),
        ReadFate::BadRequest => "400".to_owned(),
    }
}

const fn act_in_words(act: Act) -> &'static str {
    match act {
        Act::Pay => "the shopper pays",
        Act::CaptureAll => "somebody captures all",
        Act::CapturePart => "somebody captures a part",
        Act::CancelByHand => "somebody cancels by hand",
        Act::Expire => "the session expires",
        Act::Reauthorize => "it is authorized again",
    }
}

fn money(money: Money) -> String {
    let there = money.intents.iter().filter(|intent| intent.state != IntentState::Absent);
    let words = there.map(|intent| {
        let state = match intent.state {
            IntentState::Absent => "absent",
            IntentState::Unpaid => "unpaid",
            IntentState::Held => "held",
            IntentState::PartHeld => "partly captured, rest held",
            IntentState::Captured => "captured",
            IntentState::PartCaptured => "partly captured, rest released",
            IntentState::Canceled => "canceled",
        };
        if intent.is_newer { format!("{state} (newer)") } else { state.to_owned() }
    });
    let intents: Vec<String> = words.collect();
    format!("{} [{:?}]", intents.join(" and "), money.status).to_lowercase()
}
