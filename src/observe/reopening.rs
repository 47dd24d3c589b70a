//! Another opening in a run: its steps are shown only if the server answers differently.

use crate::event::{Event, Open, Opening};
use crate::proto::http1::Head;

/// The last answer of the server, kept while another connection is opened.
#[derive(Debug, Default)]
pub(super) struct Reopening {
    before: Option<(Head, Open)>,
}

impl Reopening {
    /// Notes an event outside a connection; `opening` does not include it yet.
    pub(super) fn observe(&mut self, event: &Event<'_>, opening: &Opening) {
        if matches!(event, Event::Retry(_))
            && let Some((response, open)) = opening.response().zip(opening.open())
        {
            self.before = Some((response.clone(), open.clone()));
        }
    }

    /// Whether `event` is a step of an opening that is not to be shown.
    pub(super) fn hides(&self, event: &Event<'_>) -> bool {
        let is_step = matches!(
            event,
            Event::CredentialsInClear(_)
                | Event::Step(_)
                | Event::Request(_)
                | Event::Response(_)
                | Event::Redirected(_)
                | Event::Open(_)
        );
        is_step && self.before.is_some()
    }

    /// Ends it; returns whether the answer is another one than before.
    pub(super) fn differs(&mut self, opening: &Opening) -> bool {
        let before = self.before.take();
        let now = opening.response().zip(opening.open());
        before.zip(now).is_some_and(|((response, open), now)| {
            fixed(&response) != fixed(now.0)
                || (open.subprotocol, open.deflate) != (now.1.subprotocol.clone(), now.1.deflate)
        })
    }
}

/// What a server answers each time: not the date, the key, a session's cookie or the number of a request.
fn fixed(response: &Head) -> Vec<(Vec<u8>, Vec<u8>)> {
    let status = (response.start_line().to_vec(), Vec::new());
    let fields = response.fields().map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let is_fixed = matches!(
            name.as_slice(),
            b"server" | b"via" | b"sec-websocket-protocol" | b"sec-websocket-extensions"
        );
        let value = if is_fixed { value.to_vec() } else { Vec::new() };
        (name, value)
    });
    std::iter::once(status).chain(fields).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: &str, fields: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
        fixed(&Head::encode(status, fields.iter().copied()))
    }

    #[test]
    fn what_changes_with_every_answer_is_no_difference() {
        let first = [("Date", "Mon"), ("Server", "a"), ("X-Id", "1")];
        let same = [("date", "Tue"), ("server", "a"), ("x-id", "2")];
        let ok = "HTTP/1.1 101 Switching Protocols";
        assert_eq!(response(ok, &first), response(ok, &same));
        let other = [("Date", "Mon"), ("Server", "b"), ("X-Id", "1")];
        assert_ne!(response(ok, &first), response(ok, &other));
        assert_ne!(response(ok, &first), response(ok, &first[..2]));
        assert_ne!(response(ok, &first), response("HTTP/1.1 101 OK", &first));
    }
}
