//! The requests of one connection, one after the other.

use std::cell::Cell;
use std::time::Instant;

use tokio::io::AsyncReadExt;

use super::early::Early;
use super::exchange::{Answered, Failure, Meter, Progress, Server, Then, exchange};
use super::goal::{Goal, GoalError, in_origin_form};
use super::hall::{Hall, Unreached};
use super::request::{self, Request, RequestError};
use super::tunnel::relay;
use crate::acceptor::{BAD_REQUEST, linger, wait};
use crate::dial::Target;
use crate::proto::buffer::Buffer;
use crate::proto::http1::Head;
use crate::proxy::refuse::{BAD_GATEWAY, METHOD_NOT_ALLOWED, REQUEST_TIMEOUT, answer};
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};
use crate::session::Transport;

/// How much of responses is read at a time, in bytes: a record of TLS.
const BLOCK: usize = 16 << 10;
/// How much of a URL the log has, in characters: enough to recognise it, while a client may send 64 KiB.
const MAX_SHOWN: usize = 1000;

/// What requests may ask for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Any server, by an absolute URL or CONNECT.
    Proxy,
    /// Paths on this server, whose tunnel is open.
    Opened(&'a Goal),
}

/// What becomes of the connection.
#[derive(Debug)]
pub(super) enum Next {
    Over,
    /// CONNECT.
    Tunnel(Goal),
    /// An upgrade to WebSocket that is opened.
    WebSocket(Goal, Box<Head>),
}

pub(super) struct Requests<'a> {
    hall: Hall<'a>,
    scope: Scope<'a>,
    front: &'a mut dyn Transport,
    pub(super) input: Buffer,
    server: Option<(Target, Server)>,
    meter: Meter,
    count: u64,
    /// The host of the first request, and whether another one had another.
    host: Option<String>,
    is_to_others: Cell<bool>,
    started: Instant,
}

impl<'a> Requests<'a> {
    pub(super) fn new(
        hall: Hall<'a>,
        scope: Scope<'a>,
        front: &'a mut dyn Transport,
        input: Buffer,
    ) -> Self {
        Self {
            hall,
            scope,
            front,
            input,
            server: None,
            meter: Meter::default(),
            count: 0,
            host: None,
            is_to_others: Cell::new(false),
            started: Instant::now(),
        }
    }

    /// Passes requests on until the connection is over, or something else comes on it.
    pub(super) async fn run(&mut self) -> Next {
        let signals = self.hall.visit.signals.clone();
        let next = tokio::select! {
            next = self.pass_all() => next,
            _ = wait(signals) => Next::Over,
        };
        self.sum_up();
        next
    }

    async fn pass_all(&mut self) -> Next {
        loop {
            let head = match self.next().await {
                Ok(Some(head)) => head,
                Ok(None) => {
                    let _ = linger(&mut self.front).await;
                    return Next::Over;
                }
                Err(error) => {
                    self.complain_of_request(error).await;
                    return Next::Over;
                }
            };
            let (goal, request) = match self.understand(head) {
                Ok(understood) => understood,
                Err(Objection { status, text }) => {
                    self.refuse(status, &text, &text).await;
                    return Next::Over;
                }
            };
            let Some(request) = request else {
                return Next::Tunnel(goal);
            };
            let is_opened =
                matches!(self.scope, Scope::Opened(_)) || self.hall.forward.opens(&goal);
            if is_opened && request.opens_websocket() {
                return Next::WebSocket(goal, Box::new(request.head));
            }
            if !self.pass(&goal, request).await {
                return Next::Over;
            }
        }
    }

    /// The next request; none if either end has left.
    async fn next(&mut self) -> Result<Option<Head>, RequestError> {
        let Some((_, server)) = &mut self.server else {
            return request::read(self.front, &mut self.input).await;
        };
        // What comes without a request belongs to none, and an end is one for both.
        let mut stray = [0; 1];
        tokio::select! {
            biased;
            request = request::read(self.front, &mut self.input) => request,
            _ = server.stream.read(&mut stray) => Ok(None),
        }
    }

    /// Where a request leads, and how it passes; no request for CONNECT.
    fn understand(&self, head: Head) -> Result<(Goal, Option<Request>), Objection> {
        let line = String::from_utf8_lossy(head.start_line()).into_owned();
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next());
        let target = target.unwrap_or_default();
        match self.scope {
            Scope::Proxy if method == "CONNECT" => {
                let goal = Goal::of_authority(target)?;
                if Request::new(head)?.body.is_complete() {
                    Ok((goal, None))
                } else {
                    Err(Objection::bad("CONNECT has no body (RFC 9110 §9.3.6)"))
                }
            }
            Scope::Proxy => {
                let (goal, path) = Goal::of_url(target)?;
                let head = in_origin_form(&head, &goal, &path);
                Ok((goal, Some(Request::new(head)?)))
            }
            Scope::Opened(_) if method == "CONNECT" => Err(Objection {
                status: METHOD_NOT_ALLOWED,
                text: "CONNECT in a tunnel that is open".to_owned(),
            }),
            Scope::Opened(goal) => {
                check_host(&head)?;
                Ok((goal.clone(), Some(Request::new(head)?)))
            }
        }
    }

    fn remember(&mut self, goal: &Goal) {
        let host = goal.host();
        match &self.host {
            None => self.host = Some(host.to_owned()),
            Some(first) if first != host => self.is_to_others.set(true),
            Some(_) => {}
        }
    }

    /// Passes a request on, and its response back; returns whether another one may follow.
    async fn pass(&mut self, goal: &Goal, mut request: Request) -> bool {
        let began = Instant::now();
        let line = String::from_utf8_lossy(request.head.start_line()).into_owned();
        let mut server = match self.connect(goal).await {
            Ok(server) => server,
            Err(unreached) => {
                self.fail(&unreached).await;
                return false;
            }
        };
        self.count += 1;
        self.remember(goal);
        let progress = Progress::new(&self.meter);
        let passed = exchange(
            self.front,
            &mut self.input,
            &mut request,
            &mut server,
            &progress,
        );
        let passed = passed.await;
        let has_begun = progress.has_begun.get();
        match passed {
            Ok(Answered { status, then }) => {
                self.show(goal, &line, status, began);
                match then {
                    Then::Next => {
                        server.is_used = true;
                        self.server = Some((goal.target.clone(), server));
                        return true;
                    }
                    Then::Close => {
                        let _ = linger(&mut self.front).await;
                    }
                    Then::Switched => self.switch(goal, server).await,
                }
            }
            Err(failure) => {
                let request = self.shown(goal, &line);
                self.broke(&request, failure, server.is_used, has_begun)
                    .await;
            }
        }
        false
    }

    /// The connection to the server of a request: the one that is there, if it is the same.
    async fn connect(&mut self, goal: &Goal) -> Result<Server, Unreached> {
        if let Some((target, server)) = self.server.take()
            && target == goal.target
        {
            return Ok(server);
        }
        Ok(Server {
            stream: Box::pin(self.hall.reach(goal, false)).await?,
            input: Buffer::with_capacity(BLOCK),
            is_used: false,
        })
    }

    /// Both ends speak another protocol from here on.
    async fn switch(&mut self, goal: &Goal, server: Server) {
        let input = std::mem::replace(&mut self.input, Buffer::with_capacity(0));
        let mut client = Early {
            bytes: input,
            stream: &mut *self.front,
        };
        let mut server = Early {
            bytes: server.input,
            stream: server.stream,
        };
        let began = Instant::now();
        let passed = relay(&mut client, &mut server, &self.hall.visit.signals).await;
        let text = format!("the other protocol with {}", goal.host());
        super::sum_up_bytes(&self.hall, &text, &passed, began);
    }

    /// Says what is wrong with a request, which is one for the log, or with its response.
    async fn broke(&mut self, request: &str, failure: Failure, is_used: bool, has_begun: bool) {
        let is_clients = failure.is_clients();
        if matches!(failure, Failure::NoAnswer) && is_used {
            // The client would have seen the same end without a proxy, and asks again.
            return;
        }
        let text = failure.to_string();
        let is_gone = matches!(failure, Failure::Cut | Failure::Client(_) | Failure::Silent);
        let logged = failure.without_values().to_string();
        if has_begun || is_gone {
            self.hall
                .note(Role::Warning, &format!("! {logged}: {request}"));
            // An end in the middle must not look like an orderly one.
            self.front.reset_on_drop();
            return;
        }
        let status = if is_clients { BAD_REQUEST } else { BAD_GATEWAY };
        self.refuse(status, &text, &logged).await;
    }

    async fn fail(&mut self, unreached: &Unreached) {
        let Unreached { status, text, hint } = unreached;
        self.hall.complain(text, hint.as_deref());
        let answered = match hint {
            Some(hint) => format!("{text} ({hint})"),
            None => text.clone(),
        };
        let _ = answer(self.front, status, &escape_line(&answered)).await;
    }

    async fn complain_of_request(&mut self, error: RequestError) {
        let text = error.to_string();
        let status = match error {
            RequestError::Slow => Some(REQUEST_TIMEOUT),
            RequestError::Head(_) | RequestError::Length => Some(BAD_REQUEST),
            _ => None,
        };
        let logged = error.without_values().to_string();
        match status {
            Some(status) => self.refuse(status, &text, &logged).await,
            None => self.hall.note(Role::Warning, &format!("! {logged}")),
        }
    }

    /// Answers with `text`; the log is also for others than the client, and has no values of it.
    async fn refuse(&mut self, status: &'static str, text: &str, logged: &str) {
        self.hall
            .note(Role::Warning, &format!("! refused: {logged}"));
        let _ = answer(self.front, status, &escape_line(text)).await;
    }

    /// One line for each request, with `-v`.
    fn show(&self, goal: &Goal, line: &str, status: u16, began: Instant) {
        if !self.hall.options.shows_steps {
            return;
        }
        let request = self.shown(goal, line);
        let took = quantity::duration(began.elapsed());
        let text = format!("* {request} → {status} in {took}");
        self.hall.note(Role::Fact, &text);
    }

    /// A request for the log: its method and URL, without secrets.
    fn shown(&self, goal: &Goal, line: &str) -> String {
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next());
        let url = goal.url_of(target.unwrap_or_default());
        let url = self.hall.visit.log.secrets().url(&url).into_owned();
        let mut shown: String = url.chars().take(MAX_SHOWN).collect();
        if shown.len() < url.len() {
            shown.push('…');
        }
        format!("{method} {shown}")
    }

    /// One line for all requests.
    fn sum_up(&self) {
        let Some(host) = &self.host else {
            return;
        };
        let others = if self.is_to_others.get() {
            " and others"
        } else {
            ""
        };
        let requests = quantity::plural(self.count, "request");
        let lasted = quantity::duration(self.started.elapsed());
        let sent = quantity::size(self.meter.sent.get());
        let received = quantity::size(self.meter.received.get());
        let text = format!(
            "* {requests} to {host}{others} in {lasted} (client: {sent}; server: {received})"
        );
        self.hall.note(Role::Fact, &text);
    }
}

/// RFC 9112 §3.2: a request of HTTP/1.1 has one `Host`, or two readers could take it for another site's.
fn check_host(head: &Head) -> Result<(), Objection> {
    match head.values("Host").count() {
        1 => Ok(()),
        0 if head.is_http10() => Ok(()),
        0 => Err(Objection::bad("the request has no Host (RFC 9112 §3.2)")),
        _ => Err(Objection::bad(
            "the request has several Host fields (RFC 9112 §3.2)",
        )),
    }
}

/// Why a request is not passed on.
struct Objection {
    status: &'static str,
    text: String,
}

impl Objection {
    fn bad(text: &str) -> Self {
        Self {
            status: BAD_REQUEST,
            text: text.to_owned(),
        }
    }
}

impl From<GoalError> for Objection {
    fn from(error: GoalError) -> Self {
        Self::bad(&error.to_string())
    }
}

impl From<RequestError> for Objection {
    fn from(error: RequestError) -> Self {
        Self::bad(&error.to_string())
    }
}
