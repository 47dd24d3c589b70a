//! The table of causes: what was seen → why → what to do. To teach wsee a set-up, add a row to one
//! of its chapters; the first row that fits is the hint of `wsee URL`, `wsee test`, `--jsonl` and reports.

use super::facts::Facts;
use super::row::Row;
use super::{access, ended, refused, signature, unanswered};
use crate::event::{Ending, Evidence};
use crate::proto::connection::End;

/// The chapters, in order: what the server itself names comes before a token that happens to be old.
const TABLE: [&[Row]; 7] = [
    unanswered::ROWS,
    signature::EXACT,
    refused::NAMED,
    access::ROWS,
    signature::ROWS,
    refused::ROWS,
    ended::ROWS,
];

impl Evidence {
    /// What usually causes this, and what to do. It quotes the peer: escape it to show it.
    pub fn hint(&self) -> Option<String> {
        look_up(&Facts::of(self))
    }
}

/// What to do about the end of a connection that was open: nothing if the user has provoked it, or if this side closed
/// and the peer answered.
pub fn of_ending(ending: &Ending) -> Option<String> {
    let is_in_order = matches!(ending.end, End::Closed { by_peer: false, .. });
    if ending.ours.is_provoked || is_in_order {
        return None;
    }
    look_up(&Facts::ended(ending))
}

fn look_up(facts: &Facts) -> Option<String> {
    let row = TABLE.into_iter().flatten().find(|row| (row.seen)(facts))?;
    Some(row.text(facts))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::facts::EndFacts;
    use super::*;
    use crate::event::Symptom;

    /// Values for every name that a template may have.
    fn complete() -> Facts {
        let text = |text: &str| Some(text.to_owned());
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Facts {
            url: "ws://h:1/p?q=1".to_owned(),
            host: "h:1".to_owned(),
            target: "/p?q=1".to_owned(),
            login: text("Basic"),
            origin: text("http://o"),
            subprotocol: text("chat"),
            fields: vec![
                field("Server", "nginx"),
                field("Via", "1.1 v"),
                field("WWW-Authenticate", "Basic realm=\"r\""),
                field("Location", "/l"),
                field("Sec-WebSocket-Version", "8"),
                field("Retry-After", "1"),
            ],
            body: b"body".to_vec(),
            token: text("a token"),
            address: text("127.0.0.1:1"),
            other_address: text("[::1]:1"),
            missed_bypass: text("*.h"),
            timeout_flag: "--connect-timeout",
            end: EndFacts {
                stuck: Some(Duration::from_secs(3)),
                ..EndFacts::default()
            },
            ..Facts::default()
        }
    }

    fn refused(status: u16) -> Facts {
        Facts {
            symptom: Symptom::Refused,
            status,
            url: "ws://h/p".to_owned(),
            host: "h".to_owned(),
            target: "/p".to_owned(),
            ..Facts::default()
        }
    }

    #[test]
    fn every_name_in_a_template_has_a_value() {
        let facts = complete();
        for row in TABLE.into_iter().flatten() {
            for template in [row.cause, row.step] {
                let names = template.split('{').skip(1);
                let names = names.filter_map(|rest| Some(rest.split_once('}')?.0));
                let is_name = |name: &&str| !name.is_empty() && !name.contains(['"', '{']);
                for name in names.filter(is_name) {
                    assert!(facts.value(name).is_some(), "{name} in {template:?}");
                }
            }
        }
    }

    #[test]
    fn every_hint_is_one_line_with_a_cause_and_a_step() {
        let facts = complete();
        for row in TABLE.into_iter().flatten() {
            let text = row.text(&facts);
            assert!(text.contains("; ") && !text.contains('\n'), "{text}");
            assert!(!row.step.is_empty() && !text.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn every_common_status_and_close_code_has_a_hint() {
        let statuses = [
            200, 204, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 407, 408,
            410, 421, 426, 429, 431, 500, 501, 502, 503, 504, 505, 520, 521, 522, 523, 524, 525,
            526, 530,
        ];
        for status in statuses {
            assert!(look_up(&refused(status)).is_some(), "{status}");
        }
        for code in [
            1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000,
        ] {
            let facts = Facts {
                symptom: Symptom::Ended,
                code,
                ..Facts::default()
            };
            assert!(look_up(&facts).is_some(), "{code}");
        }
        assert_eq!(look_up(&refused(418)), None);
    }

    #[test]
    fn an_idle_limit_is_a_guess_that_comes_first_after_long_silences_only() {
        let hint = |seconds| {
            let end = EndFacts {
                is_lost: true,
                quiet: Duration::from_secs(seconds),
                ..EndFacts::default()
            };
            let facts = Facts {
                symptom: Symptom::Ended,
                end,
                ..Facts::default()
            };
            look_up(&facts).expect("a hint")
        };
        for seconds in [5, 12, 60] {
            let hint = hint(seconds);
            assert!(hint.starts_with("an idle limit of a proxy or the server may have"));
        }
        for seconds in [2, 4] {
            let hint = hint(seconds);
            assert!(hint.starts_with("the server's process may have"), "{hint}");
            assert!(hint.contains("--ping-interval"), "{hint}");
        }
        assert!(!hint(1).contains("--ping-interval"));
    }

    #[test]
    fn what_was_given_is_never_advised() {
        type Given = (fn(&mut Facts), &'static [&'static str]);
        let given: [Given; 5] = [
            (
                |it| it.login = Some("Basic".to_owned()),
                &["add -u", "-u or"],
            ),
            (
                |it| it.login = Some("Bearer".to_owned()),
                &["add --bearer", "--bearer TOKEN,"],
            ),
            (|it| it.has_cookie = true, &["cookie (-b)"]),
            (|it| it.origin = Some("http://o".to_owned()), &["--origin"]),
            (|it| it.subprotocol = Some("chat".to_owned()), &["-s NAME"]),
        ];
        let bodies = [
            "",
            "Origin not allowed",
            "subprotocol missing",
            "Page not found",
        ];
        for status in 300..=530 {
            for body in bodies {
                for (give, advice) in given {
                    let mut facts = refused(status);
                    facts.body = body.as_bytes().to_vec();
                    give(&mut facts);
                    let hint = look_up(&facts).unwrap_or_default();
                    for advice in advice {
                        assert!(!hint.contains(advice), "{status} {body:?}: {hint}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_redirection_is_completed_mapped_and_masked() {
        let hint = |location: &str, is_tls: bool| {
            let scheme = if is_tls { "wss" } else { "ws" };
            let facts = Facts {
                url: format!("{scheme}://example.com:8443/a/b"),
                host: "example.com:8443".to_owned(),
                is_tls,
                fields: vec![("Location".to_owned(), location.to_owned())],
                ..refused(301)
            };
            look_up(&facts).expect("a hint")
        };
        let follow = "; connect there, or follow with -L";
        for (location, shown) in [
            ("/c?token=x", "wss://example.com:8443/c?token=***"),
            ("c", "wss://example.com:8443/a/c"),
            ("//cdn/b", "wss://cdn/b"),
            ("https://u:p@h/", "wss://***@h/"),
        ] {
            assert_eq!(
                hint(location, true),
                format!("redirected to {shown}{follow}")
            );
        }
        assert_eq!(
            hint("http://h/", true),
            "redirected to ws://h/; connect there"
        );
        let tls = "redirected to TLS: wss://example.com/b";
        assert_eq!(
            hint("https://example.com/b", false),
            format!("{tls}{follow}")
        );
    }

    #[test]
    fn a_command_can_be_copied_to_the_shell() {
        let hint = look_up(&refused(404)).expect("a hint");
        let command = "wsee --as socket.io http://h";
        assert!(hint.contains(command), "{hint}");
    }
}
