//! Whether a token of the request has expired. It is read, never verified.

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::duration::shown;
use crate::proto::http1::Head;

/// What the first JSON Web Token that is not valid at `now` says (RFC 7519 §4.1.4, §4.1.5).
pub(super) fn problem(request: &Head, now: Timestamp) -> Option<String> {
    let fields = [
        ("Authorization", "the token of Authorization"),
        ("Cookie", "a cookie"),
        ("Sec-WebSocket-Protocol", "a token among the subprotocols"),
    ];
    let fields = fields.into_iter().flat_map(|(name, place)| {
        let values = request.values(name);
        values.map(move |value| (String::from_utf8_lossy(value).into_owned(), place))
    });
    let line = String::from_utf8_lossy(request.start_line()).into_owned();
    let mut texts = fields.chain([(line, "a token of the URL")]);
    texts.find_map(|(text, place)| {
        let mut words = text.split([' ', ',', ';', '=', '&', '?', '/', '"']);
        words.find_map(|word| Some(format!("{place} (a JWT) {}", invalid(word, now)?)))
    })
}

fn invalid(token: &str, now: Timestamp) -> Option<String> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let json = |part: &str| {
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    json(header)?.as_object()?;
    let claims = json(claims)?;
    // RFC 7519 §2: a NumericDate may have a fraction; what does not fit is no time.
    let time = |name: &str| {
        let seconds = claims.get(name)?.as_f64()?;
        let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
        Timestamp::UNIX_EPOCH.checked_add(since).ok()
    };
    let date = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let between = |from, to: Timestamp| shown(to.duration_since(from).unsigned_abs());
    match (time("exp"), time("nbf")) {
        (Some(exp), _) if exp <= now => {
            let ago = between(exp, now);
            Some(format!("expired {ago} ago, on {}", date(exp)))
        }
        (_, Some(nbf)) if nbf > now => {
            let ahead = between(now, nbf);
            Some(format!("is not valid before {}, in {ahead}", date(nbf)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.c2ln", part("{\"alg\":\"HS256\"}"), part(claims))
    }

    fn said(field: &str, value: &str) -> Option<String> {
        let request = Head::encode("GET /ws HTTP/1.1", [(field, value)]);
        problem(&request, Timestamp::from_second(1_000_000).expect("a time"))
    }

    #[test]
    fn an_expired_token_is_found_wherever_it_was_sent() {
        let expired = token("{\"exp\":999940}");
        for (field, value) in [
            ("Authorization", format!("Bearer {expired}")),
            ("Cookie", format!("a=b; session={expired}")),
            ("Sec-WebSocket-Protocol", format!("chat, {expired}")),
        ] {
            let text = said(field, &value).expect(field);
            let end = "(a JWT) expired 1 min 0 s ago, on 1970-01-12 13:45:40 UTC";
            assert!(text.ends_with(end), "{text}");
        }
        let line = format!("GET /ws?token={expired} HTTP/1.1");
        let request = Head::encode(&line, []);
        let text = problem(&request, Timestamp::from_second(1_000_000).expect("a time"));
        assert!(text.is_some_and(|text| text.starts_with("a token of the URL")));
    }

    #[test]
    fn a_token_that_is_not_valid_yet_is_said_to_be() {
        let text = said("Authorization", &token("{\"nbf\":1000060.5}"));
        assert!(text.is_some_and(|text| text.contains("is not valid before")));
    }

    #[test]
    fn valid_tokens_and_other_texts_say_nothing() {
        for value in [
            token("{\"exp\":1000001}"),
            token("{}"),
            token("[1]"),
            token("{\"exp\":1e300}"),
            token("{\"exp\":\"x\"}"),
            "a.b.c".to_owned(),
            "Basic abc".to_owned(),
            "...".to_owned(),
        ] {
            assert_eq!(said("Authorization", &value), None, "{value}");
        }
    }
}
