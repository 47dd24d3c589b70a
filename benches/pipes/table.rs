//! The table of results, in Markdown.

use crate::client::{Client, Memory};
use crate::sample::Sample;
use crate::work::Work;

/// The samples of one client for one work.
pub(crate) struct Column {
    pub(crate) client: Client,
    pub(crate) samples: Vec<Sample>,
    /// Why there are no more of them.
    pub(crate) failure: Option<String>,
    /// Once is enough.
    pub(crate) is_slow: bool,
}

impl Column {
    /// The median of what `value` says of each sample.
    fn median(&self, value: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = self.samples.iter().filter_map(value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }

    fn figures(&self) -> Vec<f64> {
        (0..)
            .map_while(|i| self.median(|sample| sample.figures.get(i).copied()))
            .collect()
    }

    fn cpu(&self) -> Option<f64> {
        self.median(|sample| Some(sample.usage.cpu.as_secs_f64()))
    }

    /// A median in MiB.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn memory(&self, part: impl Fn(&Memory) -> u64) -> Option<f64> {
        self.median(|sample| {
            let used = part(&sample.usage.memory);
            (used > 0).then_some(used as f64 / f64::from(1 << 20))
        })
    }

    fn cell(&self) -> String {
        match &self.failure {
            Some(_) => "fails".to_owned(),
            None => join(&self.figures()),
        }
    }
}

/// The table's head.
pub(crate) fn head(peers: &[Client]) -> String {
    let columns = [
        "work",
        "unit",
        "limit",
        "wsee",
        "ratio",
        "target",
        "CPU ratio",
        "own limit, MiB",
        "own wsee, MiB",
        "at most",
        "RSS limit, MiB",
        "RSS wsee, MiB",
    ];
    let columns: Vec<&str> = columns
        .into_iter()
        .chain(peers.iter().map(|peer| peer.name()))
        .collect();
    let rule = "--:|".repeat(columns.len() - 2);
    format!("| {} |\n|---|---|{rule}", columns.join(" | "))
}

/// A row of the table; `judged` unless the run was too short to say anything of speed.
pub(crate) fn row(work: &Work, columns: &[Column], peers: &[Client], judged: bool) -> String {
    let of = |client| columns.iter().find(|column| column.client == client);
    let limits = [Client::Limit, Client::Zlib, Client::Http1];
    let limit = limits.into_iter().find_map(of);
    let wsee = of(Client::Wsee);
    let cell = |column: Option<&Column>| column.map_or_else(|| join(&[]), Column::cell);
    let own = |column: Option<&Column>| column.and_then(|column| column.memory(|it| it.own));
    let resident = |column: Option<&Column>| {
        let used = column.and_then(|column| column.memory(|it| it.resident));
        join(used.as_slice())
    };
    let mark = |is_met: bool| if is_met || !judged { "" } else { " ✗" };
    let ratios = ratios(limit, wsee, Column::figures);
    let met = !ratios.is_empty() && ratios.iter().all(|&ratio| work.is_met_by(ratio));
    let cpu = self::ratios(limit, wsee, |column| column.cpu().into_iter().collect());
    let mut cells = vec![
        work.name.to_owned(),
        work.unit().to_owned(),
        cell(limit),
        cell(wsee),
        format!("{}{}", join(&ratios), mark(met)),
        format!("{} {}", if work.is_time() { "≤" } else { "≥" }, work.target),
        join(&cpu),
        join(own(limit).as_slice()),
        format!(
            "{}{}",
            join(own(wsee).as_slice()),
            mark(own(wsee).is_none_or(|used| used <= work.memory()))
        ),
        format!("{}", work.memory()),
        resident(limit),
        resident(wsee),
    ];
    cells.extend(peers.iter().map(|&peer| cell(of(peer))));
    format!("| {} |", cells.join(" | "))
}

/// What `wsee` has for each of `limit`'s figures, in proportion.
fn ratios(
    limit: Option<&Column>,
    wsee: Option<&Column>,
    figures: impl Fn(&Column) -> Vec<f64>,
) -> Vec<f64> {
    let of = |column: Option<&Column>| column.map(&figures).unwrap_or_default();
    let pairs = of(wsee).into_iter().zip(of(limit));
    pairs.map(|(wsee, limit)| wsee / limit).collect()
}

fn join(figures: &[f64]) -> String {
    if figures.is_empty() {
        return "–".to_owned();
    }
    let texts: Vec<String> = figures.iter().map(|&figure| figure_text(figure)).collect();
    texts.join(" / ")
}

/// Three digits that count, or all of a whole number.
fn figure_text(figure: f64) -> String {
    match figure {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
