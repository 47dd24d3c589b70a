//! The loop of the full screen: keys in, rows out.

use std::time::Duration;

use super::key::{self, Key};
use super::paint::Painter;
use super::{Action, Pages};
use crate::term;
use crate::term::fullscreen::FullScreen;

/// The columns and rows that it takes.
const LEAST: (usize, usize) = (40, 10);
/// How often the screen may change by itself; the rest of an escape sequence comes sooner.
const TICK: Duration = Duration::from_millis(50);

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

/// Shows the pages until the user leaves them.
///
/// # Errors
///
/// What is wrong with the terminal.
pub fn run(pages: &mut Pages, host: &mut impl Host) -> Result<(), String> {
    let mut screen = Some(FullScreen::enter());
    let (mut painter, mut bytes) = (Painter::default(), Vec::new());
    loop {
        let is_behind = pages.refresh();
        let size = FullScreen::size();
        let rows = match too_small() {
            Some(text) => vec![text],
            None => pages.draw(size.0, size.1),
        };
        term::screen(&painter.paint(rows, size));
        if host.is_over() {
            return Ok(());
        }
        let wait = if is_behind { Duration::ZERO } else { TICK };
        let has_keys = FullScreen::read_keys(&mut bytes, wait);
        let has_keys = has_keys.map_err(|error| format!("cannot read keys: {error}"))?;
        while let Some(key) = key::take(&mut bytes, !has_keys && !is_behind) {
            if key == Key::Ctrl('l') {
                painter.forget();
                continue;
            }
            match pages.key(key) {
                None => {}
                Some(Action::Quit) => return Ok(()),
                Some(action) => {
                    let leaves = action.needs_terminal();
                    if leaves {
                        screen = None;
                    }
                    let said = host.act(action);
                    if leaves {
                        screen = screen.or_else(|| Some(FullScreen::enter()));
                        painter.forget();
                    }
                    match said {
                        Ok(text) => pages.output(&text),
                        Err(text) => pages.complain(text),
                    }
                }
            }
        }
        let output = host.output();
        if !output.is_empty() {
            pages.output(&output);
        }
    }
}
