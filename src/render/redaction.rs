//! The secrets of a request, to be masked where the peer repeats them.

use data_encoding::BASE64;
use url::form_urlencoded;

use super::mask::{
    LOGIN_HEADERS, SUBPROTOCOLS, Secrets, is_secret_header, login_scheme, pairs, secret_value,
    subprotocols,
};
use crate::proto::http1::Head;
use crate::secret::Redactor;

/// In bytes. Shorter values of cookies and queries are settings or codes, such as `dark` or `4001`, more often than
/// secrets, and would be masked in the middle of other text.
const SHORTEST_VALUE: usize = 8;

impl Secrets {
    /// Masks what was secret in `requests`; nothing if secrets are shown.
    pub fn redactor<'a>(self, requests: impl IntoIterator<Item = &'a Head>) -> Redactor {
        let mut redactor = Redactor::default();
        for request in requests {
            self.learn(&mut redactor, request);
        }
        redactor
    }

    pub fn learn(self, redactor: &mut Redactor, request: &Head) {
        if self == Self::Shown {
            return;
        }
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let line = text(request.start_line());
        let target = line.split(' ').nth(1).unwrap_or_default();
        query(redactor, target);
        for (name, value) in request.fields() {
            field(redactor, &text(name).to_ascii_lowercase(), &text(value));
        }
    }
}

fn query(redactor: &mut Redactor, target: &str) {
    for pair in pairs(target, ['?', '&', ';', '/']) {
        let value = secret_value(pair).filter(|value| value.len() >= SHORTEST_VALUE);
        let Some(value) = value else {
            continue;
        };
        redactor.add(value);
        for (decoded, _) in form_urlencoded::parse(value.as_bytes()) {
            redactor.add(&decoded);
        }
    }
}

fn field(redactor: &mut Redactor, name: &str, value: &str) {
    if name == "cookie" {
        redactor.add(value);
        let values = value.split(';').filter_map(|pair| pair.split_once('='));
        let values = values.map(|(_, value)| value.trim_matches([' ', '"']));
        for value in values.filter(|value| value.len() >= SHORTEST_VALUE) {
            redactor.add(value);
        }
    } else if LOGIN_HEADERS.contains(&name) {
        let scheme = login_scheme(value);
        let token = scheme.map_or(value, |scheme| &value[scheme.len()..]).trim();
        redactor.add(token);
        let decoded = BASE64.decode(token.as_bytes()).ok();
        let pair = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let is_basic = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"));
        if let Some((_, password)) = pair
            .iter()
            .filter(|_| is_basic)
            .find_map(|it| it.split_once(':'))
        {
            redactor.add(password);
        }
    } else if is_secret_header(name) {
        redactor.add(value);
    } else if name == SUBPROTOCOLS {
        for secret in subprotocols(value).filter_map(|(_, secret)| secret) {
            redactor.add(secret);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_masked_in_a_request_is_masked_where_it_is_repeated() {
        let basic = BASE64.encode(b"ada:hunter2");
        let fields = [
            ("Host", "example.com"),
            ("Authorization", &format!("Basic {basic}")),
            ("Proxy-Authorization", "S3CRET-PROXY"),
            ("Cookie", "theme=dark; sid=S3CRET-COOKIE"),
            ("X-Api-Key", "S3CRET-KEY"),
            ("Sec-WebSocket-Protocol", "chat, bearer.S3CRET-PROTOCOL"),
        ];
        let request = Head::encode(
            "GET /ws?token=S3CRET%2DQUERY&room=lobby&code=4001 HTTP/1.1",
            fields,
        );
        let repeated = "lobby 4001 dark ada chat example.com";
        let secrets = [
            &basic,
            "hunter2",
            "S3CRET-PROXY",
            "S3CRET-COOKIE",
            "S3CRET-KEY",
            "S3CRET-PROTOCOL",
            "S3CRET%2DQUERY",
            "S3CRET-QUERY",
        ];
        let echo = format!("{repeated} {}", secrets.join(" "));
        let masked = Secrets::Masked.redactor([&request]);
        let stars = ["***"; 8].join(" ");
        assert_eq!(masked.text(&echo), format!("{repeated} {stars}"));
        let shown = Secrets::Shown.redactor([&request]);
        assert_eq!(shown.text(&echo), echo);
    }
}
