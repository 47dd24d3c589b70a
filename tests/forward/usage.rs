//! Mistakes on the command line.

use crate::support::run::wsee;

#[test]
fn mistakes_name_both_flags_or_what_to_write() {
    for (args, texts) in [
        (&["0", "ws://h", "--intercept", "h"][..], &["--forward"][..]),
        (
            &["--forward", "0", "--keep-host"],
            &["--forward", "--keep-host"],
        ),
        (
            &["--forward", "0", "--keep-origin"],
            &["--forward", "--keep-origin"],
        ),
        (
            &["--forward", "0", "--rewrite-cookies"],
            &["--forward", "--rewrite-cookies"],
        ),
        (
            &["--forward", "0", "--user", "a:b"],
            &["--forward", "--user"],
        ),
        (&["--forward", "0", "ws://h"], &["--forward"]),
        (
            &["--forward", "0", "--intercept", "wss://h/"],
            &["wss://h/", "write its host"],
        ),
        (
            &["--forward", "0", "--intercept", "a*.h"],
            &["a*.h", "*.example.com"],
        ),
        (
            &["--forward", "0", "--intercept", "h:0"],
            &["h:0", "not a port"],
        ),
        (
            &["--forward", "9001", "-x", "http://localhost:9001"],
            &["--proxy", "where the proxy itself listens"],
        ),
    ] {
        let output = wsee(&[&["proxy"], args].concat()).run();
        for text in texts {
            assert!(output.stderr.contains(text), "{args:?}: {}", output.stderr);
        }
        output.exits(2).prints("");
    }
}
