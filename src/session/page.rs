//! The socket of a browser's page, which the browser lists over HTTP.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::options::{Browser, Options};
use crate::event::{Event, Redirected};
use crate::text::cut;

/// How long a list may take: a server that is no browser may never answer what is no upgrade.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// The longest list: pages have URLs and icons with data in them.
pub(super) const LONGEST: usize = 4 << 20;
/// What names the browser itself, for one without a page.
const VERSION: &str = "/json/version";
/// How Chromium refuses a name that a page on the network may have made up.
const FORBIDDEN: &[u8] = b"Host header is specified";
/// How much of a title is shown, in bytes: half a line.
const TITLE: usize = 40;

/// Whether a browser refuses the name that was asked for.
pub(super) fn is_forbidden(body: &[u8]) -> bool {
    body.windows(FORBIDDEN.len()).any(|it| it == FORBIDDEN)
}

/// Where to ask, one after the other.
pub(super) fn lists(first: &str) -> impl Iterator<Item = &str> {
    let further = Some(VERSION).filter(|it| *it != first);
    std::iter::once(first).chain(further)
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    path: String,
    /// What it is, for people; not escaped yet.
    what: String,
}

/// The first page of a list, or what comes closest: a worker, the browser itself, a program.
pub(super) fn first(list: &[u8]) -> Option<Page> {
    let list: Value = serde_json::from_slice(list).ok()?;
    let path = |entry: &Value| {
        let url = Url::parse(entry["webSocketDebuggerUrl"].as_str()?).ok()?;
        matches!(url.scheme(), "ws" | "wss").then(|| url.path().to_owned())
    };
    let Value::Array(entries) = list else {
        let what = list["Browser"].as_str().unwrap_or("a browser");
        let what = format!("the browser itself, {}", cut(what, TITLE));
        return path(&list).map(|path| Page { path, what });
    };
    let of = |is_wanted: fn(&Value) -> bool| {
        let mut found = entries
            .iter()
            .filter(|it| is_wanted(it) && path(it).is_some());
        found.next().map(|first| (first, found.count() + 1))
    };
    let pages = of(|it| it["type"] == "page");
    let (entry, count) = pages.or_else(|| of(|_| true))?;
    let kind = entry["type"].as_str().unwrap_or("page");
    let title = entry["title"].as_str().unwrap_or_default();
    let which = match count {
        1 => String::new(),
        count => format!("1 of {count}, "),
    };
    Some(Page {
        path: path(entry)?,
        what: format!("{} {which}{:?}", cut(kind, TITLE), cut(title, TITLE)),
    })
}

impl Page {
    /// The same server with its path: a browser behind a tunnel names an address that leads elsewhere.
    pub(super) fn at(self, options: &Options, observe: &mut dyn FnMut(Event<'_>)) -> Options {
        let mut next = options.clone();
        next.browser = Some(Browser::Page);
        next.url.set_path(&self.path);
        next.url.set_query(None);
        next.offer.target = self.path;
        observe(Event::Redirected(&Redirected {
            status: 200,
            to: next.url.to_string(),
            credentials_dropped: false,
            page: Some(self.what),
        }));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_is_found_by_its_path() {
        let entry = |kind: &str, id: u8| {
            format!(
                "{{\"type\":\"{kind}\",\"title\":\"T{id}\",\"webSocketDebuggerUrl\":\"ws://elsewhere:1/devtools/page/{id}\"}}"
            )
        };
        let [worker, a, b] = [entry("worker", 1), entry("page", 2), entry("page", 3)];
        for (list, path, what) in [
            (
                format!("[{worker},{a},{b}]"),
                "/devtools/page/2",
                "page 1 of 2, \"T2\"",
            ),
            (format!("[{a}]"), "/devtools/page/2", "page \"T2\""),
            (format!("[{worker}]"), "/devtools/page/1", "worker \"T1\""),
            (
                "{\"Browser\":\"Chrome/1\",\"webSocketDebuggerUrl\":\"ws://h/devtools/browser/x\"}"
                    .to_owned(),
                "/devtools/browser/x",
                "the browser itself, Chrome/1",
            ),
        ] {
            let page = first(list.as_bytes()).expect(path);
            assert_eq!((page.path.as_str(), page.what.as_str()), (path, what));
        }
    }

    #[test]
    fn a_list_without_a_socket_has_no_page() {
        for list in [
            "",
            "[]",
            "7",
            "{}",
            "[[]]",
            "[{\"type\":\"page\"}]",
            "[{\"type\":\"page\",\"webSocketDebuggerUrl\":\"http://h/x\"}]",
            "[{\"type\":\"page\",\"webSocketDebuggerUrl\":7}]",
        ] {
            assert_eq!(first(list.as_bytes()), None, "{list}");
        }
    }
}
