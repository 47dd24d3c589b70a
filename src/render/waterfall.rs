//! `--timing`: the phases of an opening as bars on one time axis.

use std::fmt::Write;
use std::time::Duration;

use super::quantity;
use super::style::{Role, Style};
use crate::event::{Opening, Phase, Span};

#[derive(Debug, Clone, Copy)]
pub struct Canvas {
    /// `None` if it is not a terminal.
    pub columns: Option<usize>,
    pub style: Style,
}

const LABELS: usize = 40;
/// The columns if it is not a terminal.
const PLAIN_COLUMNS: usize = 80;
/// Bars need at least this many columns.
const LEAST_BAR: usize = 10;
/// How many times longer than the opening the time axis may be: a first message may take hours.
const STRETCH: u32 = 4;

/// Writes a line for each phase, and one for the phase in progress at `end` if the connection did not open.
pub fn waterfall(out: &mut String, opening: &Opening, end: Duration, canvas: Canvas) {
    let spans = opening.spans();
    let done = spans.last().map_or(Duration::ZERO, |span| span.end);
    let failed = opening.opened().is_none().then_some((done, end.max(done)));
    let rows = spans
        .iter()
        .map(|span| (name(span.phase), span.start, span.end))
        .chain(failed.map(|(start, end)| ("not finished", start, end)));
    let last = failed.map_or(done, |(_, end)| end);
    let axis = Axis {
        length: axis_length(&spans, last),
        columns: bar_columns(canvas.columns),
        is_plain: canvas.columns.is_none(),
    };
    let head = format!("timing {:>21} {:>9}", "took", "done at");
    let _ = writeln!(out, "{}", canvas.style.paint(Role::Kind, head));
    for (name, start, end) in rows {
        let (took, at) = (
            quantity::duration(end.saturating_sub(start)),
            quantity::duration(end),
        );
        let label = format!("  {name:<14} {took:>11} {at:>9}");
        let bar = axis.bar(start, end);
        let line = format!("{label}  {}", canvas.style.paint(Role::Sent, bar));
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Resolve => "DNS",
        Phase::Tcp => "TCP",
        Phase::Unix => "Unix socket",
        Phase::ProxyTls => "proxy TLS",
        Phase::Tunnel => "proxy tunnel",
        Phase::Tls => "TLS",
        Phase::Upgrade => "upgrade",
        Phase::FirstMessage => "first message",
    }
}

fn bar_columns(columns: Option<usize>) -> usize {
    // The last column stays free, as some terminals wrap after it.
    let room = columns.unwrap_or(PLAIN_COLUMNS).saturating_sub(LABELS + 1);
    if room < LEAST_BAR { 0 } else { room }
}

fn axis_length(spans: &[Span], last: Duration) -> Duration {
    let opening = spans
        .iter()
        .rfind(|span| span.phase != Phase::FirstMessage)
        .map_or(last, |span| span.end);
    let has_message = spans
        .last()
        .is_some_and(|span| span.phase == Phase::FirstMessage);
    if has_message {
        last.min(opening.saturating_mul(STRETCH))
    } else {
        last
    }
}

struct Axis {
    length: Duration,
    columns: usize,
    is_plain: bool,
}

impl Axis {
    /// A bar from `start` to `end`, at least one column wide and cut at the end of the axis.
    fn bar(&self, start: Duration, end: Duration) -> String {
        if self.columns == 0 || self.length.is_zero() {
            return String::new();
        }
        let (from, is_cut) = (self.column(start), end > self.length);
        let from = from.min(self.columns - 1);
        let to = self.column(end).clamp(from + 1, self.columns);
        let (full, cut) = if self.is_plain {
            ("=", ">")
        } else {
            ("█", "▶")
        };
        let width = to - from - usize::from(is_cut);
        let mut bar = " ".repeat(from) + &full.repeat(width);
        if is_cut {
            bar.push_str(cut);
        }
        bar
    }

    fn column(&self, at: Duration) -> usize {
        let columns = u128::try_from(self.columns).unwrap_or_default();
        let column = at.as_nanos() * columns / self.length.as_nanos().max(1);
        usize::try_from(column).unwrap_or(self.columns)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::dial::Step;
    use crate::event::{Event, Open};
    use crate::proto::http1::Head;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// An opening with TCP done at 10 ms and, if it is opened, the upgrade at 20 ms.
    fn opening(opens: bool) -> Opening {
        let start = Instant::now();
        let mut opening = Opening::new("ws://h/", start);
        let address = "127.0.0.1:9".parse().unwrap();
        let connected = Step::Connected {
            address,
            local: address,
            took: ms(10),
        };
        opening.observe(&Event::Step(&connected), start + ms(10));
        if opens {
            let head = Head::encode("HTTP/1.1 101 x", []);
            opening.observe(&Event::Response(&head), start + ms(20));
            let open = Open {
                subprotocol: None,
                ignored_subprotocols: false,
                deflate: None,
                login: None,
                tolerated: Vec::new(),
                took: ms(20),
                is_polled: false,
                is_page: false,
            };
            opening.observe(&Event::Open(&open), start + ms(20));
        }
        opening
    }

    fn drawn(opening: &Opening, end: Duration, columns: Option<usize>) -> String {
        let mut out = String::new();
        let style = Style::new(false);
        waterfall(&mut out, opening, end, Canvas { columns, style });
        out
    }

    #[test]
    fn bars_follow_each_other_on_one_axis() {
        let text = drawn(&opening(true), ms(500), Some(LABELS + 1 + 10));
        assert_eq!(
            text,
            "timing                  took   done at\n\
             \x20 TCP                10.0 ms   10.0 ms  █████\n\
             \x20 upgrade            10.0 ms   20.0 ms       █████\n"
        );
    }

    #[test]
    fn a_late_first_message_does_not_hide_the_other_bars() {
        let mut opening = opening(true);
        opening.first_message(Duration::from_hours(1));
        let text = drawn(&opening, Duration::from_hours(1), Some(LABELS + 1 + 40));
        let bars: Vec<usize> = text
            .lines()
            .skip(1)
            .map(|line| line.matches(['█', '▶']).count())
            .collect();
        assert_eq!(bars, [5, 5, 30]);
        assert!(text.ends_with("▶\n"), "{text}");
    }

    #[test]
    fn a_waterfall_outside_a_terminal_is_ascii() {
        let text = drawn(&opening(true), ms(20), None);
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("  ===="), "{text}");
    }

    #[test]
    fn an_unfinished_phase_is_shown() {
        let text = drawn(&opening(false), ms(110), None);
        assert!(
            text.contains("not finished      100.0 ms  110.0 ms"),
            "{text}"
        );
        assert!(
            text.lines().all(|line| line.len() < PLAIN_COLUMNS),
            "{text}"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_numbers_only() {
        let text = drawn(&opening(true), ms(20), Some(LABELS));
        assert!(!text.contains('█'), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= LABELS),
            "{text}"
        );
    }
}
