use crate::config::{Display, Environment};
use crate::render::{Human, Show};
use crate::term;

pub(super) fn view(
    display: Display,
    show: Show,
    terminal: bool,
    environment: &Environment,
) -> Human {
    let show = Show {
        time: display.timestamps,
        decode: display.decode,
        ..show
    };
    let clock = environment.clock.clone();
    let mut human = Human::new(show, display.style(terminal), display.secrets, clock);
    if terminal {
        human.fit(term::terminal::columns());
    }
    human
}
