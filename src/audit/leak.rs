//! What the server reveals about itself without need.

use std::future::ready;

use super::auditor::{Auditor, complete};
use super::check::{Check, Group};
use super::cure;
use super::options::Level;
use super::request::has_credentials;
use super::severity::{Severity, Sure};
use super::trace::Trace;
use super::verdict::{Judged, found, passed, untested};
use crate::proto::http1::Head;

pub(super) const GROUP: Group = Group {
    name: "leak",
    about: "What the server reveals about itself without need",
    checks: &[
        Check {
            id: "leak-version",
            level: Level::Polite,
            severity: Severity::Info,
            title: "The server names its software and version",
            rule: "CWE-200, WSTG-INFO-02",
            about: "Looks at Server, X-Powered-By and similar fields of all answers. A name alone is no finding; a version says which known holes to try.",
            risk: "An attacker looks the version up, and tries its known holes.",
            cures: cure::SERVER_NAME,
            connections: 1,
            run: |it| Box::pin(version(it)),
        },
        Check {
            id: "leak-trace",
            level: Level::Polite,
            severity: Severity::Low,
            title: "A refusal shows a stack trace",
            rule: "CWE-209, WSTG-ERRH-02",
            about: "Asks without an upgrade, and looks at the bodies of all refusals of the run, those of --probe included. A stack trace shows paths, libraries and code, and that debugging is on.",
            risk: "An attacker reads paths, libraries and code from the trace, and sees what to try next.",
            cures: cure::TRACE,
            connections: 1,
            run: |it| Box::pin(stack(it)),
        },
        Check {
            id: "leak-compression",
            level: Level::Polite,
            severity: Severity::Info,
            title: "Messages of a user are compressed",
            rule: "RFC 7692 §8",
            about: "Over TLS, the length of a compressed message shows whether text that an attacker chose is like a secret in the same context (as in CRIME and BREACH). A note if the server agrees to permessage-deflate on a connection with credentials; whether messages have both a secret and foreign text is not seen.",
            risk: "An observer on the way, who has some text sent beside the secret and sees the lengths, guesses it part by part.",
            cures: cure::COMPRESSION,
            connections: 0,
            run: |it| Box::pin(ready(compression(it))),
        },
    ],
};

fn compression(it: &Auditor) -> Judged {
    let agreed = it.agreed()?;
    if agreed.deflate.is_none() {
        return passed("not compressed");
    }
    if !it.base().target.tls {
        return passed("without TLS everything can be read");
    }
    if !has_credentials(it.base()) {
        return untested("no credentials were given");
    }
    let mut trace = Trace::default();
    trace.received.add_head(agreed.response.as_bytes());
    let evidence = "permessage-deflate over TLS, with credentials; unless no message has a secret and foreign text";
    found(Severity::Info, Sure::Likely, evidence, [trace])
}

const FIELDS: [&str; 5] = [
    "Server",
    "X-Powered-By",
    "X-AspNet-Version",
    "X-AspNetMvc-Version",
    "X-Generator",
];

/// Beginnings of traces, of the languages that servers are written in, none of which is in prose.
const TRACES: [&str; 9] = [
    "Traceback (most recent call last)",
    "goroutine 1 [",
    "goroutine 0 [",
    "thread 'main' panicked at",
    "panicked at src/",
    "Exception in thread \"",
    "PHP Fatal error:",
    "Werkzeug Debugger",
    "System.NullReferenceException",
];

async fn version(it: &mut Auditor) -> Judged {
    plain(it).await;
    let opened = it.baseline.agreed.as_ref().map(|agreed| &agreed.response);
    let heads = opened.into_iter().chain(&it.baseline.refusal);
    let own: Vec<(String, Trace)> = heads.filter_map(versions).collect();
    let others = it.refusals.iter().filter_map(|trace| {
        let head = trace.received.parsed()?;
        let (text, _) = versions(&head)?;
        Some((text, trace.clone()))
    });
    let Some((text, trace)) = own.into_iter().chain(others).next() else {
        return passed("");
    };
    found(Severity::Info, Sure::Certain, text, [trace])
}

/// The fields that have a version: a number with a dot, or a whole number after a slash.
fn versions(head: &Head) -> Option<(String, Trace)> {
    let fields = FIELDS.iter().filter_map(|name| {
        let value = head.text(name)?;
        let products = value.split(|c: char| " ()[],;".contains(c));
        products
            .into_iter()
            .any(has_version)
            .then(|| format!("{name}: {value}"))
    });
    let fields: Vec<String> = fields.collect();
    let mut trace = Trace::default();
    trace.received.add_head(head.as_bytes());
    (!fields.is_empty()).then(|| (fields.join(", "), trace))
}

/// Names of machines, such as `nyb/1D2E` and `DE1-1081`, and addresses are no versions.
fn has_version(product: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let after_slash = product.split('/').skip(1).any(is_number);
    let is_dotted = |word: &str| {
        let word = word.trim_start_matches('v');
        let mut parts = word.split('.');
        let is_address = word.parse::<std::net::Ipv4Addr>().is_ok();
        !is_address
            && parts.next().is_some_and(is_number)
            && parts
                .next()
                .is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()))
    };
    after_slash || product.split(['/', '-']).any(is_dotted)
}

async fn stack(it: &mut Auditor) -> Judged {
    plain(it).await;
    // A page that is no refusal may be about anything.
    let is_refusal = |trace: &&Trace| {
        let head = trace.received.parsed();
        head.and_then(|head| head.status()) >= Some(400)
    };
    let mut traces = it.refusals.iter().filter(is_refusal);
    let Some((trace, line)) = traces.find_map(|trace| Some((trace.clone(), stack_in(trace)?)))
    else {
        if it.refusals.iter().any(|trace| is_refusal(&trace)) {
            return passed("");
        }
        return untested(match it.baseline.refused {
            Some(status) => {
                format!("the server answers with a page ({status}), which may be about anything")
            }
            None => "the server refused nothing".to_owned(),
        });
    };
    let evidence = format!("the body of a refusal has \"{line}\"; unless it only quotes a trace");
    found(Severity::Low, Sure::Likely, evidence, [trace])
}

fn stack_in(trace: &Trace) -> Option<String> {
    let body = String::from_utf8_lossy(trace.received.body());
    // As text, as HTML or as JSON.
    let body = ["\r\n", "\\r\\n", "\\n", "<br>", "<br/>", "<br />"]
        .iter()
        .fold(body.into_owned(), |body, it| body.replace(it, "\n"));
    let body = body.replace("&nbsp;", " ").replace("\\t", " ");
    let lines: Vec<&str> = body.lines().map(str::trim).collect();
    let begins = |line: &&&str| TRACES.iter().any(|start| line.contains(start));
    let frames = lines
        .windows(2)
        .find(|pair| pair.iter().all(|it| is_frame(it)));
    let line = lines.iter().find(begins).or(frames.map(|pair| &pair[0]))?;
    Some(line.chars().take(80).collect())
}

/// A frame of JavaScript, Java or .NET, such as `at main (/app/a.js:1:2)`; prose has no line number at the end.
fn is_frame(line: &str) -> bool {
    let Some(place) = line.strip_prefix("at ") else {
        return false;
    };
    let place = place.trim_end_matches(')');
    let number = place.rsplit([':', ' ']).next().unwrap_or_default();
    let ends_in_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_native = place.ends_with("(Native Method") || place.ends_with("(Unknown Source");
    is_native || ends_in_number && place.contains(['(', '/', '\\', '.'])
}

/// Asks for the page at the URL, as any browser may: a server that speaks WebSocket alone refuses that.
async fn plain(it: &mut Auditor) {
    if it
        .refusals
        .iter()
        .any(|trace| trace.received.body().len() > 1)
    {
        return;
    }
    let options = it.base().clone();
    let request = complete(&options).plain("GET", None);
    // What it comes to is among the refusals.
    let _ = it.exchange(&options, request.as_bytes()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_no_version() {
        let text = |name: &str, value: &str| {
            let head = Head::encode("HTTP/1.1 400 Bad", [(name, value)]);
            versions(&head).map(|(text, _)| text)
        };
        assert_eq!(text("Server", "nginx"), None);
        assert_eq!(text("Server", "Apache-Coyote"), None);
        assert_eq!(text("X-Powered-By", "Express"), None);
        assert!(text("Server", "nginx/1.22.1").is_some());
        assert!(text("server", "Python/3.11 websockets/17.4").is_some());
        assert!(text("X-AspNet-Version", "4.0.30319").is_some());
        assert!(text("Server", "Apache/2 (Debian)").is_some());
        assert!(text("Server", "Jetty(9.4.48.v20220622)").is_some());
        for machine in ["ECS (nyb/1D2E)", "BunnyCDN-DE1-1081", "edge-10.0.0.1"] {
            assert_eq!(text("Server", machine), None);
        }
        // The time that the request took.
        assert_eq!(text("X-Runtime", "0.002134"), None);
    }

    #[test]
    fn a_stack_trace_is_recognized_and_prose_is_not() {
        let stack = |body: &str| {
            let mut trace = Trace::default();
            trace.received.add_head(b"HTTP/1.1 500 X\r\n\r\n");
            trace.received.add(body.as_bytes());
            stack_in(&trace)
        };
        let node = "Error: x\n    at main (/app/a.js:1:2)\n    at node:internal/x:3:4";
        assert_eq!(stack(node).as_deref(), Some("at main (/app/a.js:1:2)"));
        let json = r#"{"stack":"Error: x\n    at a (/a.js:1:2)\n    at b (/a.js:3:4)\n"}"#;
        assert!(stack(json).is_some());
        let html =
            "<pre>Error: x<br> &nbsp; &nbsp;at a (/a.js:1:2)<br> &nbsp; &nbsp;at b (/a.js:3:4)<br>";
        assert!(stack(html).is_some());
        let java = "\tat a.B.c(B.java:12)\n\tat a.B.d(Native Method)\n";
        assert!(stack(java).is_some());
        assert!(stack("Traceback (most recent call last):\n  File").is_some());
        for prose in [
            "Upgrade required. Look at the manual.\n",
            "We meet\n    at http://localhost:8080\nand then\n    at 10:30\n",
        ] {
            assert_eq!(stack(prose), None);
        }
    }
}
