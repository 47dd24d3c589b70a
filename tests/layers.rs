//! The layers of the crate's documentation, held against the files under `src/`.
//!
//! Lines are read as text: unit tests and comment lines are skipped, nothing else is understood.

mod circles;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The layers, highest first: a module imports only from layers below its own.
const LAYERS: &[&[&str]] = &[
    &["run"],
    &["config"],
    &["cli"],
    &["prompt", "pipe", "serve", "proxy", "runner", "audit"],
    &["console"],
    &["speaker"],
    &["acceptor"],
    &["observe", "outbox", "matching"],
    &["memory"],
    &["record"],
    &["scenario"],
    &["fault"],
    &["session", "command"],
    &["ontop"],
    &["render"],
    &["event"],
    &["dial"],
    &[
        "proto",
        "atomic_file",
        "filter",
        "home",
        "term",
        "secret",
        "cookie",
        "duration",
        "size",
        "text",
        "diagnostic",
        "exit",
    ],
    &["sys"],
];

/// Modules, and what they never see though it is in a layer below: events connect the two.
const UNSEEN: &[(&str, &str)] = &[("session", "render")];

/// The files above all layers.
const ROOTS: &[&str] = &["lib.rs", "main.rs"];

/// Words that have their place, or several.
const WORDS: &[Words] = &[
    Words {
        words: &["unsafe", "process::exit", "process::abort"],
        place: Place::Nowhere,
    },
    Words {
        words: &[
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "dbg!",
            "io::stdin()",
            "io::stdout()",
            "io::stderr()",
        ],
        place: Place::Only(&["term/", "sys/"]),
    },
    Words {
        words: &[
            "target_os",
            "target_family",
            "target_vendor",
            "cfg(unix)",
            "cfg(windows)",
            "cfg!(unix)",
            "cfg!(windows)",
            "os::unix",
            "os::fd",
            "os::windows",
            "signal::unix",
            "signal::windows",
            "rustix",
            "winapi_util",
        ],
        place: Place::Only(&["sys/"]),
    },
    Words {
        words: &[
            "Instant::now",
            "SystemTime::now",
            "Zoned::now",
            "Timestamp::now",
        ],
        place: Place::Only(&[
            "run/",
            "session/",
            "dial/",
            "fault/",
            "acceptor/",
            "serve/",
            "proxy/",
            "runner/",
            "audit/",
        ]),
    },
    Words {
        words: &["env::", "std::env"],
        place: Place::Only(&["config/environment.rs", "main.rs"]),
    },
    Words {
        words: &["tokio"],
        place: Place::NotIn(&["proto/", "ontop/", "render/", "cli/", "config/", "event.rs"]),
    },
];

struct Words {
    words: &'static [&'static str],
    place: Place,
}

#[derive(Debug)]
enum Place {
    Nowhere,
    Only(&'static [&'static str]),
    NotIn(&'static [&'static str]),
}

impl Place {
    fn admits(&self, path: &str) -> bool {
        let is_in = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
        match self {
            Self::Nowhere => false,
            Self::Only(places) => is_in(places),
            Self::NotIn(places) => !is_in(places),
        }
    }
}

#[test]
fn modules_import_only_from_layers_below() {
    hold(|file, line| {
        let module = module(&file.path);
        if ROOTS.contains(&file.path.as_str()) {
            return Vec::new();
        }
        let imports = imports(line).filter(|import| *import != module);
        imports.filter_map(|it| broken_import(module, it)).collect()
    });
}

#[test]
fn words_stay_in_their_places() {
    hold(|file, line| {
        let rules = WORDS.iter().filter(|rule| !rule.place.admits(&file.path));
        let found = rules.flat_map(|rule| {
            let words = rule.words.iter().filter(|word| has_word(line, word));
            words.map(|word| format!("{word} has its place: {:?}", rule.place))
        });
        found.collect()
    });
}

#[test]
fn flags_are_named_above_dial_and_proto() {
    hold(|file, line| {
        let is_below = ["dial/", "proto/"].map(|it| file.path.starts_with(it));
        let flags = flags(line).filter(|_| is_below.contains(&true));
        flags
            .map(|flag| format!("{flag} belongs in render::hint"))
            .collect()
    });
}

#[test]
fn the_scanner_sees_what_it_must() {
    let found: Vec<&str> =
        imports("use crate::event::Event; fn f(_: crate::dial::Trace)").collect();
    assert_eq!(found, ["event", "dial"]);
    assert!(broken_import("render", "session").is_some());
    assert!(broken_import("session", "render").is_some());
    assert!(broken_import("proto", "exit").is_some());
    assert!(broken_import("pipe", "prompt").is_some());
    assert!(broken_import("pipe", "session").is_none());
    assert!(has_word("    let now = Instant::now();", "Instant::now"));
    assert!(!has_word("use tokio_rustls::rustls;", "tokio"));
    assert!(!has_word("eprint!(\"\")", "print!"));
    assert!(has_word("#[cfg(unix)]", "cfg(unix)"));
    assert!(has_word("if cfg!(target_os = \"linux\")", "target_os"));
    let line = "\"--pass-it on\", b\"-----BEGIN\", x";
    assert_eq!(flags(line).collect::<Vec<_>>(), ["--pass-it"]);
    let source = "a\n// b\n#[cfg(test)]\nmod tests;\nc\n#[cfg(test)]\nmod tests {\nd\n";
    let lines: Vec<(usize, &str)> = code(source).collect();
    assert_eq!(
        lines,
        [
            (1, "a"),
            (3, "#[cfg(test)]"),
            (4, "mod tests;"),
            (5, "c"),
            (6, "#[cfg(test)]")
        ]
    );
}

/// Applies a rule to every line of code and fails with all that break it.
#[track_caller]
fn hold(rule: impl Fn(&File, &str) -> Vec<String>) {
    let mut broken = String::new();
    for file in &sources() {
        for (number, line) in code(&file.source) {
            for text in rule(file, line) {
                let _ = writeln!(broken, "src/{}:{number}: {text}", file.path);
            }
        }
    }
    assert!(broken.is_empty(), "the layers are broken:\n{broken}");
}

/// All files, without those of unit tests.
fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(
        files.len() > ROOTS.len(),
        "no modules in {}",
        root.display()
    );
    files
}

/// A file of the library or the binary; the path is relative to `src`.
struct File {
    path: String,
    source: String,
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            let source = fs::read_to_string(&path).expect("a source file");
            let path = path.strip_prefix(root).expect("a path below the root");
            let path = path.to_str().expect("UTF-8").replace('\\', "/");
            files.push(File { path, source });
        }
    }
}

/// The lines that are neither comments nor unit tests, numbered from 1.
fn code(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(source.lines());
    lines
        .take_while(|(_, line)| *line != "mod tests {")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The long flags in a line; two or more of five dashes, as in PEM, are none.
fn flags(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("--").filter_map(|(at, _)| {
        let rest = &line[at + 2..];
        let end = rest
            .find(|c: char| !c.is_ascii_lowercase() && c != '-')
            .unwrap_or(rest.len());
        let starts_here = !line[..at].ends_with('-') && !rest.starts_with('-');
        (starts_here && end > 0).then(|| &line[at..at + 2 + end])
    })
}

/// The top-level module a file belongs to.
fn module(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// What follows `crate::` in a line; empty for a brace, which hides what is imported.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        &rest[..end]
    })
}

fn broken_import(module: &str, import: &str) -> Option<String> {
    let Some(own) = layer(module) else {
        return Some(format!("{module} is in no layer"));
    };
    let Some(other) = layer(import) else {
        return Some(format!(
            "crate::{import} is in no layer; one `use` for each module"
        ));
    };
    if other <= own {
        return Some(format!("{module} imports {import}, which is not below it"));
    }
    let unseen = UNSEEN.contains(&(module, import));
    unseen.then(|| format!("{module} never sees {import}"))
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Whether `word` is in `line` and not just a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let ends_open = word.ends_with(is_word);
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let is_longer = before.is_some_and(is_word) || ends_open && after.is_some_and(is_word);
        !is_longer
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
