use clap::CommandFactory;

use super::*;
use crate::cli::Cli;

fn translated(words: &[&str]) -> Result<Translation, CurlError> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    translate(&words, &Cli::command())
}

#[track_caller]
fn args(words: &[&str]) -> Vec<String> {
    let translation = translated(words).unwrap_or_else(|error| panic!("{error}"));
    let args = translation.args.into_iter();
    args.map(|arg| arg.into_string().expect("UTF-8")).collect()
}

#[track_caller]
fn notes(words: &[&str]) -> String {
    translated(words).expect("a command").notes.join("\n")
}

#[track_caller]
fn error(words: &[&str]) -> String {
    translated(words).expect_err("an error").to_string()
}

#[test]
fn chrome_and_bash() {
    let words = [
        "curl",
        "wss://h.test/chat",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Origin: https://h.test",
        "-H",
        "Accept-Language: de",
        "-b",
        "a=1; b=2",
        "-H",
        "Connection: Upgrade",
        "-H",
        "Sec-WebSocket-Key: 0123456789ABCDEF012345==",
        "-H",
        "User-Agent: Mozilla/5.0",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Protocol: v2, v1",
        "-H",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ];
    assert_eq!(
        args(&words),
        [
            "--origin=https://h.test",
            "--header=Accept-Language: de",
            "--cookie=a=1; b=2",
            "--user-agent=Mozilla/5.0",
            "--subprotocol=v2, v1",
            "--compress=permessage-deflate; client_max_window_bits",
            "--",
            "wss://h.test/chat",
        ]
    );
    assert_eq!(notes(&words), "");
}

#[test]
fn clusters_and_attached_values() {
    assert_eq!(
        args(&["-sSkHX: y", "-XGET", "-um:pw", "-m5", "http://h"]),
        [
            "--insecure",
            "--header=X: y",
            "--user=m:pw",
            "--max-time=5",
            "--",
            "http://h"
        ]
    );
    assert_eq!(
        args(&["--max-time=5", "--url", "h"]),
        ["--max-time=5", "--", "h"]
    );
    assert_eq!(args(&["-vv", "h"]), ["--verbose", "--verbose", "--", "h"]);
    assert_eq!(args(&["--", "h"]), ["--", "h"]);
}

#[test]
fn proxies_have_many_flags_in_curl() {
    assert_eq!(
        args(&["-x", "p:3128", "-Ua:b", "-6", "h"]),
        ["--proxy=p:3128", "--proxy-user=a:b", "--ipv6", "--", "h"]
    );
    assert_eq!(
        args(&["--socks5-hostname", "p:1", "h"]),
        ["--proxy=socks5h://p:1", "--", "h"]
    );
}

#[test]
fn client_certificates_and_versions_keep_their_names() {
    assert_eq!(
        args(&[
            "-E",
            "a.p12",
            "--key",
            "k.pem",
            "--tlsv1.2",
            "--tls-max",
            "1.3",
            "h"
        ]),
        [
            "--cert=a.p12",
            "--key=k.pem",
            "--tls-min=1.2",
            "--tls-max=1.3",
            "--",
            "h"
        ]
    );
    assert!(matches!(
        translated(&["curl", "h", "--pass", "secret"]),
        Err(CurlError::Refused { .. })
    ));
}

#[test]
fn the_last_value_counts() {
    assert_eq!(args(&["-m1", "-m2", "h"]), ["--max-time=2", "--", "h"]);
    assert_eq!(args(&["-k", "--no-insecure", "h"]), ["--", "h"]);
    assert_eq!(
        args(&["-H", "Origin: https://a", "h", "--origin", "https://b"]),
        ["--origin=https://b", "--", "h"]
    );
}

#[test]
fn a_single_argument_may_hold_the_whole_line() {
    assert_eq!(
        args(&["curl 'wss://h/a b' -k"]),
        ["--insecure", "--", "wss://h/a b"]
    );
    assert_eq!(args(&["curl", "wss://h"]), ["--", "wss://h"]);
    assert_eq!(args(&["wss://h"]), ["--", "wss://h"]);
}

#[test]
fn flags_that_only_wsee_has_may_be_added() {
    assert_eq!(
        args(&["h", "--send", "hi", "--count=1", "--lenient"]),
        ["--send=hi", "--count=1", "--lenient", "--", "h"]
    );
    let no_offer = [
        "h",
        "-H",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "--no-compress",
    ];
    assert_eq!(args(&no_offer), ["--no-compress", "--", "h"]);
}

#[test]
fn a_host_is_kept_if_it_is_another() {
    assert_eq!(args(&["ws://h:80/", "-H", "Host: h"]), ["--", "ws://h:80/"]);
    assert_eq!(
        args(&["ws://h", "-H", "Host: g"]),
        ["--header=Host: g", "--", "ws://h"]
    );
}

#[test]
fn names_what_it_ignores_once_and_as_typed() {
    assert_eq!(
        notes(&[
            "h",
            "--compressed",
            "-i",
            "-N",
            "-X",
            "GET",
            "-i",
            "-H",
            "Accept-Encoding: br"
        ]),
        "ignored (no effect on a WebSocket): --compressed, -i, -N, -X GET, -H Accept-Encoding"
    );
    assert!(notes(&["h", "-o", "f"]).ends_with("-o; redirect stdout with > FILE"));
    assert!(notes(&["h", "--no-keepalive", "--retry", "3"]).ends_with("--no-keepalive, --retry"));
}

#[test]
fn refuses_what_contradicts() {
    for words in [
        ["h", "-d", "x"],
        ["h", "--data-raw", "x"],
        ["h", "-F", "a=b"],
        ["h", "-T", "f"],
    ] {
        assert!(error(&words).contains(&format!("{} adds a body", words[1])));
    }
    assert!(error(&["h", "-X", "POST"]).contains("-X POST cannot open a WebSocket"));
    assert!(error(&["h", "-G", "-d", "x"]).contains("query"));
    assert!(error(&["h", "-I"]).contains("HEAD"));
    assert!(error(&["h", "--http2-prior-knowledge"]).contains("HTTP/1.1"));
    assert!(error(&["h", "--digest"]).contains("-u"));
}

#[test]
fn reports_the_mistake_in_the_command() {
    assert_eq!(translated(&["curl", "-k"]), Err(CurlError::NoUrl));
    assert_eq!(translated(&["a", "b", "c"]), Err(CurlError::ManyUrls(3)));
    assert_eq!(
        translated(&["a", "-H"]),
        Err(CurlError::NoValue("-H".to_owned()))
    );
    assert_eq!(
        translated(&["a", "--hedaer", "x"]),
        Err(CurlError::Unknown("--hedaer".to_owned()))
    );
    assert_eq!(
        translated(&["a", "--insecure=1"]),
        Err(CurlError::Value("--insecure".to_owned()))
    );
    assert_eq!(words_of("fetch(\"wss://h\")"), Err(CurlError::NotCurl));
    assert_eq!(words_of("$ curl h"), Ok(vec!["curl".into(), "h".into()]));
}

#[test]
fn the_fragment_is_not_sent() {
    assert_eq!(args(&["https://h/x#top"]), ["--", "https://h/x"]);
}
