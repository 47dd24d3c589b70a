//! The signatures that private and presence channels want.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;

/// `KEY:SIGNATURE`, with the HMAC of what is joined with colons.
pub(super) fn signature(
    key: &str,
    secret: &str,
    socket_id: &str,
    channel: &str,
    channel_data: Option<&str>,
) -> String {
    let mut text = format!("{socket_id}:{channel}");
    if let Some(data) = channel_data {
        text = format!("{text}:{data}");
    }
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    format!("{key}:{}", hex::encode(mac.finalize().into_bytes()))
}

/// The most digits of both parts of a socket id; those of servers have up to 20.
const LONGEST: usize = 64;

/// Whether a server's id of this connection is what it should be: two numbers. The secret also signs requests
/// of the HTTP API, so that a server must not choose the text.
pub(super) fn is_socket_id(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    text.len() <= LONGEST
        && text
            .split_once('.')
            .is_some_and(|(one, two)| is_number(one) && is_number(two))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of Pusher's documentation.
    #[test]
    fn signatures_are_those_of_the_documentation() {
        let sign = |channel: &str, data: Option<&str>| {
            let secret = "7ad3773142a6692b25b8";
            signature("278d425bdf160c739803", secret, "1234.1234", channel, data)
        };
        assert_eq!(
            sign("private-foobar", None),
            "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
        );
        assert_eq!(
            sign(
                "presence-foobar",
                Some("{\"user_id\":10,\"user_info\":{\"name\":\"Mr. Channels\"}}")
            ),
            "278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
        );
    }

    #[test]
    fn a_socket_id_is_two_numbers() {
        assert!(is_socket_id("1234.1234"));
        for text in [
            "",
            "1",
            "1.",
            ".1",
            "1.2.3",
            "POST\n/apps:1.2",
            "1.2:private-x",
        ] {
            assert!(!is_socket_id(text), "{text}");
        }
        assert!(!is_socket_id(&format!("1.{}", "2".repeat(64))));
    }
}
