//! The objects of an archive.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A request and its response; the messages are written after it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(serialize_with = "iso")]
    pub started_date_time: Timestamp,
    pub time: f64,
    pub request: Request,
    pub response: Response,
    pub cache: Cache,
    pub timings: Timings,
    #[serde(rename = "serverIPAddress", skip_serializing_if = "Option::is_none")]
    pub server_ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(rename = "_resourceType")]
    pub resource_type: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub method: String,
    pub url: String,
    pub http_version: String,
    pub cookies: [(); 0],
    pub headers: Vec<Pair>,
    pub query_string: Vec<Pair>,
    pub headers_size: i64,
    pub body_size: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    pub status: u16,
    pub status_text: String,
    pub http_version: String,
    pub cookies: [(); 0],
    pub headers: Vec<Pair>,
    pub content: Content,
    #[serde(rename = "redirectURL")]
    pub redirect_url: String,
    pub headers_size: i64,
    pub body_size: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct Pair {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    pub size: usize,
    pub mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Cache {}

/// Milliseconds, -1 if not applicable; `connect` includes `ssl`.
#[derive(Debug, Serialize)]
pub(super) struct Timings {
    pub blocked: f64,
    pub dns: f64,
    pub connect: f64,
    pub ssl: f64,
    pub send: f64,
    pub wait: f64,
    pub receive: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    pub r#type: Type,
    pub time: f64,
    pub opcode: u8,
    pub data: Data<'a>,
    /// The number of a message; a field of our own, so its name starts with `_`.
    #[serde(rename = "_n", skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    Send,
    Receive,
}

#[derive(Debug)]
pub(super) enum Data<'a> {
    /// As is; invalid UTF-8 is replaced.
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(bytes) => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
            Self::Bytes(bytes) => serializer.collect_str(&BASE64.encode_display(bytes)),
        }
    }
}

fn iso<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.6}"))
}
