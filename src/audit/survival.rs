//! Whether the server still takes connections after what may have ended it.

use std::time::Duration;

use super::auditor::Auditor;
use super::severity::{Severity, Sure};
use super::verdict::{Judged, Untested, found, passed, untested};

/// Between attempts to reach a server that may be starting again.
const PAUSE: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 3;

/// Connects again, some times within seconds if it has to; `after` says what was sent before.
pub(super) async fn survives(it: &mut Auditor, after: &str) -> Judged {
    it.agreed()?;
    it.lasts()?;
    if std::mem::take(&mut it.provocations) == 0 {
        return untested("nothing was sent before that could have ended the server");
    }
    let mut why = String::new();
    for _ in 0..ATTEMPTS {
        why = match alive(it).await? {
            None => return passed(""),
            Some(why) => why,
        };
        tokio::time::sleep(PAUSE).await;
    }
    found(
        Severity::High,
        Sure::Likely,
        format!(
            "{ATTEMPTS} more connections after {after}: {why}; unless a firewall keeps this machine out"
        ),
        [],
    )
}

/// Why the server seems to be gone; `None` if it answers.
async fn alive(it: &mut Auditor) -> Result<Option<String>, Untested> {
    it.forgive_all();
    let options = it.base().clone();
    let mut answer = match it.ask(&options).await {
        Ok(answer) => answer,
        // No budget is left, or the server asks for a pause.
        Err(why) if !it.has_failed() => return Err(why),
        Err(Untested(why)) => return Ok(Some(why)),
    };
    let brief = answer.brief();
    match (answer.wire.take(), answer.status()) {
        (Some(wire), _) => {
            wire.leave().await;
            Ok(None)
        }
        // A proxy without its server.
        (None, None | Some(502 | 504)) => Ok(Some(brief)),
        (None, Some(_)) => Err(Untested(format!("the server answers {brief}"))),
    }
}
