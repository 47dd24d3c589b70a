//! What every client of a forward proxy meets: where it may go, and how that is reached.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};

use super::authority::Authority;
use super::goal::Goal;
use super::intercept::Intercept;
use crate::diagnostic::Diagnostic;
use crate::dial::{Step, Stream};
use crate::event::Event;
use crate::proxy::refuse::{BAD_GATEWAY, FORBIDDEN_GOAL, LOOP};
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
        }
    }

    pub(super) fn opens(&self, goal: &Goal) -> bool {
        self.intercepts.iter().any(|it| it.names(goal))
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
        let open = goal.upstream(&self.options.upstream);
        let mut connected = None;
        let mut is_direct = true;
        let mut log = self.visit.log.clone();
        let mut observe = |event: Event<'_>| {
            if let Event::Step(step) = &event {
                match step {
                    Step::Connected { address, local, .. } => connected = Some((*address, *local)),
                    Step::Proxy(_) | Step::ConnectedUnix { .. } => is_direct = false,
                    _ => {}
                }
                if self.options.shows_steps {
                    log.event(&event, std::time::Instant::now());
                }
            }
        };
        let reached = session::reach(&open, is_plain, &mut observe).await;
        let stream = reached.map_err(|error| Unreached {
            status: BAD_GATEWAY,
            text: error.to_string(),
            hint: error.hint(),
        })?;
        match connected.filter(|_| is_direct) {
            Some((address, local)) if self.is_here(address, local) => Err(itself()),
            Some((address, _)) if is_own(address.ip()) && !self.may_reach_own(goal) => {
                Err(own(goal))
            }
            _ => Ok(stream),
        }
    }

    /// Refuses what can be refused by its name.
    pub(super) fn admit(&self, goal: &Goal) -> Result<(), Unreached> {
        let listen = self.forward.address;
        let host = goal.target.host.parse::<IpAddr>();
        let is_own = goal.is_loopback();
        let listens_here = is_own && (listen.ip().is_unspecified() || is_own_ip(listen.ip()));
        let is_it = host.is_ok_and(|host| host == listen.ip()) || listens_here;
        if is_it && goal.target.port == listen.port() && self.is_direct(goal) {
            return Err(itself());
        }
        if is_own && !self.may_reach_own(goal) && self.is_direct(goal) {
            return Err(own(goal));
        }
        Ok(())
    }

    /// Whether the connection is made from here to the host itself.
    fn is_direct(&self, goal: &Goal) -> bool {
        let dial = &self.options.upstream.dial;
        dial.route.unix_socket.is_none() && dial.proxies.select(&goal.target).is_none()
    }

    /// Whether a connection leads to the proxy itself.
    fn is_here(&self, address: SocketAddr, local: SocketAddr) -> bool {
        let listen = self.forward.address;
        let is_listening = listen.ip().is_unspecified() || listen.ip() == address.ip();
        is_listening && address.port() == listen.port() && address.ip() == local.ip()
    }

    /// Services that only this machine reaches are not for clients from elsewhere, unless the user named them.
    fn may_reach_own(&self, goal: &Goal) -> bool {
        is_own_ip(self.visit.peer.ip()) || self.forward.opens(goal)
    }

    /// Shows why a client gets no answer of a server.
    pub(super) fn complain(&self, problem: &str, hint: Option<&str>) {
        self.visit.log.lines_with(|out, style, _| {
            if let Some(hint) = hint {
                out.push_str(&message::hint(hint, style));
            }
            out.push_str(&message::problem(problem, style));
        });
    }

    pub(super) fn note(&self, role: Role, text: &str) {
        let text = crate::render::escape::escape_line(text);
        self.visit.log.note(role, &text);
    }
}

fn is_own(ip: IpAddr) -> bool {
    is_own_ip(ip) || ip.is_unspecified()
}

fn is_own_ip(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn itself() -> Unreached {
    Unreached {
        status: LOOP,
        text: "the request leads to the proxy itself".to_owned(),
        hint: None,
    }
}

fn own(goal: &Goal) -> Unreached {
    let host = &goal.target.host;
    Unreached {
        status: FORBIDDEN_GOAL,
        text: format!("{host} is the proxy's own machine, which only its own programs reach"),
        hint: Some(format!("--intercept {host} lets others reach it")),
    }
}
