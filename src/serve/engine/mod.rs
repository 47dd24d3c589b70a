//! `--as socket.io`: Engine.IO over long polling and WebSocket on one port, and Socket.IO on top of it.

mod guest;
mod http;
mod polling;
mod report;
mod response;
mod route;
mod shared;
mod visitor;
mod websocket;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use guest::Guest;
use http::{Http, RequestError};
pub(super) use response::Response;
use route::{Route, route};
use shared::{Opening, Sessions, Shared};
use visitor::{Numbers, Visitor};
use websocket::Socket;

use super::Options;
use super::client::Client;
use crate::acceptor::{Log, Stopped, linger};
use crate::event::Direction;
use crate::ontop::socketio::engine::RefusalCode;
use crate::ontop::socketio::server::{self, Transport as SessionTransport};
use crate::proto::connection::{Config, Connection};
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::Head;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::{self, Transport};

/// The answer to a client that polls with `<script>` tags, as old browsers did.
const JSONP: &str = "JSONP polling (j= in the query) is not supported; set forceJSONP and jsonp to false in the client";

/// The server's half of Socket.IO.
#[derive(Debug, Clone)]
pub struct Engine {
    sessions: Rc<Sessions>,
    numbers: Numbers,
}

/// An identifier that nobody guesses, as long as those of the reference server.
pub fn new_sid() -> String {
    data_encoding::BASE64URL.encode(&rand::random::<[u8; 15]>())
}

impl Engine {
    pub fn new(options: server::Options) -> Self {
        Self {
            sessions: Rc::new(Sessions::new(options)),
            numbers: Numbers::default(),
        }
    }

    /// A client that has connected from there, to the server with this log.
    pub(super) fn visitor(&self, peer: SocketAddr, log: &Log) -> Visitor {
        Visitor::new(peer, log.clone(), self.numbers.clone())
    }

    /// Ends all sessions.
    pub(super) fn close(&self) {
        self.sessions.close();
    }

    /// Serves one request after another, until one becomes a WebSocket or the client leaves.
    pub(super) async fn serve<S: Transport>(
        &self,
        stream: S,
        options: &Options,
        mut visitor: Visitor,
        mut ended: Stopped,
    ) {
        let mut http = Http::new(stream);
        loop {
            let head = tokio::select! {
                head = http.head() => head,
                _ = &mut ended => return,
            };
            let answered = match head {
                Ok(None) => return,
                Ok(Some(head)) => match route(&head, &self.sessions, &options.policy.origins) {
                    Route::OpenSocket(opening) => {
                        let (guest, log) = visitor.begin(&options.hub);
                        let socket = Opened::New(opening, guest);
                        return self
                            .websocket(http, head, socket, options, log, ended)
                            .await;
                    }
                    Route::Upgrade(shared) => {
                        let log = visitor.of(&shared);
                        let socket = Opened::For(shared);
                        return self
                            .websocket(http, head, socket, options, log, ended)
                            .await;
                    }
                    route => {
                        let (guest, log) = match &route {
                            Route::Open(_) => {
                                let (guest, log) = visitor.begin(&options.hub);
                                (Some(guest), log)
                            }
                            Route::Poll(session) | Route::Post(session) => {
                                (None, visitor.of(session))
                            }
                            _ => (None, visitor.log()),
                        };
                        let guest = guest.as_ref();
                        self.request(&mut http, &head, route, guest, &log).await
                    }
                },
                Err(error) => fail(&mut http, None, &error, &visitor.log()).await,
            };
            if !answered {
                return;
            }
        }
    }

    /// Answers a request; returns whether another one may follow.
    async fn request<S: Transport>(
        &self,
        http: &mut Http<S>,
        head: &Head,
        route: Route,
        guest: Option<&Guest<'_>>,
        log: &Log,
    ) -> bool {
        log.head(head, Direction::Received);
        let limit = self.sessions.options().max_payload;
        let response = match route {
            Route::Poll(shared) => {
                let Some(response) = polling::poll(http, &shared).await else {
                    return false;
                };
                response
            }
            Route::Post(shared) => match polling::post(http, head, &shared, limit).await {
                Ok(response) => response,
                Err(error) => return fail(http, Some(head), &error, log).await,
            },
            other => {
                // The body of a request that is not understood must not become the next request.
                if let Err(error) = http.body(head, limit).await {
                    return fail(http, Some(head), &error, log).await;
                }
                self.simple(other, head, guest, log)
            }
        };
        respond(http, head, response, log).await
    }

    /// The answer to a request that neither waits nor has a body.
    fn simple(&self, route: Route, head: &Head, guest: Option<&Guest<'_>>, log: &Log) -> Response {
        match route {
            Route::Open(opening) => {
                let transport = SessionTransport::Polling;
                match self.sessions.open(&opening, transport, log.clone(), guest) {
                    Some(shared) => polling::packets(&shared),
                    None => too_many(log),
                }
            }
            Route::Preflight => Response::preflight(head),
            Route::Refused {
                code,
                is_upgrade,
                detail,
            } => {
                refused(code, &detail, log);
                Response::refused(code, is_upgrade)
            }
            Route::NotFound(text) => {
                log.note(Role::Warning, &format!("! not found: {}", text.trim_end()));
                Response::not_found(text)
            }
            Route::Jsonp => {
                log.note(Role::Warning, &format!("! refused: {JSONP}"));
                Response::failed("400 Bad Request", JSONP)
            }
            Route::Poll(_) | Route::Post(_) | Route::OpenSocket(_) | Route::Upgrade(_) => {
                Response::refused(RefusalCode::BadRequest, false)
            }
        }
    }

    /// Performs the opening handshake of WebSocket and serves the session over it.
    async fn websocket<S: Transport>(
        &self,
        mut http: Http<S>,
        head: Head,
        opened: Opened<'_>,
        options: &Options,
        log: Log,
        ended: Stopped,
    ) {
        let answer = Upgrade::answer(head, &options.policy);
        log.head(&answer.request, Direction::Received);
        log.head(&answer.response, Direction::Sent);
        if http.write(answer.response.as_bytes()).await.is_err() {
            return;
        }
        if let Some(refused) = &answer.refused {
            let text = refused.to_string();
            log.note(Role::Warning, &format!("! refused: {}", escape_line(&text)));
            let _ = linger(&mut http.stream).await;
            return;
        }
        let now = Instant::now();
        let client = Client::new(log.clone(), ended, None);
        let mut socket = match opened {
            Opened::For(shared) => Socket::probing(client, shared, now),
            Opened::New(opening, guest) => {
                let transport = SessionTransport::WebSocket;
                let shared = self
                    .sessions
                    .open(&opening, transport, log.clone(), Some(&guest));
                let Some(shared) = shared else {
                    too_many(&log);
                    return;
                };
                Socket::opening(client, shared)
            }
        };
        let config = Config {
            deflate: answer.deflate,
            ..options.connection.clone()
        };
        let connection = Connection::new(config, http.input, rand::random(), now);
        let ending = Box::pin(session::run(http.stream, connection, now, &mut socket)).await;
        socket.ended(Instant::now());
        log.ending(&ending);
    }
}

/// What a WebSocket is for.
enum Opened<'a> {
    New(Opening, Guest<'a>),
    For(Rc<Shared>),
}

fn refused(code: RefusalCode, detail: &str, log: &Log) {
    let (number, message) = (code.number(), code.message());
    let detail = escape_line(detail);
    let text = format!("! refused: code {number}, {message} ({detail})");
    log.note(Role::Warning, &text);
}

fn too_many(log: &Log) -> Response {
    let text = "too many sessions are open";
    log.note(Role::Warning, &format!("! refused: {text}"));
    Response::failed("503 Service Unavailable", text)
}

/// Sends a response; returns whether another request may follow.
async fn respond<S: Transport>(
    http: &mut Http<S>,
    request: &Head,
    response: Response,
    log: &Log,
) -> bool {
    // RFC 9112 §9.3: HTTP/1.0 keeps no connection by itself.
    let connection = request.list("Connection");
    let wants_end = request.start_line().ends_with(b" HTTP/1.0")
        || connection.iter().any(|it| it.eq_ignore_ascii_case("close"));
    let response = if wants_end { response.last() } else { response };
    let is_last = response.is_last;
    let (head, bytes) = response.encode(request);
    log.head(&head, Direction::Sent);
    if http.write(&bytes).await.is_err() {
        return false;
    }
    if is_last {
        let _ = linger(&mut http.stream).await;
    }
    !is_last
}

/// Answers a request that cannot be read, after which the connection ends.
async fn fail<S: Transport>(
    http: &mut Http<S>,
    request: Option<&Head>,
    error: &RequestError,
    log: &Log,
) -> bool {
    let text = error.to_string();
    log.note(Role::Error, &format!("! {}", escape_line(&text)));
    let status = match error {
        RequestError::TooLarge(_) => "413 Content Too Large",
        RequestError::Slow => "408 Request Timeout",
        RequestError::Head(_) | RequestError::Framing => "400 Bad Request",
        RequestError::Cut | RequestError::Io(_) => return false,
    };
    let none = Head::encode("GET / HTTP/1.1", []);
    let response = Response::failed(status, &text);
    respond(http, request.unwrap_or(&none), response, log).await
}
