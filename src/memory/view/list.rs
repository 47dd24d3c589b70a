//! The list of messages, newest at the bottom.

use std::collections::VecDeque;
use std::sync::Arc;

use super::filter::Filter;
use crate::memory::{Entry, Query, Shared};

/// Messages that a filter or a search looks at between two looks at the keys: a jq filter takes some milliseconds.
const AT_ONCE: usize = 1_000;

/// A search that has found nothing yet.
#[derive(Debug)]
pub(super) struct Search {
    is_newer: bool,
    /// The number of the message where it began.
    start: u64,
    /// Messages that it has looked at.
    looked: usize,
}

#[derive(Debug)]
pub(super) struct List {
    memory: Shared,
    pub(super) filter: Option<Filter>,
    /// The numbers that the filter admits.
    admitted: VecDeque<u64>,
    /// The filter has looked at all messages up to this number.
    looked: u64,
    /// The number of the message that is looked at.
    selected: u64,
    /// The newest message is selected, whatever comes.
    pub(super) follows: bool,
    /// The index of the row at the top.
    top: usize,
}

impl List {
    pub(super) fn new(memory: Shared) -> Self {
        Self {
            memory,
            filter: None,
            admitted: VecDeque::new(),
            looked: 0,
            selected: 0,
            follows: true,
            top: 0,
        }
    }

    pub(super) fn set_filter(&mut self, filter: Option<Filter>) {
        self.filter = filter;
        self.admitted.clear();
        self.looked = 0;
        self.refresh();
    }

    /// Takes in what came since the last time; `true` if the filter has not seen all messages yet.
    pub(super) fn refresh(&mut self) -> bool {
        let mut is_behind = false;
        if let Some(filter) = &self.filter {
            let (entries, oldest) = {
                let memory = self.memory.lock();
                let oldest = memory.range().map_or(u64::MAX, |(oldest, _)| oldest);
                (memory.since(self.looked + 1, AT_ONCE), oldest)
            };
            while self.admitted.front().is_some_and(|it| *it < oldest) {
                self.admitted.pop_front();
            }
            is_behind = entries.len() == AT_ONCE;
            for entry in entries {
                self.looked = entry.number;
                if filter.admits(&entry) {
                    self.admitted.push_back(entry.number);
                }
            }
        }
        let len = self.len();
        if self.follows && len > 0 {
            self.selected = self.number_at(len - 1).unwrap_or(self.selected);
        }
        is_behind
    }

    pub(super) fn len(&self) -> usize {
        match self.filter {
            Some(_) => self.admitted.len(),
            None => self.memory.lock().len(),
        }
    }

    /// How many messages there are without the filter.
    pub(super) fn kept(&self) -> usize {
        self.memory.lock().len()
    }

    /// Whether the messages are of several connections, or may be.
    pub(super) fn has_labels(&self) -> bool {
        let newest = self.memory.lock().last(1);
        newest.first().is_some_and(|entry| entry.label.is_some())
    }

    fn number_at(&self, index: usize) -> Option<u64> {
        match self.filter {
            Some(_) => self.admitted.get(index).copied(),
            None => self
                .memory
                .lock()
                .slice(index, 1)
                .first()
                .map(|it| it.number),
        }
    }

    /// Where the selected message is, or where it was.
    fn index(&self) -> usize {
        self.index_of(self.selected)
    }

    fn index_of(&self, number: u64) -> usize {
        let found = match self.filter {
            Some(_) => self.admitted.binary_search(&number),
            None => self.memory.lock().position(number),
        };
        let (Ok(index) | Err(index)) = found;
        index.min(self.len().saturating_sub(1))
    }

    pub(super) fn selected(&self) -> Option<Arc<Entry>> {
        let number = self.number_at(self.index())?;
        self.get(number)
    }

    /// The message with this number, if it is still kept.
    pub(super) fn get(&self, number: u64) -> Option<Arc<Entry>> {
        self.memory.lock().get(number)
    }

    /// Moves the selection; at the end the list follows again.
    pub(super) fn go(&mut self, by: isize) {
        let last = self.len().saturating_sub(1);
        let index = self.index().saturating_add_signed(by).min(last);
        self.select(index);
    }

    pub(super) fn go_to_end(&mut self, is_start: bool) {
        let last = self.len().saturating_sub(1);
        self.select(if is_start { 0 } else { last });
    }

    fn select(&mut self, index: usize) {
        if let Some(number) = self.number_at(index) {
            self.selected = number;
        }
        self.follows = index + 1 >= self.len();
    }

    /// A search for a match that is newer than the selected message, or older; it starts again at the other end.
    pub(super) fn begin_search(&self, is_newer: bool) -> Search {
        Search {
            is_newer,
            start: self.selected,
            looked: 0,
        }
    }

    /// Looks at the next messages, and selects the first that matches; `None` if there are more to look at.
    pub(super) fn search(&mut self, query: &Query, search: &mut Search) -> Option<bool> {
        let len = self.len();
        let start = self.index_of(search.start);
        for _ in 0..AT_ONCE {
            search.looked += 1;
            let step = search.looked;
            if step > len {
                return Some(false);
            }
            let index = if search.is_newer {
                (start + step) % len
            } else {
                (start + len - step) % len
            };
            let Some(number) = self.number_at(index) else {
                continue;
            };
            let entry = self.get(number);
            if entry.is_some_and(|entry| query.part(&entry).is_some()) {
                self.select(index);
                return Some(true);
            }
        }
        None
    }

    /// The messages on a page of `rows`, and which of them is selected.
    pub(super) fn page(&mut self, rows: usize) -> (Vec<Arc<Entry>>, usize) {
        let index = self.index();
        let last_top = self.len().saturating_sub(rows);
        self.top = self.top.min(index).max((index + 1).saturating_sub(rows));
        self.top = if self.follows {
            last_top
        } else {
            self.top.min(last_top)
        };
        let memory = self.memory.lock();
        let entries = if self.filter.is_some() {
            let numbers = self.admitted.range(self.top.min(self.admitted.len())..);
            let entries = numbers.take(rows).filter_map(|it| memory.get(*it));
            entries.collect()
        } else {
            memory.slice(self.top, rows)
        };
        (entries, index.saturating_sub(self.top))
    }
}
