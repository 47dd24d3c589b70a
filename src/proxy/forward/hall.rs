//! What every client of a forward proxy meets: where it may go, and how that is reached.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};

use super::authority::Authority;
use super::failures::Failures;
use super::goal::Goal;
use super::intercept::Intercept;
use crate::diagnostic::Diagnostic;
use crate::dial::http2::Versions;
use crate::dial::{Barred, Bars, Stream};
use crate::event::Event;
use crate::proxy::refuse::{barrier, unreached};
use crate::proxy::{Options, Visit};
use crate::render::{Role, message};
use crate::session;

/// A proxy of clients that name their servers.
#[derive(Debug)]
pub struct Forward {
    /// The hosts that are opened.
    pub intercepts: Vec<Intercept>,
    /// For TLS of opened hosts; `None` without any.
    pub authority: Option<Authority>,
    /// Where the proxy listens.
    pub address: SocketAddr,
    /// The number of `WebSocket` connections that it has opened.
    opened: Cell<u64>,
    /// The last hint in the log.
    hinted: RefCell<Option<String>>,
    failures: RefCell<Failures>,
}

/// Why a server is not reached.
#[derive(Debug)]
pub(super) struct Unreached {
    pub(super) status: &'static str,
    pub(super) text: String,
    pub(super) hint: Option<String>,
}

/// A client and what it meets.
#[derive(Clone, Copy)]
pub(super) struct Hall<'a> {
    pub(super) forward: &'a Forward,
    pub(super) options: &'a Options,
    pub(super) visit: &'a Visit,
}

impl Forward {
    pub fn new(
        intercepts: Vec<Intercept>,
        authority: Option<Authority>,
        address: SocketAddr,
    ) -> Self {
        Self {
            intercepts,
            authority,
            address,
            opened: Cell::new(0),
            hinted: RefCell::default(),
            failures: RefCell::default(),
        }
    }

    pub(super) fn opens(&self, goal: &Goal) -> bool {
        self.intercepts.iter().any(|it| it.names(goal))
    }

    /// Whether a tunnel to this address may be opened, once the client's TLS names a host.
    pub(super) fn may_open(&self, goal: &Goal) -> bool {
        let mut intercepts = self.intercepts.iter();
        goal.is_address() && intercepts.any(|it| it.is_by_name(goal.target.port))
    }

    /// Whether it is opened as the host with this name.
    pub(super) fn opens_as(&self, name: &str, goal: &Goal) -> bool {
        let name = name.to_ascii_lowercase();
        let mut intercepts = self.intercepts.iter();
        intercepts.any(|it| it.is(&name, goal.target.port))
    }

    /// Whether the user named this very host, and not every host.
    fn names(&self, goal: &Goal) -> bool {
        let mut named = self.intercepts.iter().filter(|it| !it.is_any());
        named.any(|it| it.names(goal))
    }

    /// Counts a WebSocket; faults strike by this number.
    pub(super) fn count(&self) -> u64 {
        self.opened.set(self.opened.get() + 1);
        self.opened.get()
    }
}

impl Hall<'_> {
    /// Connects to a server, without TLS if it `is_plain`.
    pub(super) async fn reach(&self, goal: &Goal, is_plain: bool) -> Result<Stream, Unreached> {
        self.admit(goal)?;
        let open = self.upstream(goal);
        let mut log = self.visit.log.clone();
        let mut observe = |event: Event<'_>| {
            if self.options.shows_steps {
                log.event(&event, std::time::Instant::now());
            }
        };
        let reached = session::reach(&open, is_plain, &mut observe).await;
        reached.map_err(|error| Unreached {
            status: unreached(&error),
            text: error.to_string(),
            hint: error.hint(),
        })
    }

    /// The connection to a server, which leads neither back here nor where the client has no business.
    pub(super) fn upstream(&self, goal: &Goal) -> session::Options {
        let mut open = goal.upstream(&self.options.upstream);
        if !goal.target.tls {
            // Without TLS there is no ALPN that says what the server speaks.
            open.dial.http = Versions::Http1;
        }
        open.dial.route.bars = Some(Bars {
            listening: self.forward.address,
            loopback: !self.may_reach_own(goal),
        });
        open
    }

    /// Refuses what can be refused by its name, before a tunnel to it is opened.
    pub(super) fn admit(&self, goal: &Goal) -> Result<(), Unreached> {
        let listen = self.forward.address;
        let host = goal.target.host.parse::<IpAddr>();
        let is_own = goal.is_loopback();
        let listens_here = is_own && (listen.ip().is_unspecified() || is_own_ip(listen.ip()));
        let is_it = host.is_ok_and(|host| host == listen.ip()) || listens_here;
        let is_itself = is_it && goal.target.port == listen.port();
        if !self.is_direct(goal) {
            Ok(())
        } else if is_itself {
            Err(Barred::Itself.into())
        } else if is_own && !self.may_reach_own(goal) {
            Err(Barred::Loopback(goal.target.host.clone()).into())
        } else {
            Ok(())
        }
    }

    /// Whether the connection is made from here to the host itself.
    fn is_direct(&self, goal: &Goal) -> bool {
        let dial = &self.options.upstream.dial;
        dial.route.unix_socket.is_none() && dial.proxies.select(&goal.target).is_none()
    }

    /// Services that only this machine reaches are not for clients from elsewhere, unless the user named them.
    fn may_reach_own(&self, goal: &Goal) -> bool {
        is_own_ip(self.visit.peer.ip()) || self.forward.names(goal)
    }

    /// Shows why a client gets no answer of a server, unless it has just been shown; a hint once, as browsers try many
    /// names and try again.
    pub(super) fn complain(&self, problem: &str, hint: Option<&str>) {
        let mut failures = self.forward.failures.borrow_mut();
        let Some(problem) = failures.show(problem, std::time::Instant::now()) else {
            return;
        };
        let last = self.forward.hinted.borrow().clone();
        let hint = hint.filter(|hint| last.as_deref() != Some(hint));
        if let Some(hint) = hint {
            self.forward.hinted.replace(Some(hint.to_owned()));
        }
        self.visit.log.lines_with(|out, style, _| {
            if let Some(hint) = hint {
                out.push_str(&message::hint(hint, style));
            }
            out.push_str(&message::problem(&problem, style));
        });
    }

    pub(super) fn note(&self, role: Role, text: &str) {
        let text = crate::render::escape::escape_line(text);
        self.visit.log.note(role, &text);
    }
}

fn is_own_ip(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

impl From<Barred> for Unreached {
    fn from(barred: Barred) -> Self {
        Self {
            status: barrier(&barred),
            text: barred.to_string(),
            hint: barred.hint(),
        }
    }
}
