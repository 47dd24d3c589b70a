//! Tokens and netrc files.

use std::path::Path;

use data_encoding::BASE64;

use crate::support::output::Output;
use crate::support::run::{Run, wsee};
use crate::support::server::Untouched;
use crate::support::site::{site, values};

/// A file in the home of the run, as an argument.
fn file(run: &Run, name: &str, contents: &str) -> String {
    let path = run.home().join(name);
    std::fs::write(&path, contents).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

/// The Authorization fields that a wsee with these arguments sends, and its output with `-v`; `prepare` may write
/// files to its home.
#[track_caller]
fn sent(args: &[&str], prepare: impl FnOnce(&Path), env: &[(&str, &str)]) -> (Vec<String>, Output) {
    let server = site(&["101"]);
    let url = format!("{}/", server.url());
    let mut run = wsee(&[&[url.as_str(), "-v"], args].concat());
    prepare(run.home());
    for (name, value) in env {
        run = run.env(name, value);
    }
    let output = run.run().exits(0).never_says("s3cret");
    let request = server.finish().remove(0);
    let sent = values(&request, "Authorization");
    let sent = sent.iter().map(ToString::to_string).collect();
    (sent, output)
}

/// Claims that a wsee with these arguments sends nothing; `contents` is what FILE in them holds.
#[track_caller]
fn refused(args: &[&str], contents: &str) -> Output {
    let server = Untouched::start();
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("file");
    std::fs::write(&path, contents).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let args: Vec<_> = args.iter().map(|arg| arg.replace("FILE", path)).collect();
    let url = format!("ws://127.0.0.1:{}", server.port());
    let mut all = vec![url.as_str()];
    all.extend(args.iter().map(String::as_str));
    let output = wsee(&all).without_terminal().run().exits(2).prints("");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    output.never_says("s3cret")
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

const NETRC: &str = "machine 127.0.0.1 login me password \"s3cret #1\"\n\
                     machine 127.0.0.1 login other password s3cret2\n";

#[test]
fn a_token_is_read_from_a_file() {
    let server = site(&["101"]);
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("token");
    std::fs::write(&path, "s3cret\r\n").expect("a file");
    let token = format!("@{}", path.display());
    let output = wsee(&[server.url(), "-v", "--bearer", &token]).run();
    output.exits(0).never_says("s3cret");
    assert_eq!(
        values(&server.finish()[0], "Authorization"),
        ["Bearer s3cret"]
    );
}

#[test]
fn a_token_is_taken_from_a_variable() {
    let (sent, _) = sent(
        &["--bearer-env", "API_TOKEN"],
        |_| (),
        &[("API_TOKEN", "s3cret")],
    );
    assert_eq!(sent, ["Bearer s3cret"]);
}

#[test]
fn tokens_that_cannot_be_used_are_usage_errors() {
    refused(&["--bearer", "@FILE"], "\n").says("the token is empty");
    refused(&["--bearer", "@FILE"], "s3cret\ntwo\n").says("'\\n'");
    refused(&["--bearer", "@FILE.none"], "").says("cannot read");
    refused(&["--bearer", "@-"], "").says("@FILE or --bearer-env");
    refused(&["--bearer", ""], "").says("the token is empty");
    refused(&["--bearer-env", "NO_SUCH"], "").says("\"NO_SUCH\"");
    refused(&["--bearer-env", "NO=SUCH"], "").says("\"NO=SUCH\"");
}

#[test]
fn netrc_is_looked_for_where_curl_does() {
    let expected = [basic("me:s3cret #1")];
    let home = |home: &Path| std::fs::write(home.join(".netrc"), NETRC).expect("a file");
    assert_eq!(sent(&["--netrc"], home, &[]).0, expected);
    let run = wsee(&[]);
    let elsewhere = file(&run, "elsewhere", NETRC);
    let env = [("NETRC", elsewhere.as_str())];
    assert_eq!(sent(&["--netrc"], |_| (), &env).0, expected);
    let args = ["--netrc-file", &elsewhere];
    assert_eq!(sent(&args, |_| (), &[]).0, expected);
    assert_eq!(sent(&[], home, &[]).0, [""; 0]);
}

#[test]
fn explicit_credentials_win_over_netrc() {
    let home = |home: &Path| std::fs::write(home.join(".netrc"), NETRC).expect("a file");
    let (bearer, _) = sent(&["--netrc", "--bearer", "s3cret3"], home, &[]);
    assert_eq!(bearer, ["Bearer s3cret3"]);
    let (user, _) = sent(&["--netrc", "-u", "own:s3cret4"], home, &[]);
    assert_eq!(user, [basic("own:s3cret4")]);
    let (other, _) = sent(&["--netrc", "-u", "other"], home, &[]);
    assert_eq!(other, [basic("other:s3cret2")]);
}

#[test]
fn a_user_in_the_url_finds_the_password_in_netrc() {
    for (userinfo, expected) in [("other", "other:s3cret2"), ("other:own", "other:own")] {
        let server = site(&["101"]);
        let url = format!("ws://{userinfo}@127.0.0.1:{}/", server.port());
        let run = wsee(&[&url, "--netrc"]);
        file(&run, ".netrc", NETRC);
        run.run().exits(0);
        assert_eq!(
            values(&server.finish()[0], "Authorization"),
            [basic(expected)]
        );
    }
}

#[test]
fn a_host_that_is_not_in_netrc_is_said() {
    let home = |home: &Path| {
        let netrc = "machine elsewhere.example login me password s3cret";
        std::fs::write(home.join(".netrc"), netrc).expect("a file");
    };
    let (sent, output) = sent(&["--netrc"], home, &[]);
    assert_eq!(sent, [""; 0]);
    output.says(" has no login for 127.0.0.1");
}

#[test]
fn a_netrc_file_that_cannot_be_used_is_a_usage_error() {
    refused(&["--netrc"], "")
        .says("--netrc: cannot read")
        .says("machine HOST");
    refused(&["--netrc-file", "FILE.none"], "").says("--netrc-file: cannot read");
    refused(&["--netrc-file", "FILE"], "\nmachine a password").says("line 2: ");
    refused(&["--netrc-file", "FILE"], "login s3cret").says("line 1: ");
    let colon = "default login a:b password s3cret";
    refused(&["--netrc-file", "FILE"], colon).says("has a ':'");
    let control = "default login a password \"s3cret\\n\"";
    refused(&["--netrc-file", "FILE"], control).says("control character");
}

#[test]
fn credentials_without_tls_are_warned_of() {
    let warning = "! credentials for 0.0.0.0 are sent unencrypted";
    for args in [
        &["-u", "me:s3cret"][..],
        &["--bearer", "s3cret"],
        &["-b", "id=s3cret"],
        &["-H", "Authorization: s3cret"],
        &["-v", "-b", "id=s3cret"],
    ] {
        // It leads to this machine, but is no loopback address.
        let server = site(&["101"]);
        let url = format!("ws://0.0.0.0:{}/", server.port());
        let output = wsee(&[&[url.as_str()], args].concat()).run().exits(0);
        let output = output.says(warning).never_says("s3cret");
        assert_eq!(output.stderr.matches("unencrypted").count(), 1);
    }
    let server = site(&["101"]);
    let port = server.port();
    let pin = format!("server.example:{port}:127.0.0.1");
    let url = format!("ws://server.example:{port}/");
    let output = wsee(&[&url, "--resolve", &pin, "-u", "me:"]).run();
    output.exits(0).says("! credentials for server.example are");
    for (host, args) in [
        ("0.0.0.0", &[][..]),
        ("0.0.0.0", &["-q", "-u", "me:"]),
        ("127.0.0.1", &["-u", "me:"]),
        ("localhost", &["-u", "me:"]),
    ] {
        let server = site(&["101"]);
        let url = format!("ws://{host}:{}/", server.port());
        let output = wsee(&[&[url.as_str()], args].concat()).run().exits(0);
        output.never_says("unencrypted");
    }
}
