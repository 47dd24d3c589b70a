use crate::cli::{ColorChoice, DisplayArgs, StyleArgs};
use crate::render::{Decode, Secrets, Style, Timestamps};

use super::Environment;

#[derive(Debug, Clone, Copy)]
pub struct Display {
    pub verbose: u8,
    pub quiet: bool,
    pub secrets: Secrets,
    pub timestamps: Timestamps,
    pub decode: Decode,
    color: Option<bool>,
    color_allowed: bool,
}

impl Display {
    pub(super) fn resolve(args: &DisplayArgs, environment: &Environment) -> Self {
        Self {
            timestamps: args.view.timestamps,
            decode: args.view.decode,
            ..Self::of_text(args.verbose, &args.style, environment)
        }
    }

    /// Where no messages are shown.
    pub(super) fn of_text(verbose: u8, args: &StyleArgs, environment: &Environment) -> Self {
        Self {
            verbose,
            quiet: args.quiet,
            secrets: secrets(args.show_secrets),
            timestamps: Timestamps::None,
            decode: Decode::Auto,
            color: color(args.color, environment),
            color_allowed: !environment.dumb,
        }
    }

    pub fn style(&self, terminal: bool) -> Style {
        Style::new(self.color.unwrap_or(terminal && self.color_allowed))
    }
}

/// Whether colours are wanted; `None` where the terminal decides.
pub fn color(choice: ColorChoice, environment: &Environment) -> Option<bool> {
    match choice {
        ColorChoice::Always => Some(true),
        ColorChoice::Never => Some(false),
        ColorChoice::Auto if environment.no_color => Some(false),
        ColorChoice::Auto => environment.force_color.then_some(true),
    }
}

pub(super) fn secrets(show: bool) -> Secrets {
    if show {
        Secrets::Shown
    } else {
        Secrets::Masked
    }
}
