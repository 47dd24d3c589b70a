//! What comes before the WebSocket: a POST whose answer names the connection, or another server to ask.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::ontop::Refusal;
use crate::render::quantity;
use crate::text::cut;

/// The most redirections of an opening, as in the official clients.
pub const REDIRECTIONS: u16 = 100;

/// The answer to a negotiation.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The WebSocket takes the connection of this token.
    Connect { token: String },
    /// Another server is to be asked, with this access token if there is one.
    Redirect { url: String, token: Option<String> },
}

/// The target of the request for a hub at `target`.
pub fn target(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path.trim_end_matches('/');
    let version = "negotiateVersion=1";
    if query
        .split('&')
        .any(|it| it.starts_with("negotiateVersion="))
    {
        return format!("{path}/negotiate?{query}");
    }
    let joint = if query.is_empty() { "" } else { "&" };
    format!("{path}/negotiate?{query}{joint}{version}")
}

/// The target with another pair in its query.
pub fn with_pair(target: &str, key: &str, value: &str) -> String {
    let joint = if target.contains('?') { '&' } else { '?' };
    let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    format!("{target}{joint}{key}={value}")
}

/// Whether a connection is named already.
pub fn is_over(target: &str) -> bool {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|it| it.starts_with("id="))
}

/// The answer of a server to a negotiation; `None` if the target asks for something else.
pub fn offer(target: &str, id: &str) -> Option<String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !path.ends_with("/negotiate") {
        return None;
    }
    let mut answer = json!({
        "connectionId": id,
        "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text"]}],
    });
    // Version 0, that of older clients, has one name for both.
    if query.split('&').any(|it| it == "negotiateVersion=1") {
        answer["negotiateVersion"] = 1.into();
        answer["connectionToken"] = id.into();
    }
    Some(answer.to_string())
}

/// Reads the body of an answer.
pub fn read(body: &[u8]) -> Result<Answer, Refusal> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return Err(no_answer());
    };
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if let Some(error) = text("error") {
        let error = cut(error, QUOTED);
        let text = format!("the server refused the negotiation: {error}");
        return Err(refused(
            text,
            "check the credentials, and the query of the URL",
        ));
    }
    if object.contains_key("ProtocolVersion") {
        return Err(refused(
            "the server speaks the older SignalR of ASP.NET, which is another protocol",
            "--as signalr speaks that of ASP.NET Core",
        ));
    }
    // The official clients take an empty one for none.
    if let Some(url) = text("url").filter(|url| !url.is_empty()) {
        let token = text("accessToken");
        // It goes into a field of the next request.
        if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(refused(
                "the access token in the answer to the negotiation is none",
                "a token is made of letters, digits and some punctuation",
            ));
        }
        return Ok(Answer::Redirect {
            url: url.to_owned(),
            token: token.map(str::to_owned),
        });
    }
    check_transports(object.get("availableTransports"))?;
    // Version 0 has no token of its own.
    let token = text("connectionToken").or(text("connectionId"));
    match token.filter(|token| !token.is_empty()) {
        Some(token) => Ok(Answer::Connect {
            token: token.to_owned(),
        }),
        None => Err(refused(
            "the answer to the negotiation names no connection",
            HUB,
        )),
    }
}

const HUB: &str =
    "check that the path is that of a hub; ws:// and wss:// in the URL skip the negotiation";

/// The answer is not of `SignalR`.
pub fn no_answer() -> Refusal {
    refused("the answer to the negotiation is no JSON object", HUB)
}

/// The answer is longer than this, in bytes.
pub fn too_long(limit: usize) -> Refusal {
    let limit = quantity::size(limit as u64);
    refused(
        format!("the answer to the negotiation is longer than {limit}"),
        "a token of that length fits into no request; look into the server's log",
    )
}

/// The servers lead from one to the next without an end.
pub fn too_many(limit: u16) -> Refusal {
    refused(
        format!("{limit} answers to the negotiation led to another server"),
        "the servers redirect to each other; check how they are set up",
    )
}

/// A server lists its transports, each with the kinds of messages it carries.
fn check_transports(transports: Option<&Value>) -> Result<(), Refusal> {
    let Some(transports) = transports.and_then(Value::as_array) else {
        return Ok(());
    };
    let is_web_socket = |it: &&Value| it["transport"] == "WebSockets";
    if transports.iter().any(|it| is_web_socket(&it)) {
        return Ok(());
    }
    let names = transports.iter().filter_map(|it| it["transport"].as_str());
    let names: Vec<&str> = names.take(SHOWN).collect();
    let names = if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(" and ")
    };
    Err(refused(
        format!("the server offers no WebSocket for this hub, but {names}"),
        "the hub's options leave WebSocket out, or it is switched off in IIS or a proxy",
    ))
}

/// How much of the text of an error is quoted, in bytes.
const QUOTED: usize = 300;
/// The most transports that an error lists: `SignalR` has three.
const SHOWN: usize = 3;

/// What a status says that refuses the negotiation; others are not about `SignalR`.
pub fn refusal(status: u16) -> Option<Refusal> {
    let (why, hint) = match status {
        401 => (
            "it wants a login",
            "--bearer TOKEN logs in; servers may also read ?access_token=TOKEN in the URL",
        ),
        403 => (
            "this login may not use the hub",
            "check whose token it is, what it may do, and the Origin (--origin)",
        ),
        404 => (
            "there is no hub at this path",
            "check the path, which MapHub sets; a proxy may also not forward POST to …/negotiate",
        ),
        200..=299 => ("that is no answer to one", HUB),
        300..=399 => (
            "it leads elsewhere",
            "-L follows; a redirect of the path of a hub also concerns its /negotiate",
        ),
        405 => (
            "nothing takes a POST there",
            "the path of a hub is needed; ws:// and wss:// in the URL skip the negotiation",
        ),
        _ => return None,
    };
    Some(refused(
        format!("the server refused the negotiation with status {status}: {why}"),
        hint,
    ))
}

/// What the body of a refused upgrade says about the connection that was asked for.
pub fn unknown(body: &str) -> Option<Refusal> {
    let is_lost = body.contains("No Connection with that ID");
    let is_missing = body.contains("Connection ID required");
    let text = match (is_lost, is_missing) {
        (true, _) => "the server knows no connection of the id in the URL",
        (_, true) => "the server wants the id of a negotiated connection",
        _ => return None,
    };
    Some(refused(
        text,
        "http:// or https:// in the URL negotiates one; with several servers, both requests must reach the same (sticky sessions)",
    ))
}

fn refused(text: impl Into<String>, hint: &'static str) -> Refusal {
    Refusal::refused(text.into(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_request_follows_that_of_the_hub() {
        for (hub, expected) in [
            ("/chat", "/chat/negotiate?negotiateVersion=1"),
            ("/chat/", "/chat/negotiate?negotiateVersion=1"),
            ("/", "/negotiate?negotiateVersion=1"),
            ("/chat?a=b", "/chat/negotiate?a=b&negotiateVersion=1"),
            ("/c?negotiateVersion=0", "/c/negotiate?negotiateVersion=0"),
        ] {
            assert_eq!(target(hub), expected);
        }
        assert_eq!(with_pair("/c", "id", "a b\r\n&"), "/c?id=a+b%0D%0A%26");
        assert!(is_over("/c?x=1&id=7") && !is_over("/c?pid=7") && !is_over("/id=7"));
    }

    #[test]
    fn an_answer_names_a_connection_or_another_server() {
        let connect = |token: &str| {
            Ok(Answer::Connect {
                token: token.to_owned(),
            })
        };
        let version1 = b"{\"negotiateVersion\":1,\"connectionId\":\"a\",\"connectionToken\":\"b\",\
            \"availableTransports\":[{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\"]}]}";
        assert_eq!(read(version1), connect("b"));
        assert_eq!(read(b"{\"connectionId\":\"a\"}"), connect("a"));
        let empty = b"{\"url\":\"\",\"connectionToken\":\"a\"}";
        assert_eq!(read(empty), connect("a"));
        let redirect = read(b"{\"url\":\"https://b/c\",\"accessToken\":\"t\"}");
        assert_eq!(
            redirect,
            Ok(Answer::Redirect {
                url: "https://b/c".to_owned(),
                token: Some("t".to_owned())
            })
        );
    }

    #[test]
    fn other_answers_say_what_is_wrong() {
        for (body, why) in [
            ("<html>", "is no JSON object"),
            ("[]", "is no JSON object"),
            ("{}", "names no connection"),
            ("{\"connectionToken\":\"\"}", "names no connection"),
            ("{\"url\":\"\"}", "names no connection"),
            ("{\"error\":\"no\"}", "refused the negotiation: no"),
            ("{\"ProtocolVersion\":\"1.5\"}", "the older SignalR"),
            (
                "{\"connectionToken\":\"a\",\"availableTransports\":[{\"transport\":\"LongPolling\"}]}",
                "no WebSocket for this hub, but LongPolling",
            ),
            (
                "{\"url\":\"https://b/\",\"accessToken\":\"a\\r\\nX: y\"}",
                "is none",
            ),
            (
                "{\"connectionToken\":\"a\",\"availableTransports\":[]}",
                "but nothing",
            ),
        ] {
            let refusal = read(body.as_bytes()).expect_err(body);
            assert!(refusal.text.contains(why), "{body}: {}", refusal.text);
            assert!(refusal.hint.is_some(), "{body}");
        }
    }
}
