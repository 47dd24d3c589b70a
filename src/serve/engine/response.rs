//! Responses of long polling.

use crate::ontop::socketio::engine::RefusalCode;
use crate::proto::http1::Head;

const TEXT: &str = "text/plain; charset=UTF-8";
const JSON: &str = "application/json";
const BINARY: &str = "application/octet-stream";

#[derive(Debug)]
pub(in crate::serve) struct Response {
    status: &'static str,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Whether the connection ends with it.
    pub(super) is_last: bool,
}

impl Response {
    /// Packets for a client that polls.
    pub(super) fn packets(body: Vec<u8>, is_binary: bool) -> Self {
        let kind = if is_binary { BINARY } else { TEXT };
        Self::new("200 OK", kind, body)
    }

    /// An answer in JSON, after which the connection ends.
    pub(in crate::serve) fn json(body: String) -> Self {
        Self::new("200 OK", JSON, body.into_bytes()).last()
    }

    /// The answer to packets from a client.
    pub(super) fn accepted() -> Self {
        Self::new("200 OK", TEXT, b"ok".to_vec())
    }

    /// A refusal in the form of the reference server, which has one for requests and one for upgrades.
    pub(super) fn refused(code: RefusalCode, is_upgrade: bool) -> Self {
        let status = match code {
            RefusalCode::Forbidden if !is_upgrade => "403 Forbidden",
            _ => "400 Bad Request",
        };
        if is_upgrade {
            return Self::new(status, TEXT, code.message().into()).last();
        }
        let (number, message) = (code.number(), code.message());
        let body = format!(r#"{{"code":{number},"message":"{message}"}}"#);
        Self::new(status, JSON, body.into())
    }

    /// A request that breaks the rules of HTTP or its limits.
    pub(super) fn failed(status: &'static str, text: &str) -> Self {
        Self::new(status, TEXT, text.into()).last()
    }

    pub(super) fn not_found(text: &'static str) -> Self {
        Self::new("404 Not Found", TEXT, text.into())
    }

    /// The answer to a browser that asks before it sends a request to another origin.
    pub(in crate::serve) fn preflight(head: &Head) -> Self {
        let mut fields = vec![
            ("Access-Control-Allow-Methods", "GET, POST".to_owned()),
            // As long as Chrome remembers it.
            ("Access-Control-Max-Age", "7200".to_owned()),
        ];
        let wanted = head.text("Access-Control-Request-Headers");
        fields.extend(wanted.map(|names| ("Access-Control-Allow-Headers", names)));
        Self {
            status: "204 No Content",
            fields,
            body: Vec::new(),
            is_last: false,
        }
    }

    fn new(status: &'static str, kind: &'static str, body: Vec<u8>) -> Self {
        let fields = vec![
            ("Content-Type", kind.to_owned()),
            ("Content-Length", body.len().to_string()),
            ("Cache-Control", "no-store".to_owned()),
        ];
        Self {
            status,
            fields,
            body,
            is_last: false,
        }
    }

    /// The same, after which the connection ends.
    pub(in crate::serve) fn last(self) -> Self {
        Self {
            is_last: true,
            ..self
        }
    }

    /// The head for the request, and all bytes of the response.
    pub(in crate::serve) fn encode(mut self, request: &Head) -> (Head, Vec<u8>) {
        // A page on any origin that the server accepts may read the answer.
        if let Some(origin) = request.text("Origin") {
            self.fields.push(("Access-Control-Allow-Origin", origin));
            let credentials = "Access-Control-Allow-Credentials";
            self.fields.push((credentials, "true".to_owned()));
            self.fields.push(("Vary", "Origin".to_owned()));
        }
        if self.is_last {
            self.fields.push(("Connection", "close".to_owned()));
        }
        let fields = self.fields.iter().map(|(name, value)| (*name, &**value));
        let head = Head::encode(&format!("HTTP/1.1 {}", self.status), fields);
        let mut bytes = head.as_bytes().to_vec();
        // RFC 9110 §9.3.2: the answer to HEAD has no body.
        if !request.start_line().starts_with(b"HEAD ") {
            bytes.extend(self.body);
        }
        (head, bytes)
    }
}
