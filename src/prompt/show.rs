//! `/show`, and what the view has for its topics.

use super::Prompt;
use crate::command::{Setting, Topic};
use crate::render::{Decode, Role, Show, Timestamps};

impl Prompt {
    /// Changes what is shown, and lists it.
    pub(super) fn show(&mut self, setting: Option<Setting>) {
        let show = self.observers.view.show();
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
        let states = Topic::ALL.map(|topic| format!("{} {}", topic.name(), state(show, topic)));
        self.print(Role::Fact, &format!("shown: {}", states.join(", ")));
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

/// What a topic switches, if it is on or off only.
fn switch(show: &mut Show, topic: Topic) -> Option<&mut bool> {
    Some(match topic {
        Topic::Ping => &mut show.ping,
        Topic::Pong => &mut show.pong,
        Topic::Frames => &mut show.frames,
        Topic::Json => &mut show.json,
        Topic::Hex => &mut show.hex,
        Topic::Time | Topic::Decode => return None,
    })
}
