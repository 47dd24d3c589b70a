//! `/show`: the switches of the view.

use crate::command::{Setting, Topic};
use crate::observe::View;
use crate::render::{Decode, Role, Show, Timestamps};

pub fn execute(setting: Option<Setting>, view: &mut View) {
    let show = view.show();
    set(setting, show);
    let states = Topic::ALL.map(|topic| format!("{} {}", topic.name(), state(show, topic)));
    view.print(Role::Fact, &format!("shown: {}", states.join(", ")));
}

/// Changes a setting without a word.
pub fn set(setting: Option<Setting>, show: &mut Show) {
    match setting {
        Some(Setting::Switch(topic, on)) => {
            if let Some(switch) = switch(show, topic) {
                *switch = on;
            }
        }
        Some(Setting::Time(time)) => show.time = time,
        Some(Setting::Decode(decode)) => show.decode = decode,
        None => {}
    }
}

fn state(show: &mut Show, topic: Topic) -> &'static str {
    match topic {
        Topic::Time => match show.time {
            Timestamps::None => "off",
            Timestamps::Time => "on",
            time => time.name(),
        },
        Topic::Decode => match show.decode {
            Decode::Hex => "off",
            decode => decode.name(),
        },
        _ => match switch(show, topic) {
            Some(true) => "on",
            _ => "off",
        },
    }
}

fn switch(show: &mut Show, topic: Topic) -> Option<&mut bool> {
    Some(match topic {
        Topic::Ping => &mut show.ping,
        Topic::Pong => &mut show.pong,
        Topic::Frames => &mut show.frames,
        Topic::Raw => &mut show.raw,
        Topic::Json => &mut show.json,
        Topic::Compact => &mut show.compact,
        Topic::Hex => &mut show.hex,
        Topic::Time | Topic::Decode => return None,
    })
}
