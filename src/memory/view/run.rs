//! The loop of the full screen: keys in, rows out.

use std::time::Duration;

use super::key::{self, Key};
use super::paint::Painter;
use super::{Action, Pages};
use crate::render::width::wrap;
use crate::term;
use crate::term::fullscreen::FullScreen;

/// The columns and rows that it takes.
const LEAST: (usize, usize) = (40, 10);
/// How often the screen may change by itself; the rest of an escape sequence comes sooner.
const TICK: Duration = Duration::from_millis(50);
/// How long a filter takes for the messages between two looks at the keys, at least.
const FILTERING: Duration = Duration::from_millis(1);
/// How much the screen may write by itself, in bytes a second: a flood must leave room on a slow line.
const RATE: u64 = 16 << 10;

/// Does what the pages cannot do themselves.
pub trait Host {
    /// Executes an action; returns what to say about it, or why it cannot be done.
    fn act(&mut self, action: Action) -> Result<String, String>;

    /// What was printed since the last time.
    fn output(&mut self) -> String;

    /// Whether the terminal is wanted back.
    fn is_over(&self) -> bool;
}

/// Why there is no full screen: the terminal's size, and the size that it needs.
pub fn too_small() -> Option<String> {
    let (rows, columns) = FullScreen::size();
    let (least_columns, least_rows) = LEAST;
    (rows < least_rows || columns < least_columns).then(|| {
        format!(
            "the terminal has {columns} columns and {rows} rows; the full screen needs \
             {least_columns} columns and {least_rows} rows"
        )
    })
}

/// Shows the pages until the user leaves them; returns the keys that were pressed after that.
///
/// # Errors
///
/// What is wrong with the terminal.
pub fn run(pages: &mut Pages, host: &mut impl Host) -> Result<Vec<u8>, String> {
    let (mut screen, mut bytes) = (Screen::enter(), Vec::new());
    let mut is_answering = true;
    loop {
        let is_behind = pages.refresh();
        screen.show(pages, is_answering);
        if host.is_over() {
            return Ok(bytes);
        }
        let (wait, passes) = if is_behind {
            (Duration::ZERO, FILTERING)
        } else {
            (TICK, TICK)
        };
        let has_keys = FullScreen::read_keys(&mut bytes, wait);
        let has_keys = has_keys.map_err(|error| format!("cannot read keys: {error}"))?;
        if !has_keys {
            screen.rest(passes);
        }
        is_answering = false;
        while let Some(key) = key::take(&mut bytes, !has_keys && !is_behind) {
            is_answering = true;
            if key == Key::Ctrl('l') {
                screen.painter.forget();
                continue;
            }
            match pages.key(key) {
                None => {}
                Some(Action::Quit) => return Ok(bytes),
                Some(action) => screen.act(action, pages, host),
            }
        }
        let output = host.output();
        if !output.is_empty() {
            is_answering = true;
            pages.output(&output);
        }
    }
}

/// The full screen, and what it shows.
struct Screen {
    /// `None` while another program has the terminal.
    full: Option<FullScreen>,
    painter: Painter,
    /// How long a line takes for what was written, from now on.
    owed: Duration,
}

impl Screen {
    fn enter() -> Self {
        Self {
            full: Some(FullScreen::enter()),
            painter: Painter::default(),
            owed: Duration::ZERO,
        }
    }

    /// Shows the pages, at once if that `is_answering` the user.
    fn show(&mut self, pages: &mut Pages, is_answering: bool) {
        let size = FullScreen::size();
        if !self.owed.is_zero() && !is_answering && self.painter.has_size(size) {
            return;
        }
        let rows = match too_small() {
            Some(text) => {
                let rows = wrap(&text, size.1, 0);
                rows.lines().take(size.0).map(str::to_owned).collect()
            }
            None => pages.draw(size.0, size.1),
        };
        let painted = self.painter.paint(rows, size);
        self.owed = Duration::from_micros(painted.len() as u64 * 1_000_000 / RATE);
        term::screen(&painted);
    }

    /// Some time passes without a key.
    fn rest(&mut self, time: Duration) {
        self.owed = self.owed.saturating_sub(time);
    }

    fn act(&mut self, action: Action, pages: &mut Pages, host: &mut impl Host) {
        let lends = action.needs_terminal();
        if lends {
            self.full = None;
        }
        let said = host.act(action);
        if lends {
            self.full = Some(FullScreen::enter());
            self.painter.forget();
        }
        match said {
            Ok(text) => pages.output(&text),
            Err(text) => pages.complain(text),
        }
    }
}
