//! How connections end, by a closing handshake and without.

use super::*;
use crate::proto::receiver::Partial;

#[test]
fn both_ends_close_after_both_close_frames() {
    let (mut client, mut server) = (client(), engine(config(Role::Server)));
    let now = client.now;
    client
        .connection
        .close(Some(CloseFrame::new(CloseCode(4000), "bye")), None, now);
    client
        .connection
        .sender()
        .message(Kind::Text, b"too late")
        .unwrap_err();
    assert_eq!(client.events(), ["sent close 4000"]);
    assert_eq!(client.connection.state(), State::Closing);

    assert_eq!(
        server.feed(&client.written()),
        ["close 4000", "sent close 4000"]
    );
    assert!(
        !server.connection.wants_shutdown(),
        "the answer is not written yet"
    );
    let answer = server.written();
    assert!(
        server.connection.wants_shutdown(),
        "RFC 6455 §7.1.1: the server closes TCP first"
    );

    assert_eq!(client.feed(&answer), ["close 4000"]);
    assert_eq!(
        client.events(),
        [""; 0],
        "the client waits for the server to end TCP"
    );
    client.connection.lost(None);
    assert_eq!(client.events(), ["ended, by peer: false"]);
    assert_eq!(client.connection.state(), State::Closed);
}

#[test]
fn a_client_that_ends_first_waits_for_the_rest_of_the_closing_handshake() {
    let mut client = engine(Config {
        first_to_end: Role::Client,
        ..config(Role::Client)
    });
    let now = client.now;
    client.connection.close(None, None, now);
    client.events();
    client.written();
    assert!(!client.connection.wants_shutdown(), "no answer yet");
    assert_eq!(client.feed(b"\x88\0"), ["close 1005"]);
    assert!(client.connection.wants_shutdown());
    assert_eq!(client.connection.state(), State::Closing);
}

#[test]
fn messages_that_come_before_the_peers_close_are_still_taken() {
    let mut client = client();
    let now = client.now;
    client.connection.close(None, None, now);
    let events = client.feed_hex("81 01 61 88 00 81 01 62");
    assert_eq!(events, ["sent close 1005", "text a", "close 1005"]);
}

#[test]
fn a_close_without_answer_ends_with_the_close_timeout() {
    let mut client = client();
    let now = client.now;
    client.connection.close(None, None, now);
    assert_eq!(client.pass(4999), ["sent close 1005"]);
    assert_eq!(client.pass(1), ["ended CloseTimeout"]);
    assert_eq!(client.connection.poll_timeout(), None);
}

#[test]
fn a_peer_that_reads_slowly_has_the_close_timeout_from_the_last_byte_on() {
    let mut client = client();
    let now = client.now;
    client
        .connection
        .sender()
        .message(Kind::Binary, &[0; 1000])
        .unwrap();
    client.connection.close(None, None, now);
    client.pass(4000);
    client.connection.written(500, client.now);
    assert_eq!(client.pass(4999), [""; 0]);
    assert_eq!(client.pass(1), ["ended CloseTimeout"]);
}

#[test]
fn a_stream_that_ends_reports_the_unfinished_frame() {
    for (hex, partial) in [
        ("", None),
        ("82", Some(Partial::Header { received: 1 })),
        (
            "82 05 61",
            Some(Partial::Payload {
                received: 1,
                expected: 5,
            }),
        ),
        ("02 00", Some(Partial::Message)),
    ] {
        let mut client = client();
        client.feed_hex(hex);
        client.connection.lost(Some("TCP reset".to_owned()));
        client.now += Duration::from_secs(3);
        let Some((Event::Ended(end), _)) = client.connection.poll_event(client.now) else {
            panic!("no end after {hex:?}");
        };
        let End::Lost {
            error,
            partial: events,
            silence,
            ..
        } = *end
        else {
            panic!("{end:?} after {hex:?}");
        };
        assert_eq!(
            (events, silence),
            (partial, Duration::from_secs(3)),
            "{hex:?}"
        );
        assert_eq!(error.as_deref(), Some("TCP reset"));
    }
}

#[test]
fn only_a_close_frame_that_comes_alone_follows_a_silence() {
    let seven = Duration::from_secs(7);
    let quiet = |before: &str, last: &str| {
        let mut client = client();
        client.feed_hex(before);
        client.pass(7000);
        client.feed_hex(last);
        client.connection.quiet().both()
    };
    assert_eq!(quiet("", "88 00"), seven);
    assert_eq!(quiet("81 01 61", "88 00"), seven);
    assert_eq!(quiet("", "81 01 61 88 00"), Duration::ZERO);
    assert_eq!(quiet("81 02 61", "62 88 00"), Duration::ZERO);
}
