//! The objects of the format, which `schema/events.schema.json` explains.

use std::borrow::Cow;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::event::{Direction, Side};

#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    pub v: u32,
    pub time: Time,
    /// Of a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<u64>,
    /// Of a proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Of a prompt with several: the first one has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_name: Option<&'a str>,
    #[serde(flatten)]
    pub event: Event<'a>,
}

/// A time in UTC, written to the microsecond.
#[derive(Debug)]
pub(super) struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.6}", self.0))
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event<'a> {
    Open(Box<Open<'a>>),
    Message(Message<'a>),
    Ping(Control<'a>),
    Pong(Control<'a>),
    Close(Close<'a>),
    /// Only with `-vv`.
    Frame(Frame),
    Error(Box<Error<'a>>),
    Retry(Retry),
    /// Of `wsee listen`.
    Fault(Fault<'a>),
    Closed(Box<Closed<'a>>),
}

#[derive(Debug, Serialize)]
pub(super) struct Fault<'a> {
    pub message: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Retry {
    pub message: String,
    pub delay_ms: f64,
    pub attempt: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Open<'a> {
    pub url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subprotocol: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Head>,
    pub timings: Timings,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Tls {
    pub version: String,
    pub cipher_suite: String,
    pub verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distrust: Option<String>,
}

/// Secrets are masked.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Head {
    pub line: String,
    pub headers: Vec<Field>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Field {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the format's")]
pub(super) struct Timings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_tls_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tunnel_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    pub n: u64,
    pub direction: Direction,
    pub r#type: Type,
    pub size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deflated_size: Option<u64>,
    /// Before the payload, which may be written in pieces.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub on_top: Option<&'a Value>,
    #[serde(flatten)]
    pub payload: Payload<'a>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    Text,
    Binary,
}

/// Exact bytes, under a name for their encoding.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Payload<'a> {
    Data(&'a str),
    Base64(#[serde(serialize_with = "base64")] &'a [u8]),
}

impl<'a> Payload<'a> {
    pub(super) fn text(bytes: &'a [u8]) -> Self {
        std::str::from_utf8(bytes).map_or(Self::Base64(bytes), Self::Data)
    }
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&BASE64.encode_display(bytes))
}

#[derive(Debug, Serialize)]
pub(super) struct Control<'a> {
    pub direction: Direction,
    pub size: usize,
    #[serde(flatten)]
    pub payload: Payload<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer {
    Sent,
    Queued,
    None,
}

#[derive(Debug, Serialize)]
pub(super) struct Close<'a> {
    pub direction: Direction,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "RFC 6455 §5.2 has four flag bits"
)]
pub(super) struct Frame {
    pub direction: Direction,
    pub fin: bool,
    pub rsv1: bool,
    pub rsv2: bool,
    pub rsv3: bool,
    pub opcode: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    pub length: u64,
    pub length_bits: u8,
    pub header: String,
    pub offset: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Error<'a> {
    pub message: Cow<'a, str>,
    pub fatal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Closed<'a> {
    pub message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Cow<'a, str>>,
    pub exit: u8,
    #[serde(flatten)]
    pub connection: Option<Connection<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Connection<'a> {
    pub code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    pub clean: bool,
    pub duration_ms: f64,
    pub sent: Traffic,
    pub received: Traffic,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Traffic {
    pub messages: u64,
    pub frames: u64,
    pub payload_bytes: u64,
    pub wire_bytes: u64,
}
