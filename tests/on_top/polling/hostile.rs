//! Answers to polls that are wrong, endless or too large.

use super::{OPEN, Run, ok, session, site, with};

/// Runs against a server whose second poll has this answer.
fn polled(answer: impl AsRef<[u8]>, args: &[&str]) -> Run {
    let answer = answer.as_ref().to_vec();
    let server = session(move |request| {
        Some(if request.is("POST") {
            ok("ok")
        } else {
            answer.clone()
        })
    });
    server.polled(args)
}

#[test]
fn an_answer_that_is_wrong_is_named() {
    let packets = "is not made of Engine.IO packets: ";
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n4";
    let endless = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(4)
    );
    let cases: [(&[u8], i32, &str); 8] = [
        (huge.as_bytes(), 63, "is larger than the"),
        (endless.as_bytes(), 63, "is larger than the"),
        (&ok("zzz"), 113, packets),
        (&ok(""), 113, packets),
        (&ok(b"\xff\xfe"), 113, packets),
        (
            &with("502 Bad Gateway", "", "<html>"),
            110,
            "with status 502",
        ),
        (b"nonsense\r\n\r\n", 113, "the answer to a GET: "),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            113,
            "has no length that can be understood",
        ),
    ];
    for (answer, exit, why) in cases {
        let run = polled(answer, &["--max-message", "64k"]).run();
        let output = run.exits(exit).says(why);
        assert!(!output.stderr.contains("1006"), "{}", output.stderr);
    }
}

#[test]
fn a_body_of_many_packets_is_handed_on_as_it_is_read() {
    let count = 20_000;
    let body = vec!["42[\"n\"]"; count].join("\x1e");
    let run = polled(ok(body), &["-n", &count.to_string()]).run();
    let output = run.exits(0);
    assert_eq!(output.stdout.len(), count * "[\"n\"]\n".len());
}

#[test]
fn a_first_answer_that_opens_no_session_is_112() {
    for (body, why) in [
        (
            "<html>hello</html>",
            "it starts with \"<html>hello</html>\"",
        ),
        ("", "its body is empty"),
        ("0{}", "it starts with \"0{}\""),
        ("\u{1b}[2J", "it starts with "),
    ] {
        let server = site(move |_| Some(ok(body)));
        let output = server.polled(&[]).run().exits(112);
        let output = output.says("no Engine.IO open packet").says(why);
        assert!(!output.stderr.contains('\x1b'), "{:?}", output.stderr);
    }
}

#[test]
fn a_sid_cannot_add_to_the_requests() {
    let open = OPEN.replace("abc", "a b\\r\\nX-Y: 1&z=");
    let server = site(move |requests| {
        let is_first = requests.len() == 1;
        Some(if is_first {
            ok(&open)
        } else {
            with("400 Bad Request", "", "no")
        })
    });
    server.polled(&[]).run().exits(110).says("with status 400");
    let requests = server.requests.lock().expect("no panic");
    assert!(requests.len() > 1);
    for request in &requests[1..] {
        assert!(
            request.has("sid=a+b%0D%0AX-Y%3A+1%26z%3D&t="),
            "{request:?}"
        );
    }
}
