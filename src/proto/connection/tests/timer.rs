//! What a virtual clock brings about.

use super::*;

#[test]
fn pings_go_out_on_time_and_measure_the_round_trip() {
    let mut client = engine(Config {
        ping_interval: Some(Duration::from_secs(30)),
        ping_timeout: Some(Duration::from_secs(20)),
        ..config(Role::Client)
    });
    assert_eq!(client.pass(29_999), [""; 0]);
    assert_eq!(client.pass(1), ["sent ping 1"]);
    client.now += Duration::from_millis(12);
    assert_eq!(client.feed_hex("8a 01 31"), ["pong 1 Some(12ms)"]);
    assert_eq!(client.pass(29_987), [""; 0]);
    assert_eq!(client.pass(1), ["sent ping 2"]);
    assert_eq!(client.pass(20_000), ["ended NoPong(20s)"]);
}

#[test]
fn any_frame_from_the_peer_delays_the_pong_timeout() {
    let mut client = engine(Config {
        ping_timeout: Some(Duration::from_secs(20)),
        ..config(Role::Client)
    });
    let now = client.now;
    client.connection.sender().ping(b"x", now).unwrap();
    client.pass(19_000);
    client.feed_hex("82");
    assert_eq!(client.pass(19_999), [""; 0]);
    assert_eq!(client.pass(1), ["ended NoPong(20s)"]);
}

#[test]
fn silence_is_reported_once() {
    let mut client = engine(Config {
        idle_timeout: Some(Duration::from_secs(5)),
        ..config(Role::Client)
    });
    client.pass(4000);
    client.feed_hex("81 00");
    assert_eq!(client.pass(4999), [""; 0]);
    assert_eq!(client.pass(1), ["idle 5s"]);
    assert_eq!(client.pass(60_000), [""; 0]);
}
