//! The table of causes: what was seen → why → what to do. To teach wsee a set-up, add a row to one
//! of its chapters; the first row that fits is the hint of `wsee URL`, `wsee test`, `--jsonl` and reports.

use super::facts::Facts;
use super::row::Row;
use super::{ended, refused, unanswered};
use crate::event::{Ending, Evidence};

/// The chapters, in order.
const TABLE: [&[Row]; 3] = [unanswered::ROWS, refused::ROWS, ended::ROWS];

impl Evidence {
    /// What usually causes this, and what to do. It quotes the peer: escape it to show it.
    pub fn hint(&self) -> Option<String> {
        look_up(&Facts::of(self))
    }
}

/// What to do about the end of a connection that was open.
pub fn of_ending(ending: &Ending) -> Option<String> {
    look_up(&Facts::ended(ending))
}

fn look_up(facts: &Facts) -> Option<String> {
    let row = TABLE.into_iter().flatten().find(|row| (row.seen)(facts))?;
    Some(row.text(facts))
}
