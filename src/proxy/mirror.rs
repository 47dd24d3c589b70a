//! Whether clients are offered WebSocket over HTTP/2: where the server speaks HTTP/2, they are offered what it offers.
//!
//! Each stream of a client has a connection of its own to the server. Of the server's `MAX_CONCURRENT_STREAMS`, only 0
//! is a limit for clients.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::acceptor::Log;
use crate::acceptor::http2::Announced;
use crate::dial::http2::{Seen, Versions};
use crate::dial::{self, Dialed, Http2Error, Step, dial_http};
use crate::event::Side;
use crate::proto::http2::frame::{Frame, Setting};
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session;

/// What is known of the server.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Whether the last connection to it allowed extended CONNECT.
    allows: Cell<Option<bool>>,
}

/// How long the server may take for its SETTINGS, as the client waits for its own.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was learned of the server.
enum Learned {
    Allows,
    /// Its SETTINGS allow extended CONNECT, and no stream for it.
    NoStreams,
    /// Its SETTINGS do not.
    Lacks,
    /// It speaks HTTP/1.1 only.
    Http1,
    /// Why nothing was.
    Unknown(String),
}

impl Mirror {
    /// What a client is offered, as the server offers it; the log says so.
    ///
    /// A server that allowed extended CONNECT when it was last seen is not asked again.
    pub(super) async fn announced(&self, upstream: &session::Options, log: &Log) -> Announced {
        if upstream.dial.http == Versions::Http1 {
            return Announced::ALL;
        }
        let learned = match self.allows.get() {
            Some(true) => Learned::Allows,
            Some(false) | None => learn(upstream, log).await,
        };
        self.allows.set(match &learned {
            Learned::Allows => Some(true),
            Learned::NoStreams | Learned::Lacks | Learned::Http1 => Some(false),
            Learned::Unknown(_) => None,
        });
        let (role, text) = learned.line();
        log.note(role, &text);
        learned.announced()
    }

    /// Learns from a connection that is made for a client.
    pub(super) fn see(&self, step: &Step) {
        match step {
            Step::Http2(Seen {
                is_sent: false,
                frame: Frame::Settings(settings),
            }) => {
                let is_it = |it: &&Setting| it.id == Setting::ENABLE_CONNECT_PROTOCOL;
                if let Some(setting) = settings.iter().rfind(is_it) {
                    self.allows.set(Some(setting.value == 1));
                }
            }
            Step::Http1(_) => self.allows.set(Some(false)),
            _ => {}
        }
    }

    /// The server was not reached: it may be another one when it is back.
    pub(super) fn forget(&self) {
        self.allows.set(None);
    }
}

/// Makes a connection to the server for its SETTINGS alone.
async fn learn(upstream: &session::Options, log: &Log) -> Learned {
    let options = dial::Options {
        http: Versions::Http2,
        ..upstream.dial.clone()
    };
    let mut log = log.clone();
    log.turn_to(Some(Side::Server));
    let mut step = |step: Step| {
        if let Step::Http2(seen) = step {
            log.frame(seen, Instant::now());
        }
    };
    let patience = upstream.connect_timeout.min(PATIENCE);
    let dialed = dial_http(&upstream.target, &options, &mut step);
    let problem = match tokio::time::timeout(patience, Box::pin(dialed)).await {
        Ok(Ok(Dialed::Http2(client))) => {
            client.leave();
            return Learned::Allows;
        }
        Ok(Ok(Dialed::Http1(_))) => return Learned::Http1,
        Ok(Err(problem)) => problem,
        Err(_) => return Learned::Unknown("it sent no SETTINGS in time".to_owned()),
    };
    match &problem {
        dial::Error::Http2(http2) => match **http2 {
            Http2Error::NoSetting => Learned::Lacks,
            Http2Error::NoStreams => Learned::NoStreams,
            Http2Error::NotOffered(_) if upstream.dial.http == Versions::Auto => Learned::Http1,
            _ => Learned::Unknown(problem.to_string()),
        },
        _ => Learned::Unknown(problem.to_string()),
    }
}

impl Learned {
    fn announced(&self) -> Announced {
        match self {
            Self::Allows | Self::Unknown(_) => Announced::ALL,
            Self::NoStreams => Announced {
                streams: 0,
                ..Announced::ALL
            },
            Self::Lacks | Self::Http1 => Announced {
                connects: false,
                ..Announced::ALL
            },
        }
    }

    fn line(&self) -> (Role, String) {
        const OFFERED: &str = "HTTP/2: extended CONNECT is offered";
        const WITHHELD: &str = "HTTP/2: extended CONNECT is not offered, as the server";
        const CLOSED: &str = "! HTTP/2: clients may open no stream, as the server's SETTINGS have MAX_CONCURRENT_STREAMS 0";
        match self {
            Self::Allows => (Role::Fact, format!("* {OFFERED}, as by the server")),
            Self::NoStreams => (Role::Warning, CLOSED.to_owned()),
            Self::Lacks => (Role::Warning, format!("! {WITHHELD}'s SETTINGS lack it")),
            Self::Http1 => (Role::Warning, format!("! {WITHHELD} speaks HTTP/1.1 only")),
            Self::Unknown(why) => {
                let why = escape_line(why);
                let text = format!("! {OFFERED} without knowing the server's SETTINGS: {why}");
                (Role::Warning, text)
            }
        }
    }
}
