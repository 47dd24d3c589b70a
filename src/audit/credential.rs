//! What credentials are good for, and where they go.

use std::future::ready;

use super::auditor::Auditor;
use super::check::{Check, Group};
use super::cure;
use super::options::Level;
use super::request::{With, has_credentials, only_in_query};
use super::severity::{Severity, Sure};
use super::trace::Trace;
use super::verdict::{Judged, found, passed, untested};
use crate::proto::http1::Head;
use crate::render::quantity;

pub(super) const GROUP: Group = Group {
    name: "credential",
    about: "What the given credentials are good for, and where they go",
    checks: &[
        Check {
            id: "credential-none",
            level: Level::Polite,
            severity: Severity::Low,
            title: "The upgrade does not need the credentials that were given",
            rule: "WSTG-ATHN-04, CWE-306",
            about: "Repeats the upgrade without the credentials that were given. A finding if it gets in and is still open after --idle-budget: the server asks for them later than that, in a message, or not at all, and which of both cannot be seen from outside. A server that waits for a login in the first message closes connections without one soon.",
            risk: "Anybody with the URL connects and sees what the server sends before it asks for a login, if it ever does.",
            cures: cure::LOGIN,
            connections: 1,
            run: |it| Box::pin(none(it)),
        },
        Check {
            id: "credential-query",
            level: Level::Polite,
            severity: Severity::Low,
            title: "The only credentials are in the URL, which logs and proxies keep",
            rule: "CWE-598, RFC 6750 §5.3",
            about: "A token in the query ends up in the logs of servers and proxies and in histories. A finding if it is the only credential, and the server refuses the upgrade without it.",
            risk: "A reader of a log, a history or a Referer with the URL connects as the user.",
            cures: cure::SECRET_IN_URL,
            connections: 4,
            run: |it| Box::pin(query(it)),
        },
        Check {
            id: "credential-cookie",
            level: Level::Polite,
            severity: Severity::Low,
            title: "A session cookie of the handshake lacks a flag",
            rule: "RFC 6265 §4.1.2, CWE-614, CWE-1004, CWE-1275",
            about: "Looks at Set-Cookie in the answers to the upgrade, as far as the name is that of a session or a token. HttpOnly keeps scripts from reading it, Secure (on a server with TLS) keeps it off plain connections, SameSite keeps it from requests of other sites.",
            risk: "A script in the page reads the cookie, a plain connection shows it, or another site makes the browser send it.",
            cures: cure::COOKIE,
            connections: 0,
            run: |it| Box::pin(ready(cookie(it))),
        },
    ],
};

async fn none(it: &mut Auditor) -> Judged {
    it.agreed()?;
    if !has_credentials(it.base()) {
        return untested("no credentials were given");
    }
    let origin = it.base().offer.origin.clone();
    let patience = it.options.idle_budget;
    let admission = it
        .admit_for(With::Nothing, origin.as_deref(), patience)
        .await?;
    if !admission.decided()? {
        return passed(admission.brief());
    }
    if only_in_query(it.base()) || it.ends_soon {
        return untested(
            "the upgrade gets in without them; whether they are asked for later is not seen",
        );
    }
    let evidence = format!(
        "without the credentials: 101, and open for {}; unless the server asks for them in a later message",
        quantity::duration(patience)
    );
    found(Severity::Low, Sure::Likely, evidence, [admission.trace])
}

async fn query(it: &mut Auditor) -> Judged {
    it.agreed()?;
    if !has_credentials(it.base()) {
        return untested("no credentials were given");
    }
    if !only_in_query(it.base()) {
        return passed("the URL is not the only place of credentials");
    }
    if it.spent.is_some() {
        return passed("the URL lets in once, as a ticket should");
    }
    let origin = it.base().offer.origin.clone();
    let admission = it.admit(With::Nothing, origin.as_deref()).await?;
    if admission.decided()? {
        return passed("not needed in the URL");
    }
    // A server that refuses now and then may not want them at all.
    let with = it.confirm(With::All, origin.as_deref()).await?;
    let without = it.confirm(With::Nothing, origin.as_deref()).await?;
    if !with.decided()? || without.decided()? {
        return untested("the server answers the same request in different ways");
    }
    let evidence = format!("without the secrets in the query: {}", without.brief());
    found(Severity::Low, Sure::Certain, evidence, [without.trace])
}

/// Names of cookies that hold a session or a token have one of these in them, …
const SESSIONS: [&str; 3] = ["sessid", "session", "token"];
/// … or are, up to punctuation, one of these.
const WORDS: [&str; 5] = ["auth", "jwt", "sess", "sid", "sso"];
/// A page sends such a token in a field of its own, so that its script has to read it.
const FOR_SCRIPTS: [&str; 3] = ["csrf", "xsrf", "verification"];

fn cookie(it: &Auditor) -> Judged {
    let agreed = it.baseline.agreed.as_ref().map(|agreed| &agreed.response);
    let Some(head) = agreed.or(it.baseline.refusal.as_ref()) else {
        return untested("there is no answer to look at");
    };
    let cookies: Vec<Cookie> = head
        .values("Set-Cookie")
        .filter_map(Cookie::parse)
        .collect();
    if cookies.is_empty() {
        return untested("the server sets no session cookie");
    }
    let tls = it.base().target.tls;
    let lacking: Vec<String> = cookies
        .iter()
        .filter_map(|cookie| cookie.lacks(tls))
        .collect();
    if lacking.is_empty() {
        return passed("");
    }
    let trace = answer_alone(head);
    found(Severity::Low, Sure::Certain, lacking.join("; "), [trace])
}

fn answer_alone(head: &Head) -> Trace {
    let mut trace = Trace::default();
    trace.received.add_head(head.as_bytes());
    trace
}

fn is_session(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has_one_of = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    !has_one_of(&FOR_SCRIPTS) && (has_one_of(&SESSIONS) || words.any(|word| WORDS.contains(&word)))
}

struct Cookie {
    name: String,
    attributes: Vec<String>,
}

impl Cookie {
    /// A cookie whose name is that of a session, unless it is deleted.
    fn parse(value: &[u8]) -> Option<Self> {
        let value = String::from_utf8_lossy(value);
        let mut parts = value.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let attributes = parts.map(|part| part.trim().to_ascii_lowercase());
        let cookie = Self {
            name: name.trim().to_owned(),
            attributes: attributes.collect(),
        };
        let is_empty = matches!(value.trim(), "" | "\"\"" | "deleted");
        (is_session(name) && !is_empty && !cookie.is_deleted()).then_some(cookie)
    }

    /// Whether its time is over; Max-Age takes precedence over Expires (RFC 6265 §5.3).
    fn is_deleted(&self) -> bool {
        let value = |name: &str| {
            let mut attributes = self.attributes.iter().rev();
            attributes.find_map(|it| {
                let (own, value) = it.split_once('=')?;
                (own.trim() == name).then(|| value.trim())
            })
        };
        match value("max-age").and_then(|age| age.parse::<i64>().ok()) {
            Some(age) => age <= 0,
            None => value("expires").is_some_and(is_long_ago),
        }
    }

    fn lacks(&self, tls: bool) -> Option<String> {
        let has = |name: &str| {
            self.attributes
                .iter()
                .any(|it| it.split('=').next() == Some(name))
        };
        let wanted = [("HttpOnly", true), ("Secure", tls), ("SameSite", true)];
        let lacking: Vec<&str> = wanted
            .into_iter()
            .filter(|(name, matters)| *matters && !has(&name.to_ascii_lowercase()))
            .map(|(name, _)| name)
            .collect();
        (!lacking.is_empty())
            .then(|| format!("cookie {} without {}", self.name, lacking.join(", ")))
    }
}

/// Whether a date is one that deletes a cookie, which programs take from the first years of Unix.
fn is_long_ago(date: &str) -> bool {
    let words = date.split(|c: char| !c.is_ascii_digit());
    words
        .filter_map(|word| word.parse::<u16>().ok())
        .any(|year| (1900..2000).contains(&year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cookies_of_sessions_need_flags() {
        let lacks = |value: &str, tls| Cookie::parse(value.as_bytes()).and_then(|it| it.lacks(tls));
        for name in ["theme", "sidebar", "author", "XSRF-TOKEN", "last_login"] {
            assert_eq!(lacks(&format!("{name}=x"), true), None, "{name}");
        }
        assert_eq!(
            lacks("PHPSESSID=x; path=/; HttpOnly; SameSite=Lax", false),
            None
        );
        assert_eq!(lacks("sid=; Max-Age=0", true), None);
        for deleted in [
            "PHPSESSID=deleted; Max-Age=0",
            "sessionid=\"\"; Max-Age=0",
            "sid=x; Max-Age=0",
            "sid=x; expires=Thu, 01 Jan 1970 00:00:00 GMT",
        ] {
            assert_eq!(lacks(deleted, true), None, "{deleted}");
        }
        let kept = "sid=x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert!(lacks(kept, true).is_some());
        let all = "cookie connect.sid without HttpOnly, Secure, SameSite";
        assert_eq!(lacks("connect.sid=x", true).as_deref(), Some(all));
    }
}
