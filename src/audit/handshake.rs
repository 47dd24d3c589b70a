//! The opening handshake: what the answer has to say, and requests that must not get in.

use std::future::ready;

use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::answer::{Answer, Reply};
use super::auditor::{Auditor, complete};
use super::check::{Check, Group};
use super::cure;
use super::options::Level;
use super::raw::{Change, changed};
use super::severity::{Severity, Sure};
use super::trace::Trace;
use super::verdict::{Judged, Untested, found, passed, untested};
use crate::proto::deflate::{self, params::Limit};
use crate::proto::handshake::client::{Edit, Handshake};
use crate::proto::handshake::{HandshakeError, Offer};

macro_rules! malformed {
    ($id:literal, $severity:ident, $title:literal, $rule:literal, $about:literal, $risk:literal, $cures:expr, $change:expr) => {
        Check {
            id: $id,
            level: Level::Probe,
            severity: Severity::$severity,
            title: $title,
            rule: $rule,
            about: $about,
            risk: $risk,
            cures: $cures,
            connections: 2,
            run: |it| Box::pin(malformed(it, Severity::$severity, $change)),
        }
    };
}

pub(super) const GROUP: Group = Group {
    name: "handshake",
    about: "What the answer to an upgrade has to say, and which requests must not get in",
    checks: &[
        Check {
            id: "handshake-answer",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "The answer to the upgrade breaks a rule",
            rule: "RFC 6455 §4.1, §4.2.2",
            about: "Checks the answer to the first connection as a browser does: status, Upgrade, Connection, Sec-WebSocket-Accept, and that no extension or subprotocol is chosen that was not offered. A browser fails a connection with such an answer.",
            risk: "Browsers fail the connection, and clients that are less strict may talk to something that is no WebSocket server.",
            cures: cure::ANSWER,
            connections: 0,
            run: |it| Box::pin(ready(answer(it))),
        },
        Check {
            id: "handshake-subprotocol",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "The server chooses a subprotocol that was not offered",
            rule: "RFC 6455 §4.2.2, §11.3.4",
            about: "Offers no subprotocol, and then one that no server knows, besides those given. A finding if the answer names one that was not offered.",
            risk: "Browsers fail the connection, and others speak another protocol than the server.",
            cures: cure::SUBPROTOCOL,
            connections: 2,
            run: |it| Box::pin(subprotocol(it)),
        },
        Check {
            id: "handshake-extension",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "The server chooses an extension that was not offered",
            rule: "RFC 6455 §9.1",
            about: "Offers only an extension that no server knows. It must be ignored, and no other be chosen.",
            risk: "Browsers fail the connection, and others cannot read the frames.",
            cures: cure::EXTENSION,
            connections: 1,
            run: |it| Box::pin(extension(it)),
        },
        Check {
            id: "handshake-deflate",
            level: Level::Polite,
            severity: Severity::Low,
            title: "The server answers an offer of permessage-deflate with parameters that do not fit",
            rule: "RFC 7692 §7.1",
            about: "Offers permessage-deflate with a small window and without context takeover. A server that agrees has to repeat what it was asked for.",
            risk: "Clients that keep to what they asked for cannot inflate the messages, or need more memory than they have.",
            cures: cure::EXTENSION,
            connections: 1,
            run: |it| Box::pin(parameters(it)),
        },
        Check {
            id: "handshake-version",
            level: Level::Probe,
            severity: Severity::Low,
            title: "Another version of the protocol than 13 gets in",
            rule: "RFC 6455 §4.2.1, §4.4",
            about: "Asks for the versions 12 and 0, and for none. A server must not let them in.",
            risk: "A client of another version gets in, and both read the frames in different ways.",
            cures: cure::VERSION,
            connections: 6,
            run: |it| Box::pin(version(it)),
        },
        Check {
            id: "handshake-version-name",
            level: Level::Probe,
            severity: Severity::Info,
            title: "The refusal of another version does not name version 13",
            rule: "RFC 6455 §4.2.2, §4.4",
            about: "Asks for version 12. The refusal has to name the versions that the server speaks in Sec-WebSocket-Version, so that a client can choose one.",
            risk: "A client that speaks several versions cannot know which one to ask for.",
            cures: cure::VERSION,
            connections: 1,
            run: |it| Box::pin(version_name(it)),
        },
        malformed!(
            "handshake-key-missing",
            Low,
            "A request without a key gets in",
            "RFC 6455 §4.2.1",
            "Leaves Sec-WebSocket-Key out. The key proves that the server understood the request as one of WebSocket.",
            "A request that is no WebSocket one, and that a form or a proxy can make, opens a connection.",
            cure::KEY,
            |head| head.remove("Sec-WebSocket-Key")
        ),
        malformed!(
            "handshake-key-short",
            Low,
            "A request with a short key gets in",
            "RFC 6455 §4.1, §4.2.1",
            "Sends a key of 8 bytes, encoded as base64; a valid key has 16 bytes.",
            "A client that makes its keys badly is not noticed, and caches may answer with an old upgrade.",
            cure::KEY,
            |head| head.set("Sec-WebSocket-Key", "c2hvcnRrZXk=")
        ),
        malformed!(
            "handshake-key-wrong",
            Low,
            "A request whose key is not base64 gets in",
            "RFC 6455 §4.1, §4.2.1",
            "Sends a key of 24 characters, some of which base64 does not have; a valid key decodes to 16 bytes.",
            "A client that makes its keys badly is not noticed, and caches may answer with an old upgrade.",
            cure::KEY,
            |head| head.set("Sec-WebSocket-Key", "no*base64*at*all*in*it==")
        ),
        malformed!(
            "handshake-key-twice",
            Low,
            "A request with two keys gets in",
            "RFC 6455 §11.3.1",
            "Sends Sec-WebSocket-Key twice, with different values; the field must not appear more than once.",
            "A proxy and the server take different keys for the right one, and disagree about the connection.",
            cure::KEY,
            |head| {
                let key = generate_key();
                head.fields.push(("Sec-WebSocket-Key".to_owned(), key));
            }
        ),
        malformed!(
            "handshake-method",
            Low,
            "An upgrade with POST gets in",
            "RFC 6455 §4.1, §4.2.1",
            "Asks with POST; the method must be GET, which pages of other origins cannot add a body to.",
            "A form on another site opens a connection with a body that its page chose.",
            cure::METHOD,
            |head| head.method = "POST"
        ),
        malformed!(
            "handshake-http10",
            Info,
            "An upgrade in HTTP/1.0 gets in",
            "RFC 6455 §4.1, §4.2.1",
            "Asks in HTTP/1.0, which cannot upgrade to another protocol (RFC 9110 §7.8).",
            "An old proxy that knows no upgrade hands the connection to another client.",
            cure::OLD_HTTP,
            |head| head.version = "HTTP/1.0"
        ),
        malformed!(
            "handshake-upgrade",
            Low,
            "A request without Upgrade gets in",
            "RFC 6455 §4.2.1",
            "Leaves the field Upgrade out.",
            "A proxy takes the connection for plain HTTP, and its next requests for messages (request smuggling).",
            cure::TOKENS,
            |head| head.remove("Upgrade")
        ),
        malformed!(
            "handshake-connection",
            Info,
            "A request without Connection: Upgrade gets in",
            "RFC 6455 §4.2.1",
            "Sends Connection: keep-alive. A proxy that always adds the token hides from the server what the client asked for.",
            "A proxy that did not see an upgrade keeps the connection for other clients (request smuggling).",
            cure::TOKENS,
            |head| head.set("Connection", "keep-alive")
        ),
    ],
};

fn answer(it: &Auditor) -> Judged {
    let agreed = it.agreed()?;
    // A server need not choose one of the subprotocols.
    let broken = |error: &&HandshakeError| !matches!(error, HandshakeError::NoSubprotocol(_));
    let errors: Vec<String> = agreed
        .tolerated
        .iter()
        .filter(broken)
        .map(ToString::to_string)
        .collect();
    if errors.is_empty() {
        return passed("");
    }
    let mut trace = Trace::default();
    trace.received.add_head(agreed.response.as_bytes());
    found(Severity::Medium, Sure::Certain, errors.join("; "), [trace])
}

/// Asks with another offer; the answer, if the server lets it in, and what is wrong with it.
async fn offered(
    it: &mut Auditor,
    change: impl FnOnce(&mut Offer),
) -> Result<(Answer, Option<HandshakeError>), Untested> {
    it.agreed()?;
    let mut options = it.base().clone();
    options.offer.lenient = false;
    options.offer.require_subprotocol = false;
    change(&mut options.offer);
    let offer = complete(&options);
    let mut handshake = Handshake::new(&offer, &generate_key());
    let request = handshake.request().as_bytes().to_vec();
    let mut answer = it.exchange(&options, &request).await?;
    let Reply::Head(head) = &answer.reply else {
        return Err(Untested(answer.brief()));
    };
    let error = handshake.read(head.as_bytes()).err();
    if let Some(wire) = answer.wire.take() {
        wire.leave().await;
    }
    Ok((answer, error))
}

/// An offer that nobody knows.
const UNKNOWN: &str = "wsee-audit.example";
const UNKNOWN_EXTENSION: &str = "x-wsee-audit";

async fn subprotocol(it: &mut Auditor) -> Judged {
    let is_needed = !it.base().offer.subprotocols.is_empty();
    let offers: [fn(&mut Offer); 2] = [
        |offer| offer.subprotocols.clear(),
        |offer| offer.subprotocols.push(UNKNOWN.to_owned()),
    ];
    let mut chosen = "none is chosen".to_owned();
    for (number, change) in offers.into_iter().enumerate() {
        // A server may insist on one.
        if number == 0 && is_needed {
            continue;
        }
        let (answer, error) = offered(it, change).await?;
        if let Some(
            error @ (HandshakeError::Subprotocol(_)
            | HandshakeError::EmptySubprotocol
            | HandshakeError::ManySubprotocols(_)),
        ) = &error
        {
            return found(
                Severity::Medium,
                Sure::Certain,
                error.to_string(),
                [answer.trace],
            );
        }
        if let Reply::Head(head) = &answer.reply {
            if !answer.opens() {
                chosen = format!("an offer of {UNKNOWN}: {}", answer.brief());
            } else if let Some(name) = head.text("Sec-WebSocket-Protocol") {
                chosen = format!("{name} is chosen");
            }
        }
    }
    passed(chosen)
}

async fn extension(it: &mut Auditor) -> Judged {
    let (answer, _) = offered(it, |offer| {
        offer.compression.clear();
        offer.edits.push(Edit::Set {
            name: "Sec-WebSocket-Extensions".to_owned(),
            value: UNKNOWN_EXTENSION.to_owned(),
        });
    })
    .await?;
    let Reply::Head(head) = &answer.reply else {
        return untested(answer.brief());
    };
    if !answer.opens() {
        return untested(format!("the server answers {}", answer.brief()));
    }
    let chosen = head.text("Sec-WebSocket-Extensions").unwrap_or_default();
    if chosen.trim().is_empty() {
        return passed("");
    }
    let evidence = format!("offered {UNKNOWN_EXTENSION}, which no server knows; chosen: {chosen}");
    found(Severity::Medium, Sure::Certain, evidence, [answer.trace])
}

async fn parameters(it: &mut Auditor) -> Judged {
    let (answer, error) = offered(it, |offer| {
        offer.compression = vec![deflate::Offer {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            server_max_window_bits: Some(10),
            client_max_window_bits: Some(Limit::Bits(10)),
        }];
    })
    .await?;
    if !answer.opens() {
        return untested(format!("the server answers {}", answer.brief()));
    }
    if let Some(
        error @ (HandshakeError::Deflate(..)
        | HandshakeError::ManyDeflates(_)
        | HandshakeError::ExtensionSyntax(_)),
    ) = error
    {
        return found(
            Severity::Low,
            Sure::Certain,
            error.to_string(),
            [answer.trace],
        );
    }
    let chosen = match &answer.reply {
        Reply::Head(head) => head.text("Sec-WebSocket-Extensions"),
        _ => None,
    };
    passed(chosen.map_or("declined".to_owned(), |chosen| format!("agreed: {chosen}")))
}

async fn malformed(it: &mut Auditor, severity: Severity, change: Change) -> Judged {
    it.agreed()?;
    let answer = changed(it, change).await?;
    if !answer.opens() {
        refuses(it, &answer).await?;
        return passed(answer.brief());
    }
    found(
        severity,
        Sure::Certain,
        "the request gets in: 101",
        [answer.trace],
    )
}

/// Makes sure that an end without an answer was one of this request.
async fn refuses(it: &mut Auditor, answer: &Answer) -> Result<(), Untested> {
    match answer.reply {
        Reply::Head(_) => Ok(()),
        _ => it.lives().await,
    }
}

const VERSION: &str = "Sec-WebSocket-Version";

async fn version(it: &mut Auditor) -> Judged {
    it.agreed()?;
    let changes: [(&str, Change); 3] = [
        ("12", |raw| raw.set(VERSION, "12")),
        ("0", |raw| raw.set(VERSION, "0")),
        ("none", |raw| raw.remove(VERSION)),
    ];
    for (version, change) in changes {
        let answer = changed(it, change).await?;
        if answer.opens() {
            let evidence = format!("version {version} gets in: 101");
            return found(Severity::Low, Sure::Certain, evidence, [answer.trace]);
        }
        refuses(it, &answer).await?;
    }
    passed("12, 0 and none are refused")
}

async fn version_name(it: &mut Auditor) -> Judged {
    it.agreed()?;
    let answer = changed(it, |raw| raw.set(VERSION, "12")).await?;
    let brief = answer.brief();
    if answer.opens() {
        return untested("version 12 is not refused");
    }
    let Reply::Head(head) = &answer.reply else {
        return untested(brief);
    };
    if head.list(VERSION).iter().any(|version| version == "13") {
        return passed(brief);
    }
    let evidence = format!("version 12: {brief}, without {VERSION}: 13");
    found(Severity::Info, Sure::Certain, evidence, [answer.trace])
}
