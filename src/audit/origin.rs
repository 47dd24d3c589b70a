//! Which pages get in: those of other origins, with and without what a browser adds by itself.
//!
//! An accepted foreign origin is no hole by itself: it is one where the cookie of a user makes the difference.

use super::admission::Admission;
use super::auditor::Auditor;
use super::check::{Check, Group};
use super::cure;
use super::options::Level;
use super::request::{Place, With, ambient, has_unknown};
use super::severity::{Severity, Sure};
use super::trace::Trace;
use super::verdict::{Judged, Untested, found, passed, untested};

const RULE: &str = "RFC 6455 §10.2, CWE-1385, WSTG-CLNT-10";

pub(super) const GROUP: Group = Group {
    name: "origin",
    about: "Which pages get in: those of other origins, with and without what a browser adds by itself. An origin that gets in is a hole only if the cookie or login of a user makes the difference",
    checks: &[
        Check {
            id: "origin-foreign",
            level: Level::Polite,
            severity: Severity::High,
            title: "A page of any origin connects as the user",
            rule: RULE,
            about: "Asks for an upgrade from a foreign origin with what a browser adds by itself (cookies, kept logins, client certificates), and without it. Only if the first gets in and the second does not, twice, any web page can act as a user that visits it (cross-site WebSocket hijacking). It is information where the upgrade also needs a part of the query or a subprotocol that may be a token.",
            risk: "A page that the user visits connects with the user's cookie, and reads and sends messages as the user.",
            cures: cure::ORIGINS,
            connections: 7,
            run: |it| Box::pin(foreign(it)),
        },
        Check {
            id: "origin-open",
            level: Level::Polite,
            severity: Severity::Info,
            title: "Pages of every origin get in, without credentials",
            rule: RULE,
            about: "The server asks for no origin and no credentials in the handshake. That is right for a public service; on a private network or on localhost it lets every web page that a user visits talk to the server.",
            risk: "A page that a user visits talks to a service on the user's own machine or network, out of reach for everybody else.",
            cures: cure::ORIGINS,
            connections: 2,
            run: |it| Box::pin(open(it)),
        },
        Check {
            id: "origin-suffix",
            level: Level::Polite,
            severity: Severity::High,
            title: "The list of origins accepts a domain that begins with the server's",
            rule: RULE,
            about: "HOST.foreign.example begins like an allowed origin, and belongs to another owner. A finding if it gets in where other foreign origins do not; high if credentials make the difference.",
            risk: "An attacker registers a domain whose name begins with the server's, and a page there connects as the user.",
            cures: cure::WHOLE_ORIGINS,
            connections: 6,
            run: |it| {
                Box::pin(trick(it, |own| {
                    Some(own.with_host(format!("{}.foreign.example", own.host)))
                }))
            },
        },
        Check {
            id: "origin-prefix",
            level: Level::Polite,
            severity: Severity::High,
            title: "The list of origins accepts a domain that ends with the server's",
            rule: RULE,
            about: "foreignDOMAIN ends like an allowed origin, and anybody can register it. A finding if it gets in where other foreign origins do not; high if credentials make the difference. Needs a host with a domain.",
            risk: "An attacker registers a domain whose name ends with the server's, and a page there connects as the user.",
            cures: cure::WHOLE_ORIGINS,
            connections: 6,
            run: |it| {
                Box::pin(trick(it, |own| {
                    if own.is_address() {
                        None
                    } else {
                        own.prefixed()
                    }
                }))
            },
        },
        Check {
            id: "origin-null",
            level: Level::Polite,
            severity: Severity::High,
            title: "The list of origins accepts null",
            rule: RULE,
            about: "Sandboxed frames and local files have the origin null, and any page can make one. A finding if it gets in where other foreign origins do not; high if credentials make the difference.",
            risk: "A page puts its script in a sandboxed frame, whose origin is null, and connects as the user.",
            cures: cure::NULL_ORIGIN,
            connections: 6,
            run: |it| Box::pin(trick(it, |_| Some("null".to_owned()))),
        },
        Check {
            id: "origin-scheme",
            level: Level::Polite,
            severity: Severity::Low,
            title: "The list of origins accepts http:// for a server with TLS",
            rule: RULE,
            about: "An attacker on the network can put a script into a page of the same host that has no TLS. A finding if a server with TLS lets http://HOST in where foreign origins do not get in.",
            risk: "An attacker on the network puts a script into a page of the host without TLS, and it connects as the user.",
            cures: cure::WHOLE_ORIGINS,
            connections: 4,
            run: |it| Box::pin(scheme(it)),
        },
        Check {
            id: "origin-port",
            level: Level::Polite,
            severity: Severity::Info,
            title: "Pages on other ports of the host get in",
            rule: RULE,
            about: "Another port is another origin, and cookies do not keep ports apart. A finding if it gets in where foreign origins do not.",
            risk: "Another program on the same host, such as one that is less well kept, serves a page that connects as the user.",
            cures: cure::WHOLE_ORIGINS,
            connections: 3,
            run: |it| Box::pin(relative(it, Relative::Port)),
        },
        Check {
            id: "origin-subdomain",
            level: Level::Polite,
            severity: Severity::Info,
            title: "Pages on every subdomain get in",
            rule: RULE,
            about: "A page on a subdomain that others can use, such as one for users' content, then connects as the user. A finding if a made-up subdomain gets in where foreign origins do not.",
            risk: "The owner of a subdomain, such as a forgotten one, serves a page there that connects as the user.",
            cures: cure::WHOLE_ORIGINS,
            connections: 3,
            run: |it| Box::pin(relative(it, Relative::Subdomain)),
        },
        Check {
            id: "origin-none",
            level: Level::Polite,
            severity: Severity::Info,
            title: "Requests without an Origin get in",
            rule: "RFC 6455 §10.2",
            about: "Browsers always send an Origin, other programs need not. The list of origins then protects users of browsers, as it should, and holds no other program back.",
            risk: "A program outside a browser connects without an Origin, as it could with any.",
            cures: cure::NO_ORIGIN,
            connections: 3,
            run: |it| Box::pin(none(it)),
        },
    ],
};

/// What a request of another page has with it.
fn column(it: &Auditor) -> With {
    if ambient(it.base()).is_empty() {
        With::Stranger
    } else {
        With::Ambient
    }
}

fn foreign_origin(own: &Place) -> String {
    own.with_host("foreign.example".to_owned())
}

async fn foreign(it: &mut Auditor) -> Judged {
    it.agreed()?;
    let origin = foreign_origin(&it.own()?);
    let column = column(it);
    let first = it.admit_surely(column, Some(&origin)).await?;
    if !first.decided()? {
        return passed(format!("a foreign origin: {}", first.brief()));
    }
    if column == With::Stranger {
        return untested(
            "no cookie or login was given, and whether one makes a difference is the question; give that of a user with -b or -u",
        );
    }
    let without = it.admit(With::Stranger, Some(&origin)).await?;
    if without.decided()? {
        return untested("a foreign origin gets in, and needs no credentials for that");
    }
    hijacked(it, &origin).await
}

const CHANGED: &str = "the server answers the same request in different ways";

/// Asks once more before it is said that credentials make the difference.
async fn hijacked(it: &mut Auditor, origin: &str) -> Judged {
    let with = it.confirm(With::Ambient, Some(origin)).await?;
    let without = it.confirm(With::Stranger, Some(origin)).await?;
    if !with.decided()? || without.decided()? {
        return untested(CHANGED);
    }
    let mut severity = Severity::High;
    let words = ambient(it.base());
    let mut depends = match words[..] {
        ["cookie"] => {
            "; unless the cookie has SameSite=Lax or Strict, with which browsers keep it back"
        }
        _ => "; unless browsers keep them back from pages of other origins",
    }
    .to_owned();
    // What may be a token is one unless the page gets in without it.
    if has_unknown(it.base()) && !it.confirm(With::Public, Some(origin)).await?.is_in() {
        severity = Severity::Info;
        depends.push_str(
            "; only with the query or subprotocol of the request, which may be a token that a foreign page does not know",
        );
    }
    let words = words.join(" and ");
    let evidence = format!(
        "Origin: {origin} with the {words}: 101, without: {}{depends}",
        without.brief()
    );
    found(
        severity,
        Sure::Likely,
        evidence,
        [with.trace, without.trace],
    )
}

async fn open(it: &mut Auditor) -> Judged {
    it.agreed()?;
    let origin = foreign_origin(&it.own()?);
    let admission = it.admit_surely(With::Stranger, Some(&origin)).await?;
    if admission.decided()? {
        let evidence = format!("Origin: {origin} without credentials: 101");
        return found(
            Severity::Info,
            Sure::Certain,
            evidence,
            [admission.trace.clone()],
        );
    }
    passed(admission.brief())
}

/// Where foreign origins are refused: an origin that only looks like the server's.
async fn trick(it: &mut Auditor, origin: fn(&Place) -> Option<String>) -> Judged {
    let Some(origin) = origin(&it.own()?) else {
        return untested("the host is an address, or a name that nobody else can register");
    };
    let column = refuses_foreign(it).await?;
    let admission = it.admit(column, Some(&origin)).await?;
    if !admission.decided()? {
        return passed(admission.brief());
    }
    if column == With::Ambient {
        let without = it.admit(With::Stranger, Some(&origin)).await?;
        if !without.decided()? {
            return hijacked(it, &origin).await;
        }
    }
    let evidence = format!("Origin: {origin}: 101, though a foreign one does not get in");
    listed(it, column, Some(&origin), Severity::Medium, evidence).await
}

/// Asks once more, for both: a server that refuses now and then has no list of origins.
async fn listed(
    it: &mut Auditor,
    column: With,
    origin: Option<&str>,
    severity: Severity,
    evidence: impl Into<String>,
) -> Judged {
    let foreign = foreign_origin(&it.own()?);
    let refused = it.confirm(column, Some(&foreign)).await?;
    let admission = it.confirm(column, origin).await?;
    if refused.decided()? || !admission.decided()? {
        return untested(CHANGED);
    }
    let traces: [Trace; 2] = [refused.trace, admission.trace];
    found(severity, Sure::Certain, evidence, traces)
}

/// The credentials with which foreign origins do not get in, so that there is a list of origins.
async fn refuses_foreign(it: &mut Auditor) -> Result<With, Untested> {
    it.agreed()?;
    let origin = foreign_origin(&it.own()?);
    let column = column(it);
    if it.admit_surely(column, Some(&origin)).await?.decided()? {
        return Err(Untested::because("every origin gets in"));
    }
    Ok(column)
}

#[derive(Debug, Clone, Copy)]
enum Relative {
    Port,
    Subdomain,
}

async fn relative(it: &mut Auditor, relative: Relative) -> Judged {
    let own = it.own()?;
    let origin = match relative {
        Relative::Subdomain if own.is_address() => {
            return untested("the host is an address");
        }
        Relative::Subdomain => own.with_host(format!("foreign.{}", own.host)),
        Relative::Port => {
            // A port that no server has by default, and another one if that is its own.
            let port = if own.port == Some(4711) { 4712 } else { 4711 };
            let port = Some(port);
            Place { port, ..own }.text()
        }
    };
    let column = refuses_foreign(it).await?;
    let admission = related(it, column, &origin).await?;
    if !admission.decided()? {
        return passed(admission.brief());
    }
    let evidence = format!("Origin: {origin}: 101, though a foreign one does not get in");
    listed(it, column, Some(&origin), Severity::Info, evidence).await
}

async fn scheme(it: &mut Auditor) -> Judged {
    it.has_tls()?;
    let own = it.own()?;
    if own.scheme != "https" {
        return untested("the own origin is not https://");
    }
    let scheme = "http".to_owned();
    let origin = Place { scheme, ..own }.text();
    let column = refuses_foreign(it).await?;
    let admission = related(it, column, &origin).await?;
    if !admission.decided()? {
        return passed(admission.brief());
    }
    let evidence = format!("Origin: {origin}: 101, though a foreign one does not get in");
    listed(it, column, Some(&origin), Severity::Low, evidence).await
}

/// Asks from a relative of the own origin, which itself must get in for that to mean anything.
async fn related(
    it: &mut Auditor,
    column: With,
    origin: &str,
) -> Result<std::rc::Rc<Admission>, Untested> {
    let own = it.own()?.text();
    if !it.admit(column, Some(&own)).await?.decided()? {
        return Err(Untested(format!(
            "{own} does not get in either; give the origin of the server's pages with --origin"
        )));
    }
    it.admit(column, Some(origin)).await
}

async fn none(it: &mut Auditor) -> Judged {
    let column = refuses_foreign(it).await?;
    let admission = it.admit(column, None).await?;
    if !admission.decided()? {
        return passed(admission.brief());
    }
    let evidence = "no Origin: 101, though a foreign one does not get in";
    listed(it, column, None, Severity::Info, evidence).await
}
