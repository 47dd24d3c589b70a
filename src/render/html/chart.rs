//! Messages over time, as bars: sent below, received above.

use std::fmt::Write;
use std::time::Duration;

use super::Page;

/// Bars at most; half as many when the time has doubled.
const BARS: usize = 120;
/// The first width of a bar: shorter sessions have fewer bars.
const NARROWEST: Duration = Duration::from_millis(1);
/// In units of the drawing, which is scaled to the page.
const HEIGHT: u64 = 40;

/// Counts in a limited number of bars, whose width doubles as the time goes on.
#[derive(Debug, Clone)]
pub struct Chart {
    width: Duration,
    /// Sent and received.
    bars: Vec<[u64; 2]>,
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            width: NARROWEST,
            bars: Vec::new(),
        }
    }
}

impl Chart {
    pub fn add(&mut self, at: Duration, is_received: bool) {
        let mut bar = self.bar(at);
        while bar >= BARS {
            self.width = self.width.saturating_mul(2);
            self.bars = self.bars.chunks(2).map(sum).collect();
            bar = self.bar(at);
        }
        if self.bars.len() <= bar {
            self.bars.resize(bar + 1, [0; 2]);
        }
        self.bars[bar][usize::from(is_received)] += 1;
    }

    fn bar(&self, at: Duration) -> usize {
        let bar = at.as_nanos() / self.width.as_nanos().max(1);
        usize::try_from(bar).unwrap_or(usize::MAX)
    }

    /// The most messages in one bar, both directions, and the time that a bar is.
    pub fn peak(&self) -> (u64, Duration) {
        let most = self.bars.iter().map(|[sent, received]| sent + received);
        (most.max().unwrap_or(0), self.width)
    }

    /// Draws the bars, if there are enough to say something.
    pub fn draw(&self, page: &mut Page) {
        if self.bars.len() < 3 {
            return;
        }
        let tallest = self
            .bars
            .iter()
            .flatten()
            .copied()
            .max()
            .unwrap_or(0)
            .max(1);
        // As a viewer may not show the drawing, the numbers are above it, too.
        page.tag(
            "<svg role=\"img\" aria-label=\"messages over time\" preserveAspectRatio=\"none\" ",
        );
        let mut drawn = format!("viewBox=\"0 0 {} {}\">\n", self.bars.len(), 2 * HEIGHT);
        for (direction, class) in ["o", "i"].into_iter().enumerate() {
            let _ = write!(drawn, "<path class=\"{class}\" d=\"");
            for (at, bar) in self.bars.iter().enumerate() {
                // At least visible.
                let height = (bar[direction] * HEIGHT).div_ceil(tallest);
                let top = if direction == 0 {
                    HEIGHT
                } else {
                    HEIGHT - height
                };
                if height > 0 {
                    let _ = write!(drawn, "M{at} {top}h1v{height}h-1z");
                }
            }
            drawn.push_str("\"/>\n");
        }
        page.out.push_str(&drawn);
        page.tag("</svg>\n");
    }
}

fn sum(pair: &[[u64; 2]]) -> [u64; 2] {
    pair.iter().fold([0; 2], |[a, b], [c, d]| [a + c, b + d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_of_any_length_has_a_limited_number_of_bars() {
        let mut chart = Chart::default();
        for at in 0..10_000 {
            chart.add(Duration::from_millis(at * 37), at % 4 == 0);
        }
        assert!(chart.bars.len() <= BARS && chart.bars.len() > BARS / 2);
        assert_eq!(sum(&chart.bars), [7_500, 2_500]);
        chart.add(Duration::MAX, true);
        assert!(chart.bars.len() <= BARS);
        assert_eq!(sum(&chart.bars), [7_500, 2_501]);
    }

    #[test]
    fn a_bar_is_never_taller_than_the_chart() {
        let mut chart = Chart::default();
        for at in [0, 0, 0, 1, 2, 3] {
            chart.add(Duration::from_millis(at), at == 1);
        }
        let mut page = Page::new("");
        page.take();
        chart.draw(&mut page);
        let html = page.take();
        assert!(html.contains("M0 40h1v40h-1z"), "{html}");
        assert!(html.contains("M1 26h1v14h-1z"), "{html}");
        assert_eq!(chart.peak(), (3, Duration::from_millis(1)));
    }
}
