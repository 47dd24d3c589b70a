//! Which requests get in: with some credentials and an origin, each sent as rarely as possible.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::admission::{Admission, Entry};
use super::answer::{Answer, Reply};
use super::auditor::Auditor;
use super::reaction::Taken;
use super::request::{self, With};
use super::verdict::Untested;
use super::wire::{Seen, Wire};

/// How long a connection must stay open to count as let in: servers that check after the upgrade close at once.
const SETTLE: Duration = Duration::from_millis(250);
/// The same before a finding: some servers ask a database first.
const CONFIRM: Duration = Duration::from_millis(1200);

impl Auditor {
    /// Remembers that the connection of the baseline was let in.
    pub(super) fn admitted(&mut self, admission: Admission) {
        let origin = self.base().offer.origin.clone();
        self.admissions
            .put((With::All, origin), &Rc::new(admission));
    }

    /// A request with these credentials and this origin, sent once.
    pub(super) async fn admit(
        &mut self,
        with: With,
        origin: Option<&str>,
    ) -> Result<Rc<Admission>, Untested> {
        let asked = (with, origin.map(str::to_owned));
        if let Some(known) = self.admissions.get(&asked) {
            return Ok(known);
        }
        let admission = Rc::new(self.admit_for(with, origin, SETTLE).await?);
        self.admissions.put(asked, &admission);
        Ok(admission)
    }

    /// The same; a connection that opens is watched for longer, as some servers look at an origin only after the upgrade.
    pub(super) async fn admit_surely(
        &mut self,
        with: With,
        origin: Option<&str>,
    ) -> Result<Rc<Admission>, Untested> {
        let first = self.admit(with, origin).await?;
        let asked = (with, origin.map(str::to_owned));
        if !first.is_in() || self.admissions.sure.contains(&asked) {
            return Ok(first);
        }
        let mut longer = self.confirm(with, origin).await?;
        if !longer.is_in() {
            // A server may close every connection that sends nothing.
            let own = self.base().offer.origin.clone();
            if !self.confirm(With::All, own.as_deref()).await?.is_in() {
                longer.entry = Entry::Unclear("the server closes every silent connection".into());
            }
        }
        let longer = Rc::new(longer);
        self.admissions.put(asked.clone(), &longer);
        self.admissions.sure.push(asked);
        Ok(longer)
    }

    /// Asks once more, and watches for longer.
    pub(super) async fn confirm(
        &mut self,
        with: With,
        origin: Option<&str>,
    ) -> Result<Admission, Untested> {
        self.admit_for(with, origin, CONFIRM).await
    }

    /// A request that must stay open for `settle` to be in; one whose connection is dropped is sent twice.
    pub(super) async fn admit_for(
        &mut self,
        with: With,
        origin: Option<&str>,
        settle: Duration,
    ) -> Result<Admission, Untested> {
        let (first, is_dropped) = self.admit_once(with, origin, settle).await?;
        if !is_dropped {
            return Ok(first);
        }
        // A server or a proxy that drops now and then refuses nobody.
        let (second, _) = self.admit_once(with, origin, settle).await?;
        Ok(second)
    }

    /// Also whether the connection ended without an answer, or without a Close.
    async fn admit_once(
        &mut self,
        with: With,
        origin: Option<&str>,
        settle: Duration,
    ) -> Result<(Admission, bool), Untested> {
        let mut options = request::with(self.base(), with);
        options.offer.origin = origin.map(str::to_owned);
        let mut answer = self.ask(&options).await?;
        if let Some(wire) = answer.wire.take() {
            let admission = self.settle(wire, settle).await?;
            let is_dropped = !admission.is_in() && !admission.is_closed;
            return Ok((admission, is_dropped));
        }
        let is_dropped = !matches!(answer.reply, Reply::Head(_));
        let admission = Admission {
            entry: refused(&answer),
            trace: answer.trace,
            is_closed: false,
        };
        Ok((admission, is_dropped))
    }

    /// Whether an open connection stays open.
    pub(super) async fn settle(
        &mut self,
        mut wire: Wire,
        settle: Duration,
    ) -> Result<Admission, Untested> {
        let until = Instant::now() + settle;
        let mut is_closed = false;
        let entry = loop {
            match wire.next(until).await? {
                Seen::Close(code, _) if !self.ends_soon => {
                    let brief = Taken::Closed(code).brief();
                    is_closed = true;
                    break Entry::Out(format!("101, then {brief}"));
                }
                Seen::End(end) if !self.ends_soon => break Entry::Out(format!("101, then {end}")),
                Seen::Close(..) | Seen::End(_) | Seen::Silence => break Entry::In,
                Seen::Data | Seen::Ping(_) | Seen::Pong(_) => {}
            }
        };
        let trace = wire.trace.clone();
        wire.leave().await;
        Ok(Admission {
            entry,
            trace,
            is_closed,
        })
    }
}

fn refused(answer: &Answer) -> Entry {
    let brief = answer.brief();
    match (&answer.reply, answer.status()) {
        (Reply::Head(_), Some(300..=499)) | (Reply::Ended(_) | Reply::Tls(_), _) => {
            Entry::Out(brief)
        }
        _ => Entry::Unclear(format!(
            "the server answers {brief}, which says nothing about it"
        )),
    }
}
