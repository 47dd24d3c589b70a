//! The codes of errors, which are also those of Close frames.

use crate::exit::Exit;
use crate::ontop::Refusal;

/// What a code means, and what helps.
fn meaning(code: u64) -> Option<(&'static str, Option<&'static str>)> {
    Some(match code {
        4000 => ("only TLS is accepted", Some("wss:// in the URL uses it")),
        4001 => (
            "there is no such app",
            Some("check the key in the URL, /app/KEY, and the cluster in the name of the host"),
        ),
        4003 => ("the app is disabled", Some("its dashboard enables it")),
        4004 => (
            "the app has as many connections as its plan allows",
            Some("close others, or raise the limit"),
        ),
        4005 => ("the path is wrong", Some("it is /app/KEY")),
        4006..=4008 => (
            "the version of the protocol is missing or wrong",
            Some("protocol=7 in the query is the one that wsee speaks"),
        ),
        4009 => (
            "the connection is not authorized",
            Some("--pusher-secret signs private channels; some apps want a user to sign in"),
        ),
        4100 => ("the server is over capacity", None),
        4200 => ("the server asks for a new connection", None),
        4201 => ("the server got no pong in time", None),
        4202 => ("the connection was not used for too long", None),
        4301 => (
            "client events come too fast",
            Some("ten a second are accepted"),
        ),
        4302 => ("the client event is too large", None),
        _ => return None,
    })
}

/// The meaning alone.
pub(super) fn explained(code: u64) -> Option<&'static str> {
    meaning(code).map(|(text, _)| text)
}

/// Why the server ends the session with this code; its hundreds say what a client may do.
pub(super) fn refusal(code: u64, message: &str) -> Refusal {
    let (explained, hint) = meaning(code).unzip();
    let message = match (message, explained) {
        ("", Some(text)) => text,
        ("", None) => "no reason",
        (message, _) => message,
    };
    let refusal = Refusal::refused(
        format!("the server refused the session with {code}: {message}"),
        hint.flatten(),
    );
    match code {
        4100..=4199 => Refusal {
            hint: Some("--reconnect tries again, a second later at the earliest".to_owned()),
            may_pass: true,
            ..refusal
        },
        4200..=4299 => Refusal {
            text: format!("the server ended the session with {code}: {message}"),
            hint: Some("--reconnect connects again".to_owned()),
            exit: Exit::ClosedWithError,
            may_pass: true,
        },
        _ => refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hundreds_of_a_code_say_whether_another_session_may_last_longer() {
        for (code, may_pass) in [(4000, false), (4099, false), (4100, true), (4299, true)] {
            assert_eq!(refusal(code, "").may_pass, may_pass, "{code}");
        }
        assert!(refusal(4001, "").text.ends_with("there is no such app"));
        assert!(refusal(4099, "no").text.ends_with("with 4099: no"));
    }
}
