//! No circles inside a module: its children import each other in one direction only.
//!
//! The children of a module are compared as wholes: what a file below `dial/proxy/` imports counts as an import of
//! `dial::proxy`. If `error` imports `route`, no chain of imports may lead from `route` back to `error`. A module
//! and what is below it are one thing: a child may import what its parent defines, although the parent uses the
//! child. What a parent only re-exports counts as an import from where it is defined.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{File, code, is_word, sources};

type Path = Vec<String>;

#[test]
fn children_of_a_module_import_each_other_in_one_direction() {
    let mut found = String::new();
    for circle in circles(&sources()) {
        let _ = writeln!(found, "{}", circle.text());
    }
    assert!(found.is_empty(), "circles of imports:\n{found}");
}

#[test]
fn a_circle_is_found_through_reexports_and_nested_files() {
    let file = |path: &str, source: &str| File {
        path: path.to_owned(),
        source: source.to_owned(),
    };
    let files = [
        file(
            "a/mod.rs",
            "mod b;\nmod c;\nmod d;\npub use b::B;\npub struct A;\n",
        ),
        file("a/b.rs", "use super::{\n    A,\n    c::{self, C},\n};\n"),
        file("a/c/mod.rs", "mod deep;\n"),
        file("a/c/deep.rs", "fn f() -> super::super::B {}\n"),
        file(
            "a/d.rs",
            "use super::B;\nmod tests {\nuse crate::a::c::C;\n",
        ),
    ];
    let circles = circles(&files);
    let [circle] = circles.as_slice() else {
        panic!("{} circles", circles.len());
    };
    assert_eq!(circle.module, "a");
    assert_eq!(circle.children, ["b", "c"]);
    assert_eq!(
        circle.text(),
        "a: b ↔ c\n  src/a/b.rs:1 imports a::c\n  src/a/c/deep.rs:1 imports a::b"
    );
}

/// Children of one module, each of which leads to every other.
struct Circle {
    module: String,
    children: Vec<String>,
    imports: Vec<String>,
}

impl Circle {
    fn text(&self) -> String {
        let children = self.children.join(" ↔ ");
        format!(
            "{}: {children}\n  {}",
            self.module,
            self.imports.join("\n  ")
        )
    }
}

/// The imports among the children of one module: from, to, and the first place of each.
type Graph = BTreeMap<(String, String), String>;

fn circles(files: &[File]) -> Vec<Circle> {
    let crate_ = Crate::new(files);
    let mut graphs: BTreeMap<Path, Graph> = BTreeMap::new();
    for (module, import, place) in crate_.imports(files) {
        let shared = module
            .iter()
            .zip(&import)
            .take_while(|(a, b)| a == b)
            .count();
        // The layers hold for the crate's own children; one of the two may be the other's ancestor.
        if shared == 0 || shared == module.len() || shared == import.len() {
            continue;
        }
        let edge = (module[shared].clone(), import[shared].clone());
        let graph = graphs.entry(module[..shared].to_vec()).or_default();
        graph
            .entry(edge)
            .or_insert_with(|| format!("{place} imports {}", import[..=shared].join("::")));
    }
    graphs
        .iter()
        .flat_map(|(module, graph)| circles_in(module, graph))
        .collect()
}

fn circles_in(module: &[String], graph: &Graph) -> Vec<Circle> {
    let mut circles: Vec<Circle> = Vec::new();
    for (child, _) in graph.keys() {
        let ahead = reachable(child, graph);
        let is_new = circles
            .iter()
            .all(|circle| !circle.children.contains(child));
        if !ahead.contains(child) || !is_new {
            continue;
        }
        let circle = |other: &&String| reachable(other, graph).contains(child);
        let children: Vec<String> = ahead.iter().filter(circle).cloned().collect();
        let inside = graph
            .iter()
            .filter(|((a, b), _)| children.contains(a) && children.contains(b));
        let imports = inside.map(|(_, text)| text.clone()).collect();
        circles.push(Circle {
            module: module.join("::"),
            children,
            imports,
        });
    }
    circles
}

/// Every child to which a chain of imports leads from `start`, which is one itself if it is in a circle.
fn reachable(start: &str, graph: &Graph) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![start.to_owned()];
    while let Some(child) = open.pop() {
        for ((_, to), _) in graph.iter().filter(|((from, _), _)| *from == child) {
            if found.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    found
}

/// The modules of the crate, each with the paths that its `use` lines give a name.
struct Crate {
    modules: BTreeMap<Path, BTreeMap<String, Path>>,
}

impl Crate {
    fn new(files: &[File]) -> Self {
        let mut modules: BTreeMap<Path, BTreeMap<String, Path>> = files
            .iter()
            .map(|file| (module_path(file), BTreeMap::new()))
            .collect();
        for file in files {
            let module = module_path(file);
            let uses = paths(&file.source).filter(|path| path.is_use);
            let names = uses.filter_map(|path| {
                let name = path.segments.last()?.clone();
                Some((name, absolute(&module, &path.segments, &modules)?))
            });
            let names = names.collect();
            modules.insert(module, names);
        }
        Self { modules }
    }

    /// The module in which each file's imports are defined, and where they are written.
    fn imports(&self, files: &[File]) -> Vec<(Path, Path, String)> {
        let mut imports = Vec::new();
        for file in files {
            let module = module_path(file);
            for path in paths(&file.source) {
                let import = absolute(&module, &path.segments, &self.modules);
                if let Some(import) = import.and_then(|import| self.defining(import, 0)) {
                    let place = format!("src/{}:{}", file.path, path.line);
                    imports.push((module.clone(), import, place));
                }
            }
        }
        imports
    }

    /// The module that defines the last name of `path`, whatever re-exports it.
    fn defining(&self, path: Path, depth: usize) -> Option<Path> {
        let longest = (0..=path.len())
            .rev()
            .find(|end| self.modules.contains_key(&path[..*end]))?;
        let module = &path[..longest];
        let Some(name) = path.get(longest) else {
            return Some(path);
        };
        match self.modules[module].get(name) {
            // A name can be re-exported by some modules in a row.
            Some(target) if *target != path && depth < 8 => {
                let rest = path[longest + 1..].iter().cloned();
                self.defining(target.iter().cloned().chain(rest).collect(), depth + 1)
            }
            _ => Some(module.to_vec()),
        }
    }
}

fn module_path(file: &File) -> Path {
    let path = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let path = path.split('/').map(str::to_owned);
    path.filter(|name| name != "lib" && name != "main")
        .collect()
}

/// A path from the crate's root; `None` for another crate's.
fn absolute(
    module: &[String],
    segments: &[String],
    modules: &BTreeMap<Path, BTreeMap<String, Path>>,
) -> Option<Path> {
    let mut base = module.to_vec();
    let mut segments = segments.iter().peekable();
    let first = segments.peek()?.as_str();
    if first == "crate" {
        base.clear();
        segments.next();
    } else if first == "self" || first == "super" {
        while let Some(step) = segments.next_if(|it| *it == "self" || *it == "super") {
            if step == "super" {
                base.pop();
            }
        }
    } else {
        let child: Path = module.iter().chain([*segments.peek()?]).cloned().collect();
        modules.get(&child)?;
    }
    base.extend(segments.cloned());
    Some(base)
}

/// A path as it is written: all of a `use`, with its braces resolved, or one that starts with `crate` or `super`.
struct Written {
    segments: Path,
    line: usize,
    is_use: bool,
}

fn paths(source: &str) -> impl Iterator<Item = Written> {
    let mut found = Vec::new();
    let mut statement: Option<(usize, String)> = None;
    for (line, text) in code(source) {
        let start = text.trim_start().trim_start_matches("pub").trim_start();
        let start = match start
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
        {
            Some((_, rest)) => rest.trim_start(),
            None => start,
        };
        match (&mut statement, start.strip_prefix("use ")) {
            (Some((_, statement)), _) => statement.push_str(text.trim()),
            (None, Some(first)) => statement = Some((line, first.trim().to_owned())),
            (None, None) => found.extend(inline(text).map(|path| (line, path, false))),
        }
        if let Some((line, text)) = statement.take_if(|(_, text)| text.ends_with(';')) {
            let tree = text.trim_end_matches(';');
            found.extend(leaves(tree).into_iter().map(|path| (line, path, true)));
        }
    }
    found.into_iter().map(|(line, text, is_use)| Written {
        segments: text
            .split("::")
            .map(|name| name.trim().to_owned())
            .filter(|name| name != "*")
            .collect(),
        line,
        is_use,
    })
}

/// The paths of a `use` tree; a name after `as` takes the place of the last one.
fn leaves(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree).trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let parts = split_top_level(inside);
    let parts = parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .flat_map(|part| leaves(&format!("{prefix}{part}")))
        .collect()
}

/// The parts between the commas that are in no braces.
fn split_top_level(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts
}

/// The paths in a line that start with `crate::` or `super::`.
fn inline(line: &str) -> impl Iterator<Item = String> {
    let starts = ["crate::", "super::"].into_iter().flat_map(move |start| {
        line.match_indices(start)
            .filter(move |(at, _)| !line[..*at].ends_with(|c| is_word(c) || c == ':'))
    });
    starts.map(move |(at, _)| {
        let rest = &line[at..];
        let end = rest.find(|c| !is_word(c) && c != ':').unwrap_or(rest.len());
        rest[..end].trim_end_matches(':').to_owned()
    })
}
