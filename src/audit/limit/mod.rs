//! Limits: what a server takes before it refuses, and for how long it waits.
//!
//! A limit that is not reached within the budget is not tested: "accepts at least that much" is a fact, and neither
//! a pass nor a fault.

mod crowd;
mod head;
mod size;
mod unfinished;

use super::check::{Check, Group};
use super::cure;
use super::options::Level;
use super::severity::Severity;
use super::survival::survives;

pub(super) const GROUP: Group = Group {
    name: "limit",
    about: "What the server takes before it refuses, and for how long it waits. A limit that is not reached is not tested, and the reason says what the server accepts at least",
    checks: &[
        Check {
            id: "limit-url",
            level: Level::Stress,
            severity: Severity::Low,
            title: "A URL of megabytes gets in",
            rule: "RFC 9112 §3, CWE-770",
            about: "Asks with a longer and longer query: 8 KiB, then twice as much each time, up to 2 MiB. A server answers 414, 431 or 400, or ends the connection, once it is too long; a finding if 2 MiB get in.",
            risk: "Requests without a login fill the memory of the server, and its logs.",
            cures: cure::HEAD,
            connections: head::STEPS,
            run: |it| Box::pin(head::url(it)),
        },
        Check {
            id: "limit-header",
            level: Level::Stress,
            severity: Severity::Low,
            title: "A header field of megabytes gets in",
            rule: "RFC 9110 §5.4, CWE-770",
            about: "Asks with a longer and longer field X-Wsee-Audit: 8 KiB, then twice as much each time, up to 2 MiB. A server answers 431 or 400, or ends the connection, once it is too long; a finding if 2 MiB get in.",
            risk: "Requests without a login fill the memory of the server.",
            cures: cure::HEAD,
            connections: head::STEPS,
            run: |it| Box::pin(head::field(it)),
        },
        Check {
            id: "limit-message",
            level: Level::Stress,
            severity: Severity::Info,
            title: "A message that is too long ends the connection without a Close",
            rule: "RFC 6455 §7.4.1, §10.4",
            about: "Sends fragments of a message that doubles from 4 KiB to 16 MiB and never ends, so that no application gets it, with a ping after each. The end should be a Close 1009; a finding if the connection ends without a Close, twice at the same size, and 'likely' as the server may limit the bytes of a connection. A server that takes all of it accepts at least that much.",
            risk: "Clients cannot tell a message that is too long from a broken connection, and send it again and again.",
            cures: cure::SIZE,
            connections: 3,
            run: |it| Box::pin(size::message(it)),
        },
        Check {
            id: "limit-length",
            level: Level::Stress,
            severity: Severity::Low,
            title: "A frame that announces a terabyte is not refused",
            rule: "RFC 6455 §10.4, CWE-770",
            about: "Sends the header of a frame of 1 TiB, and some bytes of it. A server with a limit refuses it at once; a finding if it neither closes nor ends the connection, unless limit-message has found a limit.",
            risk: "One client after the other sends such a frame without an end, until the memory of the server is full.",
            cures: cure::SIZE,
            connections: 1,
            run: |it| Box::pin(size::length(it)),
        },
        Check {
            id: "limit-fragments",
            level: Level::Stress,
            severity: Severity::Medium,
            title: "Tiny fragments keep the server busy",
            rule: "RFC 6455 §5.4, §10.4, CWE-407",
            about: "Sends 16384 fragments of one byte of a message that does not end, then a ping. A finding if the ping is not answered in time, while one after as many bytes in one fragment is.",
            risk: "A few kilobytes of fragments take seconds of a processor or a lot of memory for each of them.",
            cures: cure::FRAGMENTS,
            connections: 2,
            run: |it| Box::pin(size::fragments(it)),
        },
        Check {
            id: "limit-inflate",
            level: Level::Bomb,
            severity: Severity::Medium,
            title: "The limit of messages does not count inflated bytes",
            rule: "RFC 7692 §8, CWE-409",
            about: "Sends a whole compressed message of some KiB that inflates to twice the limit that limit-message has found, at most to 16 MiB. A finding if it is accepted. The application gets the message, if the server lets it pass. Needs permessage-deflate.",
            risk: "A message of kilobytes makes the server allocate gigabytes.",
            cures: cure::BOMB,
            connections: 1,
            run: |it| Box::pin(size::inflated(it)),
        },
        Check {
            id: "limit-handshake",
            level: Level::Stress,
            severity: Severity::Low,
            title: "A request that is never finished is not cut",
            rule: "CWE-400",
            about: "Sends half a request and then nothing, and on another connection a request without an end, byte by byte. A finding only with --cut-within, if one of them is still open then; servers commonly wait for up to 90 seconds, which is longer than the run watches by default.",
            risk: "A few hundred connections that send a byte now and then use up those that the server has (Slowloris).",
            cures: cure::UNFINISHED_HEAD,
            connections: 3,
            run: |it| Box::pin(unfinished::handshake(it)),
        },
        Check {
            id: "limit-frame",
            level: Level::Stress,
            severity: Severity::Low,
            title: "A frame that is never finished is not cut",
            rule: "CWE-400",
            about: "Sends the header of a frame of 4 KiB and 10 bytes of it, and then nothing, so that pings of the server get no answer. A finding only with --cut-within, if the connection is still open then.",
            risk: "Connections that send nothing more stay, and use up those that the server has.",
            cures: cure::UNFINISHED_FRAME,
            connections: 1,
            run: |it| Box::pin(unfinished::frame(it)),
        },
        Check {
            id: CROWD,
            level: Level::Stress,
            severity: Severity::Medium,
            title: "Some idle connections keep others out",
            rule: "CWE-400, CWE-770",
            about: "Opens as many connections as --idle-connections says, which send nothing. A server may refuse from some number on, which is right if it refuses some more as well. A finding if the next request gets no answer at all, twice, and gets one as soon as the others are closed; or if a ping on the first of them is not answered any more.",
            risk: "Anybody with one computer takes the service away from everybody else, and needs next to no traffic for it.",
            cures: cure::CROWD,
            connections: crowd::SPARE,
            run: |it| Box::pin(crowd::crowd(it)),
        },
        Check {
            id: "limit-survives",
            level: Level::Stress,
            severity: Severity::High,
            title: "After the limits the server takes no connection",
            rule: "CWE-400, CWE-248",
            about: "Connects again after all other checks of this group, three times within some seconds if it has to. A finding if the server that let the first connection in does not answer any more.",
            risk: "Anybody can end the service with what these checks have sent.",
            cures: cure::CRASH,
            connections: 3,
            run: |it| Box::pin(survives(it, "what the limits were tried with")),
        },
    ],
};

/// The check that needs as many connections as it was asked for.
pub(super) const CROWD: &str = "limit-idle";
