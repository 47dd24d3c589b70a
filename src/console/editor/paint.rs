//! Where the line being typed is on the screen.
//!
//! After a resize rustyline clears the rows that the line had before. Most terminals have wrapped it again by then: it has
//! more rows, or fewer, and rows above it would be cleared.

use unicode_width::UnicodeWidthChar;

use super::TAB_STOP;
use super::late::Typed;
use crate::render::width::cut;
use crate::term::terminal::Unanswered;

/// A place on the screen, from the start of the prompt.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) row: usize,
    pub(super) column: usize,
}

/// What rustyline painted last.
#[derive(Debug, Default)]
pub(super) struct Paint {
    pub(super) prompt: String,
    pub(super) line: String,
    /// The byte of the line where the cursor is.
    pub(super) cursor: usize,
    pub(super) hint: String,
    /// The columns that rustyline counts with; it learns of a resize later than the terminal.
    pub(super) columns: usize,
    /// The columns that the terminal had.
    pub(super) width: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    cursor: Position,
    end: Position,
}

/// A line whose terminal has another width now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resized {
    /// The rows that rustyline is going to clear.
    expected: Layout,
    /// Where the cursor is if the terminal keeps its rows as they are.
    kept: Position,
    /// Where the cursor is if the terminal wraps its rows again.
    reflowed: Position,
}

impl Paint {
    /// The rows after the first.
    pub(super) fn rows_below(&self) -> usize {
        self.layout(self.columns).end.row
    }

    /// Clears the line, from the start of the row after it.
    pub(super) fn clear_from_below(&self) -> String {
        up(self.rows_below() + 1) + "\r\x1b[J"
    }

    pub(super) fn typed(&self) -> Typed {
        let (left, right) = self.line.split_at(self.cursor);
        Typed {
            left: left.to_owned(),
            right: right.to_owned(),
        }
    }

    /// As much of a hint as fits on the last row of `line`.
    pub(super) fn fitting(&self, line: &str, hint: &str) -> String {
        let start = advance(&self.prompt, Position::default(), self.columns);
        let end = advance(line, start, self.columns);
        let room = self.columns.saturating_sub(end.column + 1);
        cut(hint, room).into_owned()
    }

    /// Whether the terminal has another width than rustyline believes, and rustyline will paint the line again.
    pub(super) fn is_stale(&self, width: usize) -> bool {
        let end = self.layout(self.columns).end;
        self.columns > 0 && width != self.columns && (end.row > 0 || end.column >= width)
    }

    /// Takes over a new width of the terminal; returns the line if rustyline is about to paint it again for that.
    pub(super) fn resize(&mut self, line: &str, cursor: usize, width: usize) -> Option<Resized> {
        if width == self.columns {
            return None;
        }
        if !self.is_stale(width) {
            self.columns = width;
            return None;
        }
        if (line, cursor) != (&self.line, self.cursor) {
            // A key, which rustyline handles before the resize.
            return None;
        }
        let expected = self.layout(self.columns);
        self.columns = width;
        let kept = self.layout(self.width).cursor;
        let mut reflowed = self.layout(width);
        if expected.end.column == 0 && reflowed.end.column > 0 && !self.ends_with_newline() {
            // rustyline has ended a full last row with a newline, which stays where it is.
            reflowed.end = Position {
                row: reflowed.end.row + 1,
                column: 0,
            };
            if expected.cursor == expected.end {
                reflowed.cursor = reflowed.end;
            }
        }
        Some(Resized {
            expected,
            kept: Position {
                column: kept.column.min(width - 1),
                ..kept
            },
            reflowed: reflowed.cursor,
        })
    }

    fn ends_with_newline(&self) -> bool {
        let last = if self.hint.is_empty() {
            &self.line
        } else {
            &self.hint
        };
        last.ends_with('\n')
    }

    /// As rustyline computes it.
    fn layout(&self, columns: usize) -> Layout {
        let (before, after) = self.line.split_at(self.cursor);
        let start = advance(&self.prompt, Position::default(), columns);
        let cursor = advance(before, start, columns);
        let end = advance(after, cursor, columns);
        Layout {
            cursor,
            end: advance(&self.hint, end, columns),
        }
    }
}

impl Resized {
    /// Clears the line, with this many rows above the cursor, and moves the cursor to where rustyline expects it.
    pub(super) fn clear(&self, rows_above: usize) -> String {
        let mut text = up(rows_above) + "\r\x1b[J";
        let Layout { cursor, end } = self.expected;
        text.push_str(&"\n".repeat(end.row));
        text + &up(end.row - cursor.row)
    }
}

fn up(rows: usize) -> String {
    match rows {
        0 => String::new(),
        rows => format!("\x1b[{rows}A"),
    }
}

/// Where a text ends that starts at `from`.
fn advance(text: &str, from: Position, columns: usize) -> Position {
    let Position {
        mut row,
        mut column,
    } = from;
    for c in text.chars() {
        let width = match c {
            '\n' => {
                (row, column) = (row + 1, 0);
                continue;
            }
            '\t' => usize::from(TAB_STOP) - column % usize::from(TAB_STOP),
            c => c.width().unwrap_or(0),
        };
        column += width;
        if column > columns {
            (row, column) = (row + 1, width);
        }
    }
    if column == columns {
        (row, column) = (row + 1, 0);
    }
    Position { row, column }
}

/// What a terminal does with a wrapped line when its width changes; xterm keeps the rows, most others wrap it again.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reflow {
    #[default]
    Unknown,
    Kept,
    Reflowed,
    /// It does not say where its cursor is.
    Unanswered,
}

impl Reflow {
    /// The rows of the line above the cursor; `ask` returns the column of the cursor.
    ///
    /// When in doubt it is the smaller number: a copy of the line may stay on the screen, but no line above it is lost.
    pub(super) fn rows_above(
        &mut self,
        line: &Resized,
        ask: impl FnOnce() -> Result<usize, Unanswered>,
    ) -> usize {
        let Resized { kept, reflowed, .. } = line;
        if *self == Self::Unknown && kept.row != reflowed.row && kept.column != reflowed.column {
            *self = match ask() {
                Ok(column) if column == kept.column => Self::Kept,
                Ok(column) if column == reflowed.column => Self::Reflowed,
                Ok(_) | Err(Unanswered::KeysWaiting) => Self::Unknown,
                Err(Unanswered::Silent) => Self::Unanswered,
            };
        }
        match self {
            Self::Kept => kept.row,
            Self::Reflowed => reflowed.row,
            Self::Unknown | Self::Unanswered => kept.row.min(reflowed.row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(line: &str, cursor: usize, columns: usize) -> Paint {
        Paint {
            prompt: "> ".to_owned(),
            line: line.to_owned(),
            cursor,
            hint: String::new(),
            columns,
            width: columns,
        }
    }

    fn at(row: usize, column: usize) -> Position {
        Position { row, column }
    }

    #[test]
    fn a_wrapped_line_has_other_rows_at_another_width() {
        let line = "x".repeat(125);
        let mut paint = painted(&line, 125, 100);
        let resized = paint.resize(&line, 125, 50).expect("a wrapped line");
        assert_eq!(resized.kept, at(1, 27));
        assert_eq!(resized.reflowed, at(2, 27));
        assert_eq!(resized.clear(2), "\x1b[2A\r\x1b[J\n");
        assert_eq!(paint.columns, 50);
        let mut paint = painted(&line, 10, 100);
        let resized = paint.resize(&line, 10, 140).expect("a wrapped line");
        assert_eq!((resized.kept, resized.reflowed), (at(0, 12), at(0, 12)));
        assert_eq!(resized.clear(0), "\r\x1b[J\n\x1b[1A");
    }

    #[test]
    fn the_newline_after_a_full_row_stays() {
        let line = "x".repeat(98);
        let mut paint = painted(&line, 98, 100);
        let resized = paint.resize(&line, 98, 80).expect("a wrapped line");
        assert_eq!((resized.kept, resized.reflowed), (at(1, 0), at(2, 0)));
    }

    #[test]
    fn a_line_that_fits_needs_nothing() {
        let mut paint = painted("short", 5, 100);
        assert_eq!(paint.resize("short", 5, 20), None);
        assert_eq!(paint.columns, 20);
    }

    #[test]
    fn a_key_before_the_resize_leaves_it_to_be_handled() {
        let line = "x".repeat(125);
        let mut paint = painted(&line, 125, 100);
        assert_eq!(paint.resize("longer", 6, 50), None);
        assert!(paint.is_stale(50));
    }

    #[test]
    fn wide_characters_do_not_straddle_two_rows() {
        assert_eq!(advance("漢字", at(0, 3), 6), at(1, 2));
        assert_eq!(advance("a\tb\nc", at(0, 0), 20), at(1, 1));
    }

    #[test]
    fn a_hint_stays_on_the_row_of_the_line() {
        let paint = painted("", 0, 20);
        assert_eq!(paint.fitting("/ping", " 1234"), " 1234");
        assert_eq!(paint.fitting("/ping", " 123456789 123"), " 123456789 …");
    }

    #[test]
    fn the_terminal_is_asked_until_its_answer_decides() {
        let line = "x".repeat(125);
        let resized = |width| painted(&line, 125, 100).resize(&line, 125, width).unwrap();
        let mut reflow = Reflow::default();
        // Both would leave the cursor in column 27.
        assert_eq!(reflow.rows_above(&resized(50), || panic!("no need")), 1);
        let busy = || Err(Unanswered::KeysWaiting);
        assert_eq!(reflow.rows_above(&resized(60), busy), 1);
        assert_eq!(reflow.rows_above(&resized(60), || Ok(7)), 2);
        assert_eq!(reflow.rows_above(&resized(50), || panic!("no need")), 2);
        let mut silent = Reflow::default();
        let answer = || Err(Unanswered::Silent);
        assert_eq!(silent.rows_above(&resized(140), answer), 0);
        assert_eq!(silent.rows_above(&resized(60), || panic!("no need")), 1);
    }
}
