//! The view, as the command line asks for it.

use crate::config::{Display, Environment};
use crate::render::{Human, Show};

/// A view for a stream that is a terminal or not.
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
    Human::new(show, display.style(terminal), display.secrets, clock)
}
