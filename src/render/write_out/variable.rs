//! What a format can ask for.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Map, Number};

use crate::event::{Ending, Opening, Phase};
use crate::exit::Exit;
use crate::proto::connection::{End, reported_code};
use crate::proto::frame::CloseFrame;
use crate::proto::http1::Head;
use crate::proto::traffic::Traffic;
use crate::render::Secrets;
use crate::secret::Redactor;

#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub opening: &'a Opening,
    /// How the connection ended; `None` when it never opened.
    pub ending: Option<&'a Ending>,
    pub exit: Exit,
    /// What went wrong; empty when nothing did.
    pub error: &'a str,
    pub url: &'a str,
    /// From the start of the run to its end.
    pub total: Duration,
    pub secrets: Secrets,
}

#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    get: fn(&Report<'_>) -> Value,
}

/// Variables differ by their names; so comparing functions is not needed.
impl PartialEq for Variable {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Variable {}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(Option<String>),
    /// A number; 0 or `null` when there is none.
    Number(Option<u64>),
    /// An HTTP status, in three digits as curl prints it.
    Status(Option<u16>),
    /// A time, in seconds with six digits as curl prints it; 0 when there is none.
    Time(Option<Duration>),
    /// As a time, but empty when there is none: curl has no such variable, and 0 is a measured value.
    RoundTrip(Option<Duration>),
}

impl Value {
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone().unwrap_or_default(),
            Self::Number(number) => number.unwrap_or_default().to_string(),
            Self::Status(status) => format!("{:03}", status.unwrap_or_default()),
            Self::Time(time) => seconds(time.unwrap_or_default()),
            Self::RoundTrip(time) => time.map(seconds).unwrap_or_default(),
        }
    }

    fn json(self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Number(number) => number.into(),
            Self::Status(status) => status.into(),
            Self::Time(time) | Self::RoundTrip(time) => time
                // The digits of the text, no more.
                .and_then(|time| seconds(time).parse().ok())
                .and_then(Number::from_f64)
                .into(),
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{}.{:06}", time.as_secs(), time.subsec_micros())
}

impl Variable {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|variable| variable.name == name)
    }

    pub(super) fn value(&self, report: &Report<'_>) -> Value {
        (self.get)(report)
    }

    pub(super) const ALL: &[Self] = &[
        Self::new("url", |report| {
            text(report.secrets.url(report.url).into_owned())
        }),
        Self::new("url_effective", |report| {
            let url = report.opening.redirected_to();
            text(report.secrets.url(url.unwrap_or(report.url)).into_owned())
        }),
        Self::new("num_redirects", |report| number(report.opening.redirects())),
        Self::new("exitcode", |report| number(report.exit.status())),
        Self::new("errormsg", |report| {
            Value::Text((!report.error.is_empty()).then(|| report.error.to_owned()))
        }),
        Self::new("http_code", status),
        Self::new("response_code", status),
        Self::new("http_version", |report| {
            let response = report.opening.last_response();
            Value::Text(response.and_then(Head::version))
        }),
        Self::new("http_connect", |report| {
            Value::Status(report.opening.proxy_status())
        }),
        Self::new("subprotocol", |report| {
            let open = report.opening.open();
            Value::Text(open.and_then(|open| open.subprotocol.clone()))
        }),
        Self::new("extensions", extensions),
        Self::new("close_code", |report| {
            Value::Number(report.close().map(|(code, _)| code.into()))
        }),
        Self::new("close_reason", |report| {
            Value::Text(report.close().map(|(_, reason)| reason))
        }),
        Self::new("messages_in", |report| number(report.received().messages)),
        Self::new("messages_out", |report| number(report.sent().messages)),
        Self::new("bytes_in", |report| number(report.received().payload)),
        Self::new("bytes_out", |report| number(report.sent().payload)),
        Self::new("wire_in", |report| number(report.received().bytes)),
        Self::new("wire_out", |report| number(report.sent().bytes)),
        Self::new("time_namelookup", |report| report.time(Phase::Resolve)),
        Self::new("time_connect", |report| {
            let end_of = |phase| report.opening.end_of(phase);
            Value::Time(end_of(Phase::Tcp).or(end_of(Phase::Unix)))
        }),
        Self::new("time_proxy", |report| report.time(Phase::Tunnel)),
        Self::new("time_appconnect", |report| report.time(Phase::Tls)),
        Self::new("time_open", |report| Value::Time(report.opening.opened())),
        Self::new("time_first_message", |report| {
            report.time(Phase::FirstMessage)
        }),
        Self::new("time_total", |report| Value::Time(Some(report.total))),
        Self::new("rtt_avg", |report| {
            Value::RoundTrip(report.ending.and_then(|ending| ending.round_trips.mean()))
        }),
        Self::new("rtt_min", |report| {
            report.rtt(|ending| ending.round_trips.least)
        }),
        Self::new("rtt_max", |report| {
            report.rtt(|ending| ending.round_trips.most)
        }),
        Self::new("remote_ip", |report| ip(report.remote())),
        Self::new("remote_port", |report| port(report.remote())),
        Self::new("local_ip", |report| ip(report.local())),
        Self::new("local_port", |report| port(report.local())),
    ];

    const fn new(name: &'static str, get: fn(&Report<'_>) -> Value) -> Self {
        Self { name, get }
    }
}

fn text(text: String) -> Value {
    Value::Text(Some(text))
}

fn number(number: impl Into<u64>) -> Value {
    Value::Number(Some(number.into()))
}

/// Without the mapping of IPv4 into IPv6, which only confuses.
fn ip(address: Option<SocketAddr>) -> Value {
    Value::Text(address.map(|address| address.ip().to_canonical().to_string()))
}

fn port(address: Option<SocketAddr>) -> Value {
    Value::Number(address.map(|address| address.port().into()))
}

fn status(report: &Report<'_>) -> Value {
    let response = report.opening.last_response();
    Value::Status(response.and_then(Head::status))
}

fn extensions(report: &Report<'_>) -> Value {
    let response = report.opening.last_response();
    let response = response.filter(|_| report.opening.opened().is_some());
    let agreed = response.map(|head| head.list("Sec-WebSocket-Extensions").join(", "));
    Value::Text(agreed.filter(|agreed| !agreed.is_empty()))
}

impl Report<'_> {
    pub(super) fn json(&self) -> String {
        let values = Variable::ALL
            .iter()
            .map(|variable| (variable.name.to_owned(), variable.value(self).json()));
        serde_json::Value::Object(values.collect::<Map<_, _>>()).to_string()
    }

    /// The first field called `name` of the latest response; a secret as it may be shown.
    pub(super) fn header(&self, name: &str) -> Value {
        let response = self.opening.last_response();
        let value = response.and_then(|head| head.text(name));
        let redactor = self.redactor();
        Value::Text(value.map(|value| {
            let value = self.secrets.header_value(name, &value);
            redactor.text(&value).into_owned()
        }))
    }

    fn redactor(&self) -> Redactor {
        self.secrets.redactor(self.opening.requests())
    }

    /// What the peer's Close frame said; 1005 and 1006 where the WebSocket API has them.
    fn close(&self) -> Option<(u16, String)> {
        let close = |frame: &Option<CloseFrame>| {
            let reason = frame.as_ref().map_or("", |frame| &frame.reason);
            let reason = self.redactor().text(reason).into_owned();
            (reported_code(frame.as_ref()).0, reason)
        };
        Some(match &self.ending?.end {
            End::Closed { received, .. } => close(received),
            End::NotAwaited { sent } => close(sent),
            End::Failed(violation) => (violation.rule.close_code().0, String::new()),
            End::Lost { .. } | End::Abandoned { .. } | End::CloseTimeout | End::NoPong(_) => {
                (1006, String::new())
            }
        })
    }

    fn received(&self) -> Traffic {
        self.ending
            .map(|ending| ending.received)
            .unwrap_or_default()
    }

    fn sent(&self) -> Traffic {
        self.ending.map(|ending| ending.sent).unwrap_or_default()
    }

    fn time(&self, phase: Phase) -> Value {
        Value::Time(self.opening.end_of(phase))
    }

    fn rtt(&self, get: impl Fn(&Ending) -> Duration) -> Value {
        let measured = self.ending.filter(|ending| ending.round_trips.count > 0);
        Value::RoundTrip(measured.map(get))
    }

    fn remote(&self) -> Option<SocketAddr> {
        self.opening.addresses().map(|(remote, _)| remote)
    }

    fn local(&self) -> Option<SocketAddr> {
        self.opening.addresses().map(|(_, local)| local)
    }
}
