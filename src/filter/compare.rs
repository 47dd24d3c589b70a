//! Where two JSON values differ.

use std::fmt::Write;

use jaq_json::{Map, Val};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The differences in words. Quotes values unescaped.
    pub places: Vec<String>,
    pub same: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Only the listed keys count, and some strings are placeholders.
    is_subset: bool,
    one: &'static str,
    other: &'static str,
}

impl Terms {
    /// An expected value, which says what a found one must have.
    pub(super) const SUBSET: Self = Self {
        is_subset: true,
        one: "expected",
        other: "found",
    };
    pub(super) const fn same(one: &'static str, other: &'static str) -> Self {
        Self {
            is_subset: false,
            one,
            other,
        }
    }
}

const ANY: &str = "*";
const ITEMS: &str = "...";
/// In the place of a member that one of the two does not have.
const NOTHING: &str = "nothing";
/// Values are quoted up to this length, in characters.
const QUOTED: usize = 80;

impl Difference {
    pub fn is_none(&self) -> bool {
        self.places.is_empty()
    }
}

pub(super) fn compare(terms: Terms, one: &Val, other: &Val) -> Difference {
    let mut comparison = Comparison {
        terms,
        path: ".".to_owned(),
        difference: Difference::default(),
    };
    comparison.compare(one, other);
    comparison.difference
}

struct Comparison {
    terms: Terms,
    path: String,
    difference: Difference,
}

impl Comparison {
    fn compare(&mut self, one: &Val, other: &Val) {
        match (one, other) {
            (Val::TStr(text), _) if self.terms.is_subset && ***text == *ANY.as_bytes() => {
                self.difference.same += 1;
            }
            (Val::Obj(members), Val::Obj(others)) => self.members(members, others),
            (Val::Arr(items), Val::Arr(others)) => self.items(items, others),
            _ if one == other => self.difference.same += 1,
            _ => self.differ(show(one), show(other)),
        }
    }

    fn members(&mut self, members: &Map, others: &Map) {
        let words = self.terms;
        for (key, member) in members {
            self.below(key, |this| match others.get(key) {
                Some(other) => this.compare(member, other),
                None if words.is_subset => {
                    this.add(&format!("{} {}, missing", words.one, show(member)));
                }
                None => this.differ(show(member), NOTHING),
            });
        }
        if self.terms.is_subset {
            return;
        }
        let new = others.iter().filter(|(key, _)| !members.contains_key(*key));
        for (key, other) in new {
            self.below(key, |this| this.differ(NOTHING, show(other)));
        }
    }

    fn items(&mut self, items: &[Val], others: &[Val]) {
        let is_gap = |value: &Val| matches!(value, Val::TStr(text) if ***text == *ITEMS.as_bytes());
        if self.terms.is_subset && items.iter().any(is_gap) {
            if fits(items, others, &is_gap) {
                self.difference.same += items.len();
            } else {
                let array = |items: &[Val]| show(&Val::Arr(items.to_vec().into()));
                self.differ(array(items), array(others));
            }
            return;
        }
        if items.len() != others.len() {
            let length = |items: &[Val]| format!("length {}", items.len());
            self.differ(length(items), length(others));
        }
        for (index, (item, other)) in items.iter().zip(others).enumerate() {
            let length = self.path.len();
            // Writing to a String cannot fail.
            let _ = write!(self.path, "[{index}]");
            self.compare(item, other);
            self.path.truncate(length);
        }
    }

    fn below(&mut self, key: &Val, go: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        push_key(&mut self.path, key);
        go(self);
        self.path.truncate(length);
    }

    fn differ(&mut self, one: impl std::fmt::Display, other: impl std::fmt::Display) {
        let terms = self.terms;
        self.add(&format!("{} {one}, {} {other}", terms.one, terms.other));
    }

    fn add(&mut self, text: &str) {
        self.difference
            .places
            .push(format!("{}: {text}", self.path));
    }
}

/// Whether the items can be shared out among the expected ones, with gaps taking any number.
///
/// As with `*` in the names of files it is enough to go back to the last gap.
fn fits(expected: &[Val], found: &[Val], is_gap: &impl Fn(&Val) -> bool) -> bool {
    let (mut at, mut item) = (0, 0);
    let mut last_gap: Option<(usize, usize)> = None;
    while item < found.len() {
        match expected.get(at) {
            Some(value) if is_gap(value) => {
                last_gap = Some((at, item));
                at += 1;
            }
            Some(value) if is_same(value, &found[item]) => {
                at += 1;
                item += 1;
            }
            _ => {
                let Some((gap, from)) = last_gap else {
                    return false;
                };
                last_gap = Some((gap, from + 1));
                (at, item) = (gap + 1, from + 1);
            }
        }
    }
    expected[at..].iter().all(is_gap)
}

fn is_same(expected: &Val, found: &Val) -> bool {
    compare(Terms::SUBSET, expected, found).is_none()
}

fn push_key(path: &mut String, key: &Val) {
    let literal = key.to_string();
    let name = literal.trim_matches('"');
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_plain = !name.is_empty()
        && name.len() + 2 == literal.len()
        && name.chars().all(is_word)
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain {
        if !path.ends_with('.') {
            path.push('.');
        }
        path.push_str(name);
    } else {
        path.push('[');
        path.push_str(&literal);
        path.push(']');
    }
}

fn show(value: &Val) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
