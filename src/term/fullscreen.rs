//! The whole terminal for pages: another screen, no cursor, keys one by one.

use std::io;
use std::time::Duration;

use super::terminal;
use crate::sys;

/// The second screen of the terminal, without a cursor, and without wrapping at the last column.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// The first screen is back when this is dropped.
#[derive(Debug)]
pub struct FullScreen(());

impl FullScreen {
    pub fn enter() -> Self {
        super::screen(ENTER);
        Self(())
    }

    /// Rows and columns.
    pub fn size() -> (usize, usize) {
        (terminal::rows(), terminal::width())
    }

    /// Appends the keys that are pressed `within` this time; `false` if there are none.
    pub fn read_keys(keys: &mut Vec<u8>, within: Duration) -> io::Result<bool> {
        sys::terminal::read_keys(keys, within)
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        super::screen(LEAVE);
    }
}
