//! The frame that opens a session.

use serde_json::Value;

use crate::ontop::stomp::beat::BEAT;
use crate::ontop::stomp::frame::{Frame, Headers};
use crate::secret::{Login, MASK};

/// The versions that are offered.
const VERSIONS: &str = "1.0,1.1,1.2";

pub(super) struct Connect {
    pub frame: Frame,
    /// The same without secrets.
    pub shown: Frame,
    /// What is remarkable in it.
    pub note: String,
}

impl Connect {
    /// With the members of `--auth` as headers, in the place of what wsee would say.
    pub(super) fn new(auth: Option<&Value>, login: Option<&Login>) -> Self {
        let auth = headers(auth);
        let password = login.map(|login| login.password.expose().as_str());
        let frame = frame(&auth, login, password);
        let hidden = Headers(auth.0.iter().map(hidden).collect());
        let shown = self::frame(&hidden, login, password.map(|_| MASK));
        let part = |name: &str, word: &str| {
            let value = shown.headers.get(name);
            value.map(|value| format!("{word} {value}"))
        };
        let with = (!auth.0.is_empty()).then(|| "with --auth".to_owned());
        let parts = [part("host", "host"), part("login", "as"), with];
        let note = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        Self { frame, shown, note }
    }
}

/// STOMP 1.2 asks for a header host. `RabbitMQ` takes it for one of its virtual hosts and refuses others, and no
/// broker misses it: the usual client for browsers sends none.
fn frame(auth: &Headers, login: Option<&Login>, password: Option<&str>) -> Frame {
    let mut frame = Frame::new("CONNECT", &[]);
    let beat = format!("{BEAT},{BEAT}");
    let own = [("accept-version", VERSIONS), ("heart-beat", &beat)];
    let login = login.map(|login| ("login", login.user.as_str()));
    let passcode = password.map(|password| ("passcode", password));
    for (name, value) in own.into_iter().chain(login).chain(passcode) {
        if auth.get(name).is_none() {
            frame.headers.add(name, value);
        }
    }
    frame.headers.0.extend(auth.0.iter().cloned());
    frame
}

fn headers(auth: Option<&Value>) -> Headers {
    let members = auth.and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let members = members.map(|(name, value)| (name.clone(), text(value)));
    Headers(members.collect())
}

/// A header of `--auth` as it is shown: the names of a host and of a user are no secrets.
fn hidden((name, value): &(String, String)) -> (String, String) {
    let is_open = matches!(name.as_str(), "host" | "login");
    let shown = if is_open { value.as_str() } else { MASK };
    (name.clone(), shown.to_owned())
}
