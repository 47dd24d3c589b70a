//! Keys that rustyline did not read, because the terminal was just asked for something.

/// A line, before and after the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) left: String,
    pub(super) right: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    Line(String),
    /// Ctrl-C on an empty line.
    Interrupt,
    /// Ctrl-D on an empty line.
    End,
}

const PASTE: &str = "\x1b[200~";
const END_OF_PASTE: &str = "\x1b[201~";

impl Typed {
    /// Does what the keys do that are pressed without looking; those that move the cursor are left out.
    pub(super) fn press(&mut self, keys: &[u8]) -> Vec<Pressed> {
        let keys = String::from_utf8_lossy(keys);
        let mut pressed = Vec::new();
        let mut rest = &*keys;
        while let Some(key) = rest.chars().next() {
            if let Some(pasted) = rest.strip_prefix(PASTE) {
                let (text, after) = pasted.split_once(END_OF_PASTE).unwrap_or((pasted, ""));
                self.left
                    .push_str(&text.replace("\r\n", "\n").replace('\r', "\n"));
                rest = after;
            } else if key == '\x1b' {
                rest = after_sequence(rest);
            } else {
                pressed.extend(self.key(key));
                rest = &rest[key.len_utf8()..];
            }
        }
        pressed
    }

    fn key(&mut self, key: char) -> Option<Pressed> {
        let is_empty = self.left.is_empty() && self.right.is_empty();
        match key {
            '\r' | '\n' => {
                let Self { left, right } = std::mem::take(self);
                return Some(Pressed::Line(left + &right));
            }
            '\x03' if is_empty => return Some(Pressed::Interrupt),
            '\x04' if is_empty => return Some(Pressed::End),
            '\x03' => *self = Self::default(),
            '\x08' | '\x7f' => drop(self.left.pop()),
            '\x15' => self.left.clear(),
            key if key.is_control() => {}
            key => self.left.push(key),
        }
        None
    }
}

/// What follows the escape sequence that `keys` begin with, such as an arrow's (ECMA-48 §5.4).
fn after_sequence(keys: &str) -> &str {
    let is_final = |c: char| matches!(c, '@'..='~');
    match keys[1..].strip_prefix(['[', 'O']) {
        Some(parameters) => parameters
            .split_once(is_final)
            .map_or("", |(_, after)| after),
        None => keys.get(2..).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(left: &str, right: &str, keys: &str) -> (Vec<Pressed>, String, String) {
        let (left, right) = (left.to_owned(), right.to_owned());
        let mut typed = Typed { left, right };
        let pressed = typed.press(keys.as_bytes());
        (pressed, typed.left, typed.right)
    }

    #[test]
    fn text_is_inserted_at_the_cursor_and_enter_ends_the_line() {
        let line = |text: &str| Pressed::Line(text.to_owned());
        for (keys, lines, left, right) in [
            ("é!", vec![], "abé!", "yz"),
            ("c\rd", vec![line("abcyz")], "d", ""),
            ("\r\r", vec![line("abyz"), line("")], "", ""),
            (
                "\x7f\x1b[A\x1bOBc",
                vec![],
                "acyz".trim_end_matches("yz"),
                "yz",
            ),
            ("\x15x", vec![], "x", "yz"),
            ("\x1b[200~1\r2\x1b[201~\r", vec![line("ab1\n2yz")], "", ""),
            ("\x03\x03", vec![Pressed::Interrupt], "", ""),
            ("\x04\x15", vec![], "", "yz"),
        ] {
            let expected = (lines, left.to_owned(), right.to_owned());
            assert_eq!(pressed("ab", "yz", keys), expected, "{keys:?}");
        }
        assert_eq!(pressed("", "", "\x04").0, [Pressed::End]);
    }

    #[test]
    fn a_sequence_that_was_cut_is_dropped() {
        for keys in ["\x1b", "\x1b[", "\x1b[1;", "\x1bO"] {
            assert_eq!(
                pressed("a", "", keys),
                (vec![], "a".to_owned(), String::new())
            );
        }
    }
}
