//! A manual page as text, for terminals of systems without man.
//!
//! Only the requests that the pages of wsee have are known.

/// The indent of the body, and of what is below a term, in columns.
const INDENT: usize = 7;

/// The page in lines of at most `columns` columns, except lines that must not be filled.
pub(in crate::cli) fn text(roff: &str, columns: usize) -> String {
    let mut page = Page {
        columns: columns.max(4 * INDENT),
        out: String::new(),
        paragraph: String::new(),
        indent: INDENT,
        outer: Vec::new(),
        bullet: "",
        is_filled: true,
        is_term: false,
        is_below_heading: false,
    };
    for line in roff.lines() {
        page.line(line);
    }
    page.end();
    page.out
}

struct Page {
    columns: usize,
    out: String,
    /// The words of the paragraph that is being read.
    paragraph: String,
    indent: usize,
    /// The indents around `.RS`.
    outer: Vec<usize>,
    bullet: &'static str,
    is_filled: bool,
    /// The next line is the term of a `.TP`.
    is_term: bool,
    /// The last row is a heading, which no empty line follows.
    is_below_heading: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        let Some(request) = line.strip_prefix('.') else {
            return self.body(&plain(line));
        };
        self.end();
        let (name, args) = request.split_once(' ').unwrap_or((request, ""));
        match name {
            "SH" | "SS" => self.heading(name, args),
            "TP" => {
                self.gap();
                (self.indent, self.is_term) = (self.base(), true);
            }
            "PP" => {
                self.gap();
                self.indent = self.base();
            }
            "IP" => (self.indent, self.bullet) = (self.base() + 4, "•   "),
            "RS" => {
                self.outer.push(self.indent);
                self.indent = self.base();
            }
            "RE" => self.indent = self.outer.pop().unwrap_or(INDENT),
            "nf" => self.is_filled = false,
            "fi" => self.is_filled = true,
            _ => {}
        }
    }

    fn body(&mut self, text: &str) {
        if self.is_term {
            self.is_term = false;
            self.write(text);
            self.indent += INDENT;
        } else if !self.is_filled {
            self.write(text);
        } else if text.trim().is_empty() {
            self.end();
            self.gap();
        } else {
            self.paragraph.push_str(text);
            self.paragraph.push(' ');
        }
    }

    /// The indent of a paragraph here.
    fn base(&self) -> usize {
        INDENT * (self.outer.len() + 1)
    }

    fn heading(&mut self, name: &str, args: &str) {
        self.gap();
        self.outer.clear();
        self.indent = if name == "SS" { INDENT / 2 } else { 0 };
        self.write(&plain(args.trim_matches('"')));
        self.indent = INDENT;
        self.is_below_heading = true;
    }

    /// Writes the paragraph, broken at blanks.
    fn end(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let mut row = String::new();
        for word in paragraph.split_whitespace() {
            let width = self.indent + row.chars().count() + 1 + word.chars().count();
            if !row.is_empty() && width > self.columns {
                self.write(&row);
                row.clear();
            }
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(word);
        }
        if !row.is_empty() {
            self.write(&row);
        }
    }

    fn write(&mut self, row: &str) {
        if !row.is_empty() {
            // In front of the first row of its paragraph.
            let bullet = std::mem::take(&mut self.bullet);
            let indent = self.indent - bullet.chars().count();
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(bullet);
            self.out.push_str(row);
            self.is_below_heading = false;
        }
        self.out.push('\n');
    }

    /// An empty line, unless there is one.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") && !self.is_below_heading {
            self.out.push('\n');
        }
    }
}

/// The text without fonts and escapes.
fn plain(line: &str) -> String {
    const ESCAPES: [(&str, &str); 10] = [
        ("\\fB", ""),
        ("\\fI", ""),
        ("\\fR", ""),
        ("\\fP", ""),
        ("\\&", ""),
        ("\\-", "-"),
        ("\\(bu", "•"),
        ("\\(aq", "'"),
        ("\\*(Aq", "'"),
        ("\\ ", " "),
    ];
    let line = ESCAPES
        .iter()
        .fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
    line.replace("\\e", "\\").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::generate::man_pages;

    #[test]
    fn every_page_is_text_that_fits() {
        for (name, roff) in man_pages() {
            let text = text(&String::from_utf8_lossy(&roff), 80);
            assert!(text.starts_with("NAME\n       wsee"), "{name}: {text}");
            assert!(!text.contains("\n\n\n"), "{name}");
            for line in text.lines() {
                let is_long = line.chars().count() > 80 && line.trim().contains(' ');
                assert!(!is_long || line.starts_with("       \\"), "{name}: {line}");
                let is_roff = line.starts_with('.') || line.contains("\\f") || line.contains("\\-");
                assert!(!is_roff, "{name}: {line}");
            }
        }
    }

    #[test]
    fn terms_lists_and_examples_are_indented() {
        let roff = ".SH A \n.TP\n\\fB\\-v\\fR\nSay more, and\nmore.\n.RS 14\n.IP \\(bu 2\none\n.RE\n.PP\n.nf\n.RS\na  b\n.RE\n.fi\n";
        let expected = "A \n       -v\n              Say more, and more.\n              •   one\n\n              a  b\n";
        assert_eq!(text(roff, 80), expected);
    }
}
