//! wsee as the client of others' servers.

use super::LIBRARIES;
use crate::support::run::wsee;

/// 300 kB that compress well, and 16 MiB that do not compress at all.
fn large_messages() -> [Vec<u8>; 2] {
    let words: Vec<String> = (0..60_000_u64)
        .map(|i| (i * i % 9973).to_string())
        .collect();
    let words = words.join(" and ");
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let noise = noise.take(2 << 20).flatten().collect();
    [words.into_bytes()[..300_000].to_vec(), noise]
}

/// Arguments of a server, and what is agreed with each library's for them.
const PARAMETERS: [(&[&str], [&str; 2]); 2] = [
    (
        &[],
        [
            "permessage-deflate (server_max_window_bits=12, client_max_window_bits=12)",
            "permessage-deflate ",
        ],
    ),
    (
        &["--no-context-takeover"],
        [
            "permessage-deflate (server_no_context_takeover, client_no_context_takeover)",
            "permessage-deflate (server_no_context_takeover, client_no_context_takeover)",
        ],
    ),
];

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn text_and_binary_come_back_compressed_as_agreed() {
    for (args, agreed) in PARAMETERS {
        for (library, agreed) in LIBRARIES.into_iter().zip(agreed) {
            let server = library.serve(args);
            let word = "compress me ".repeat(1000);
            let input = format!("größer\n\n{word}\n{word}\n/bin 00 ff\n");
            let output = format!("größer\n\n{word}\n{word}\nAP8=\n");
            let args = [&server.url("/echo"), "-v", "--commands", "-n", "5"];
            let run = wsee(&args).stdin(input).run().exits(0).prints(output);
            run.says(&format!("* open: {agreed}"))
                .says("; compressed to");
            server.saw_end("1000 ");
        }
    }
}

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn large_messages_come_back() {
    for library in LIBRARIES {
        for message in large_messages() {
            let server = library.serve(&[]);
            let args = [&server.url("/echo"), "--binary", "--split", "none", "-1"];
            let run = wsee(&args).stdin(message.clone()).run();
            assert!(
                run.exits(0).stdout == message,
                "another message came back from {library:?}"
            );
        }
    }
}

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn fragments_are_put_together_on_both_sides() {
    let [words, _] = large_messages();
    let words = String::from_utf8(words).expect("digits");
    for library in LIBRARIES {
        let server = library.serve(&[]);
        let args = [&server.url("/fragments"), "--fragment", "1000", "-n", "3"];
        let run = wsee(&args).stdin(format!("{words}\n")).run().exits(0);
        run.prints(format!("one two three\nAAEC/w==\n{words}\n"));
    }
}

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn pings_are_answered_on_both_sides() {
    for library in LIBRARIES {
        let server = library.serve(&[]);
        let args = [&server.url("/ping"), "-v", "--commands", "-1"];
        let run = wsee(&args).stdin("/ping and you?\n").run().exits(0);
        run.prints("a pong came\n")
            .says("← ping 14 B \"are you there?\"   (pong sent)\n")
            .says("→ ping 8 B \"and you?\"\n");
    }
}

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn codes_and_reasons_of_closes_arrive_on_both_sides() {
    for library in LIBRARIES {
        let server = library.serve(&[]);
        let url = server.url("/close?code=4001&reason=over%20and%20out");
        let last = "closed by server: 4001 private use \"over and out\" after ";
        wsee(&[&url]).run().exits(111).ends_with_line(last);
        server.saw_end("4001 ");
        let url = server.url("/echo");
        let closes = ["--close-code", "4000", "--close-reason", "that is all"];
        let args = [&[url.as_str(), "-1"], &closes[..]].concat();
        wsee(&args).stdin("hi\n").run().exits(0).prints("hi\n");
        server.saw_end("4000 that is all");
    }
}
