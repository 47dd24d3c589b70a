//! Requests whose URL or field grows.

use crate::audit::answer::Reply;
use crate::audit::auditor::Auditor;
use crate::audit::raw::{Raw, changed};
use crate::audit::severity::{Severity, Sure};
use crate::audit::trace::Trace;
use crate::audit::verdict::{Judged, Untested, found, passed, untested};
use crate::render::quantity;

/// In bytes: what every server takes, unless it minds the addition itself.
const SMALL: usize = 16;
/// Servers begin to refuse between 8 KiB and, as those in Go do, 1 MiB.
const FIRST: usize = 8 << 10;
const LAST: usize = 2 << 20;
/// The most requests: the small one, those that double, and a plain one.
pub(super) const STEPS: u32 = 1 + (LAST / FIRST).ilog2() + 2;

pub(super) async fn url(it: &mut Auditor) -> Judged {
    grow(it, |raw, size| {
        let mark = if raw.target.contains('?') { '&' } else { '?' };
        raw.target = format!("{}{mark}wsee={}", raw.target, "a".repeat(size));
    })
    .await
}

pub(super) async fn field(it: &mut Auditor) -> Judged {
    grow(it, |raw, size| {
        let field = ("X-Wsee-Audit".to_owned(), "a".repeat(size));
        raw.fields.push(field);
    })
    .await
}

async fn grow(it: &mut Auditor, change: fn(&mut Raw, usize)) -> Judged {
    it.agreed()?;
    let small = changed(it, |raw| change(raw, SMALL)).await?;
    if !small.opens() {
        let brief = small.brief();
        return untested(format!("the addition of a few bytes is refused: {brief}"));
    }
    it.provocations += 1;
    let (mut size, mut got_in) = (FIRST, SMALL);
    let mut last = Trace::default();
    while size <= LAST {
        let answer = changed(it, |raw| change(raw, size)).await;
        let answer = answer.map_err(|Untested(why)| {
            let (got_in, size) = (quantity::size(got_in as u64), quantity::size(size as u64));
            Untested(format!("{got_in} get in; at {size}: {why}"))
        })?;
        if !answer.opens() {
            let (got_in, size) = (quantity::size(got_in as u64), quantity::size(size as u64));
            let mut brief = answer.brief();
            if let Reply::Head(_) = answer.reply {
                brief = format!("answered with {brief}");
            } else {
                it.lives().await?;
            }
            return passed(format!("{brief} at {size}; {got_in} get in"));
        }
        (got_in, last) = (size, answer.trace);
        size *= 2;
    }
    let size = quantity::size(got_in as u64);
    let evidence = format!("{size} more get in, which is the most that is sent");
    found(Severity::Low, Sure::Certain, evidence, [last])
}
