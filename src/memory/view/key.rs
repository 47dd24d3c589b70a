//! Keys as terminals send them.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Enter,
    Escape,
    Tab,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    F2,
    /// With a letter from `a` to `z`.
    Ctrl(char),
    Unknown,
}

/// The longest sequence that is waited for, in bytes.
const LONGEST: usize = 16;

/// Takes the next key; `None` if it is not complete. With `is_all` nothing more comes soon.
pub(super) fn take(bytes: &mut Vec<u8>, is_all: bool) -> Option<Key> {
    let (key, len) = match *bytes.as_slice() {
        [0x1b] if is_all => (Key::Escape, 1),
        [] | [0x1b] => return None,
        [0x1b, b'[' | b'O', ..] => sequence(bytes, is_all)?,
        // Alt with a key: the page has no such keys.
        [0x1b, ..] => (Key::Escape, 1),
        [b'\r' | b'\n', ..] => (Key::Enter, 1),
        [b'\t', ..] => (Key::Tab, 1),
        [0x7f | 0x08, ..] => (Key::Backspace, 1),
        [byte @ 1..=26, ..] => (Key::Ctrl(char::from(b'a' + byte - 1)), 1),
        [byte, ..] if byte < 0x20 => (Key::Unknown, 1),
        _ => character(bytes, is_all)?,
    };
    bytes.drain(..len);
    Some(key)
}

fn sequence(bytes: &[u8], is_all: bool) -> Option<(Key, usize)> {
    let end = bytes[2..]
        .iter()
        .position(|byte| (0x40..=0x7e).contains(byte));
    let Some(end) = end else {
        let is_broken = is_all || bytes.len() > LONGEST;
        return is_broken.then_some((Key::Unknown, bytes.len()));
    };
    let len = end + 3;
    let key = match &bytes[1..len] {
        b"[A" | b"OA" => Key::Up,
        b"[B" | b"OB" => Key::Down,
        b"[C" | b"OC" => Key::Right,
        b"[D" | b"OD" => Key::Left,
        b"[H" | b"OH" | b"[1~" | b"[7~" => Key::Home,
        b"[F" | b"OF" | b"[4~" | b"[8~" => Key::End,
        b"[5~" => Key::PageUp,
        b"[6~" => Key::PageDown,
        b"OQ" | b"[12~" | b"[[B" => Key::F2,
        _ => Key::Unknown,
    };
    Some((key, len))
}

fn character(bytes: &[u8], is_all: bool) -> Option<(Key, usize)> {
    let start = &bytes[..bytes.len().min(4)];
    let chunk = start.utf8_chunks().next()?;
    if let Some(c) = chunk.valid().chars().next() {
        return Some((Key::Char(c), c.len_utf8()));
    }
    let is_partial = start.len() < 4 && !is_all;
    (!is_partial).then_some((Key::Unknown, chunk.invalid().len().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut bytes = bytes.to_vec();
        std::iter::from_fn(|| take(&mut bytes, true)).collect()
    }

    #[test]
    fn keys_are_told_apart() {
        use Key::{Char, Ctrl, Down, Enter, Escape, F2, PageUp, Unknown, Up};
        assert_eq!(
            keys(b"a\r\x1b[A\x1bOB\x1b[5~\x1bOQ\x03"),
            [Char('a'), Enter, Up, Down, PageUp, F2, Ctrl('c')]
        );
        assert_eq!(keys("é漢".as_bytes()), [Char('é'), Char('漢')]);
        assert_eq!(keys(b"\x1b"), [Escape]);
        assert_eq!(keys(b"\x1b[99;99~x"), [Unknown, Char('x')]);
        assert_eq!(keys(b"\xff\xffa"), [Unknown, Unknown, Char('a')]);
        assert_eq!(keys(b"\x1b[9999999999999999999"), [Unknown]);
    }

    #[test]
    fn a_key_that_is_not_complete_is_waited_for() {
        let mut bytes = b"\x1b".to_vec();
        assert_eq!(take(&mut bytes, false), None);
        bytes.extend(b"[");
        assert_eq!(take(&mut bytes, false), None);
        bytes.extend(b"A");
        assert_eq!(take(&mut bytes, false), Some(Key::Up));
        let mut bytes = "漢".as_bytes()[..2].to_vec();
        assert_eq!(take(&mut bytes, false), None);
    }
}
