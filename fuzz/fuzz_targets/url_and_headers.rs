//! Arguments and lines of input: nothing panics, and no field of a request has a second line.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wsee::cli::{Field, Subprotocols, words_of};
use wsee::command;
use wsee::config::header::{check_value, parse_headers, parse_subprotocols};
use wsee::config::target::Target;
use wsee::proto::handshake::client::Edit;
use wsee::proto::http1::Head;

fuzz_target!(|text: &str| {
    if let Ok(target) = Target::parse(text) {
        let start_line = format!("GET {} HTTP/1.1", target.request_target);
        let host = ("Host", target.host_header.as_str());
        has_fields(&Head::encode(&start_line, [host]), 1);
    }
    let args: Vec<String> = text.lines().map(str::to_owned).collect();
    let read = |_: &Path| Ok(text.to_owned());
    for args in [&args[..], &[text.to_owned()]] {
        let fields: Vec<Field> = args.iter().cloned().map(Field).collect();
        let edits = parse_headers("-H", &fields, read).unwrap_or_default();
        let fields = edits.iter().filter_map(|edit| match edit {
            Edit::Set { name, value } => Some((name.as_str(), value.as_str())),
            Edit::Remove { .. } => None,
        });
        let expected = fields.clone().count();
        has_fields(&Head::encode("GET / HTTP/1.1", fields), expected);
        let lists: Vec<Subprotocols> = args.iter().cloned().map(Subprotocols).collect();
        let _ = parse_subprotocols(&lists);
    }
    if check_value("value", text).is_ok() {
        assert!(!text.contains(['\r', '\n', '\0']));
    }
    let _ = words_of(text);
    let _ = command::parse(text);
});

/// Claims that the head has a line for the request, one for each field, and the empty one.
fn has_fields(head: &Head, fields: usize) {
    let bytes = head.as_bytes();
    let count = |wanted| bytes.iter().filter(|&&byte| byte == wanted).count();
    assert_eq!((count(b'\r'), count(b'\n')), (fields + 2, fields + 2));
    assert_eq!(count(0), 0);
}
