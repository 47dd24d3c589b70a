//! Self-contained HTML pages, for reports that people attach to bug reports.
//!
//! Markup is `&'static str`, so nothing from a peer can become a part of it: other text goes through
//! the escaper, which also keeps it from steering the reader's browser or deceiving the reader.
//! The Content-Security-Policy admits this page's own style and script by their hashes, and loads nothing.

mod chart;
mod text;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

pub use chart::Chart;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Characters that are marked as escaped, a run of them at a time; later ones are only escaped.
///
/// Each mark is an element, and a hostile peer could send millions: browsers get slow above some 100 000.
const MARKS: u32 = 20_000;

/// A page that is written piece by piece; [`Page::take`] empties it in between.
#[derive(Debug)]
pub struct Page {
    out: String,
    marks: u32,
}

/// What can be hidden: a class of rows, and its name for people.
pub type Filter = (&'static str, &'static str);

impl Page {
    pub fn new(title: &str) -> Self {
        let mut page = Self {
            out: String::new(),
            marks: MARKS,
        };
        page.tag("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .tag("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
            .tag("base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; ");
        let policy = format!(
            "style-src 'sha256-{}'; script-src 'sha256-{}'",
            hash(STYLE),
            hash(SCRIPT)
        );
        page.out.push_str(&policy);
        page.tag("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .tag("<meta name=\"color-scheme\" content=\"light dark\">\n")
            .tag("<meta name=\"referrer\" content=\"no-referrer\">\n<title>")
            .line(title)
            .tag("</title>\n<style>")
            .tag(STYLE)
            .tag("</style>\n</head>\n<body>\n<h1>")
            .line(title)
            .tag("</h1>\n");
        page
    }

    pub fn tag(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text within a line.
    pub fn line(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        text::push(self, text.as_ref(), super::escape::Layout::Line);
        self
    }

    /// Text whose newlines and tabs are kept.
    pub fn payload(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        text::push(self, text.as_ref(), super::escape::Layout::Payload);
        self
    }

    /// A list of terms and what they are; values may have several lines.
    pub fn facts(&mut self, facts: &[(&'static str, String)]) -> &mut Self {
        self.tag("<dl>\n");
        for (term, value) in facts {
            self.tag("<dt>").tag(term).tag("</dt><dd>");
            self.payload(value).tag("</dd>\n");
        }
        self.tag("</dl>\n")
    }

    /// The search and the switches, which the script shows.
    pub fn tools(&mut self, filters: &[Filter]) -> &mut Self {
        self.tag("<form id=\"tools\" hidden>\n").tag(
            "<label>Search <input type=\"search\" id=\"search\" autocomplete=\"off\"></label>\n",
        );
        for (class, name) in filters {
            self.tag("<label><input type=\"checkbox\" checked value=\"");
            self.tag(class).tag("\"> ").tag(name).tag("</label>\n");
        }
        self.tag("<button type=\"button\" id=\"unfold\">Unfold all</button>\n")
            .tag("<button type=\"button\" id=\"fold\">Fold all</button>\n")
            .tag("<output id=\"count\"></output>\n</form>\n")
    }

    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    pub fn len(&self) -> usize {
        self.out.len()
    }

    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The rest of the page.
    pub fn end(mut self) -> String {
        self.tag("<footer>Written by wsee ")
            .tag(env!("CARGO_PKG_VERSION"))
            .tag("</footer>\n<script>")
            .tag(SCRIPT)
            .tag("</script>\n</body>\n</html>\n");
        self.out
    }
}

/// A hash as a policy has it (CSP Level 3 §2.3.1).
fn hash(content: &str) -> String {
    BASE64.encode(&Sha256::digest(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_nothing_and_runs_only_its_own_script() {
        let html = Page::new("<title> & \u{202e}").end();
        assert!(html.contains("default-src 'none'"), "{html}");
        assert!(!html.contains("unsafe-inline") && !html.contains("http://"));
        for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let (_, rest) = html.split_once(start).expect("an element");
            let (content, _) = rest.split_once(end).expect("its end");
            assert!(html.contains(&format!("'sha256-{}'", hash(content))));
        }
        assert!(html.contains("&lt;title&gt; &amp; <mark>\\u{202e}</mark>"));
        assert_eq!(html.matches("<title>").count(), 1);
    }

    #[test]
    fn style_and_script_have_no_end_tag_in_them() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
    }
}
