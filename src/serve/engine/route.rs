//! What a request wants, and whether it may have it, in the order of the reference server's checks.

use std::rc::Rc;

use super::shared::{Opening, Sessions, Shared};
use crate::ontop::socketio::engine::{RefusalCode, Version};
use crate::ontop::socketio::server::{Service, Transport};
use crate::proto::http1::Head;

#[derive(Debug)]
pub(super) enum Route {
    /// Opens a session that polls.
    Open(Opening),
    Poll(Rc<Shared>),
    Post(Rc<Shared>),
    /// Opens a session over WebSocket.
    OpenSocket(Opening),
    /// Opens a WebSocket for a session that polls.
    Upgrade(Rc<Shared>),
    Preflight,
    NotFound(&'static str),
    /// The client polls with `<script>` tags.
    Jsonp,
    Refused {
        code: RefusalCode,
        is_upgrade: bool,
        /// What the log says about it.
        detail: String,
    },
}

const NOT_FOUND: &str = "the paths are /socket.io/ and /engine.io/\n";
const NO_SLASH: &str = "the path needs a slash at its end: /socket.io/ or /engine.io/\n";

/// Finds out what the request with this head wants; without `origins` all are allowed.
pub(super) fn route(head: &Head, sessions: &Sessions, origins: &[String]) -> Route {
    let line = String::from_utf8_lossy(head.start_line()).into_owned();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let service = match path {
        "/socket.io/" => Service::SocketIo,
        "/engine.io/" => Service::EngineIo,
        "/socket.io" | "/engine.io" => return Route::NotFound(NO_SLASH),
        _ => return Route::NotFound(NOT_FOUND),
    };
    let upgrade = head.list("Upgrade");
    let is_upgrade = upgrade
        .iter()
        .any(|it| it.eq_ignore_ascii_case("websocket"));
    let request = Request {
        method,
        is_upgrade,
        service,
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
    };
    check_origin(head.text("Origin"), origins)
        .and_then(|()| request.wanted(sessions))
        .unwrap_or_else(|(code, detail)| Route::Refused {
            code,
            is_upgrade,
            detail,
        })
}

struct Request<'a> {
    method: &'a str,
    is_upgrade: bool,
    service: Service,
    query: Vec<(String, String)>,
}

type Refusal = (RefusalCode, String);

impl Request<'_> {
    fn wanted(&self, sessions: &Sessions) -> Result<Route, Refusal> {
        if self.method == "OPTIONS" {
            return Ok(Route::Preflight);
        }
        let transport = match self.value("transport") {
            Some("polling") => Transport::Polling,
            Some("websocket") => Transport::WebSocket,
            other => {
                let detail = format!("transport={}", other.unwrap_or(""));
                return Err((RefusalCode::TransportUnknown, detail));
            }
        };
        let is_socket = transport == Transport::WebSocket;
        if !is_socket && self.value("j").is_some() {
            return Ok(Route::Jsonp);
        }
        let Some(sid) = self.value("sid") else {
            return self.opening(is_socket);
        };
        let session = sessions.find(sid).filter(|session| {
            // The sessions of the two paths are apart.
            session.peek(|it| it.service() == self.service)
        });
        let Some(session) = session else {
            return Err((RefusalCode::SessionUnknown, format!("sid={sid}")));
        };
        if is_socket != self.is_upgrade {
            return Err(mismatch(is_socket));
        }
        if self.is_upgrade {
            return Ok(Route::Upgrade(session));
        }
        if session.peek(|it| it.transport() == Transport::WebSocket) {
            let detail = "the session has moved to WebSocket".to_owned();
            return Err((RefusalCode::BadRequest, detail));
        }
        match self.method {
            "GET" => Ok(Route::Poll(session)),
            "POST" => Ok(Route::Post(session)),
            other => Err((RefusalCode::BadMethod, format!("the method {other}"))),
        }
    }

    fn opening(&self, is_socket: bool) -> Result<Route, Refusal> {
        if self.method != "GET" {
            let detail = format!("a session opens with GET, not {}", self.method);
            return Err((RefusalCode::BadMethod, detail));
        }
        if is_socket != self.is_upgrade {
            return Err(mismatch(is_socket));
        }
        let version = match self.value("EIO") {
            Some("4") => Version::V4,
            Some("3") => Version::V3,
            other => {
                let detail = format!("EIO={}; it must be 3 or 4", other.unwrap_or(""));
                return Err((RefusalCode::Version, detail));
            }
        };
        let opening = Opening {
            version,
            service: self.service,
            query: self.own_query(),
            takes_binary: self.value("b64").is_none(),
        };
        Ok(if is_socket {
            Route::OpenSocket(opening)
        } else {
            Route::Open(opening)
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        let pair = self.query.iter().find(|(it, _)| it == name);
        pair.map(|(_, value)| &**value)
    }

    /// What is in the query besides what Engine.IO puts there.
    fn own_query(&self) -> Vec<(String, String)> {
        const OF_ENGINE: [&str; 5] = ["EIO", "transport", "sid", "t", "b64"];
        let is_own = |(name, _): &&(String, String)| !OF_ENGINE.contains(&&**name);
        self.query.iter().filter(is_own).cloned().collect()
    }
}

fn check_origin(origin: Option<String>, allowed: &[String]) -> Result<(), Refusal> {
    match origin {
        _ if allowed.is_empty() => Ok(()),
        Some(origin) if allowed.contains(&origin) => Ok(()),
        origin => {
            let origin = origin.as_deref().unwrap_or("(none)");
            let detail = format!("the origin {origin} is not allowed");
            Err((RefusalCode::Forbidden, detail))
        }
    }
}

fn mismatch(is_socket: bool) -> Refusal {
    let detail = if is_socket {
        "transport=websocket without Upgrade: websocket"
    } else {
        "Upgrade: websocket with transport=polling"
    };
    (RefusalCode::BadRequest, detail.to_owned())
}
