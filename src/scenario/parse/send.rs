use super::lines::Lines;
use crate::scenario::ast::Content;
use crate::scenario::error::{Mistake, Problem};
use crate::scenario::scan::Scan;
use crate::scenario::template::Template;

/// After `>`.
pub(super) fn text<'a>(lines: &mut Lines<'a>, scan: Scan<'a>) -> Result<Content, Mistake> {
    // One blank belongs to the arrow, and everything after it to the message.
    let message = scan.with(scan.rest.get(1..).unwrap_or_default());
    if let Some((text, rest)) = lines.block(message)? {
        rest.nothing("nothing may follow the end of the text")?;
        return Ok(Content::Text(message.template_of(&text)?));
    }
    match message.rest.strip_prefix('@') {
        Some(text) if text.starts_with('@') => message.with(text).template().map(Content::Text),
        Some(path) => file(message.with(path.trim()), false),
        None => message.template().map(Content::Text),
    }
}

/// After `body`: a text on the line, or several lines in quotes.
pub(super) fn block_or_line<'a>(
    lines: &mut Lines<'a>,
    scan: Scan<'a>,
) -> Result<Template, Mistake> {
    let text = scan.with(scan.rest.get(1..).unwrap_or_default());
    if let Some((block, rest)) = lines.block(text)? {
        rest.nothing("nothing may follow the end of the text")?;
        return text.template_of(&block);
    }
    text.template()
}

/// After `>b`.
pub(super) fn binary(scan: Scan<'_>) -> Result<Content, Mistake> {
    let scan = scan.trim();
    match scan.rest.strip_prefix('@') {
        Some(path) => file(scan.with(path.trim()), true),
        None => scan.bytes().map(Content::Binary),
    }
}

fn file(scan: Scan<'_>, binary: bool) -> Result<Content, Mistake> {
    if scan.is_empty() {
        let problem = "expected a file name after @; to start a text with @, write @@";
        return Err(scan.mistake(Problem::Missing(problem)));
    }
    let path = scan.template()?;
    Ok(Content::File { path, binary })
}
