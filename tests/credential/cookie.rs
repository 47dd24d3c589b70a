//! Cookie jars.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::site::{site, values};

/// The lines of a jar that hold a cookie.
fn cookies(jar: &Path) -> Vec<String> {
    let text = fs::read_to_string(jar).expect("a jar");
    let is_cookie = |line: &&str| !line.is_empty() && !line.starts_with("# ");
    text.lines().filter(is_cookie).map(str::to_owned).collect()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// Runs wsee with `--cookie-jar` on a server that gives this answer.
#[track_caller]
fn write(jar: &Path, answer: &str, args: &[&str]) -> Output {
    let server = site(&[answer]);
    let jar = jar.to_str().expect("UTF-8");
    let output = wsee(&[&[server.url(), "--cookie-jar", jar], args].concat()).run();
    output.never_says("s3cret")
}

#[test]
fn cookies_of_a_file_are_sent_where_they_belong() {
    let folder = folder();
    let jar = folder.path().join("jar");
    let text = "# Netscape HTTP Cookie File\n\n\
                #HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\thttp\ts3cret\n\
                127.0.0.1\tFALSE\t/chat\tFALSE\t99999999999\tpath\t2\n\
                127.0.0.1\tFALSE\t/other\tFALSE\t0\tother\t3\n\
                127.0.0.1\tFALSE\t/\tFALSE\t1\texpired\t4\n\
                127.0.0.2\tFALSE\t/\tFALSE\t0\thost\t5\n";
    fs::write(&jar, text).expect("a file");
    // Without '=' it is a file with and without '@', as in curl.
    for arg in [format!("@{}", jar.display()), jar.display().to_string()] {
        let server = site(&["101"]);
        let url = format!("{}/chat", server.url());
        wsee(&[&url, "-v", "-b", &arg])
            .run()
            .exits(0)
            .never_says("s3cret");
        assert_eq!(
            values(&server.finish()[0], "Cookie"),
            ["path=2; http=s3cret"]
        );
    }
}

#[test]
fn cookies_that_the_server_sets_are_written() {
    let folder = folder();
    let jar = folder.path().join("jar");
    let answer = "101\nSet-Cookie: id=s3cret; Path=/; HttpOnly\n\
                  set-cookie: old=1; Max-Age=0\nSet-Cookie: bad=1; Domain=example.com";
    write(&jar, answer, &["-v"]).exits(0);
    let expected = "#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tid\ts3cret";
    assert_eq!(cookies(&jar), [expected]);
    let mode = fs::metadata(&jar).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).expect("a directory").count(), 1);
}

#[test]
fn a_jar_that_is_read_and_written_keeps_and_updates_its_cookies() {
    let folder = folder();
    let jar = folder.path().join("jar");
    let kept = "elsewhere.example\tFALSE\t/\tTRUE\t99999999999\tkept\t1";
    let text = format!("{kept}\n127.0.0.1\tFALSE\t/\tFALSE\t0\tid\told\n");
    fs::write(&jar, text).expect("a file");
    let read = format!("@{}", jar.display());
    let answer = "401\nSet-Cookie: id=new; Path=/\nContent-Length: 0";
    write(&jar, answer, &["-b", &read]).exits(22);
    assert_eq!(
        cookies(&jar),
        ["127.0.0.1\tFALSE\t/\tFALSE\t0\tid\tnew", kept]
    );
    write(
        &jar,
        "101\nSet-Cookie: id=; Max-Age=0; Path=/",
        &["-b", &read],
    )
    .exits(0);
    assert_eq!(cookies(&jar), [kept]);
}

#[test]
fn a_jar_that_is_not_read_is_replaced() {
    let folder = folder();
    let jar = folder.path().join("jar");
    fs::write(&jar, "a\tFALSE\t/\tFALSE\t0\tn\tv\n").expect("a file");
    write(&jar, "101", &[]).exits(0);
    assert_eq!(cookies(&jar), [""; 0]);
}

#[test]
fn a_jar_is_not_touched_when_nobody_answers() {
    let folder = folder();
    let jar = folder.path().join("jar");
    fs::write(&jar, "untouched").expect("a file");
    let args = [
        "ws://127.0.0.1:1",
        "--cookie-jar",
        jar.to_str().expect("UTF-8"),
    ];
    wsee(&args).run().exits(7);
    assert_eq!(fs::read_to_string(&jar).expect("a file"), "untouched");
    assert_eq!(fs::read_dir(folder.path()).expect("a directory").count(), 1);
}

#[test]
fn a_link_to_a_jar_stays_a_link() {
    let folder = folder();
    let (jar, link) = (folder.path().join("jar"), folder.path().join("link"));
    fs::write(&jar, "").expect("a file");
    symlink(&jar, &link).expect("a link");
    write(&link, "101\nSet-Cookie: a=1; Path=/", &[]).exits(0);
    assert_eq!(cookies(&jar).len(), 1);
    assert!(link.is_symlink());
}

#[test]
fn a_jar_that_cannot_be_written_is_said_before_anything_is_sent() {
    let folder = folder();
    let nowhere = folder.path().join("none/jar");
    let devices = ["/dev/null", "/dev/stdout", "-"];
    for jar in devices
        .into_iter()
        .chain([folder.path(), &nowhere].map(|it| it.to_str().expect("UTF-8")))
    {
        let server = Untouched::start();
        let url = format!("ws://127.0.0.1:{}", server.port());
        let output = wsee(&[&url, "--cookie-jar", jar]).run();
        output
            .exits(23)
            .prints("")
            .says(&format!("--cookie-jar {jar}: "));
    }
}

#[test]
fn a_file_that_is_not_a_cookie_jar_is_a_usage_error() {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}", server.port());
    let folder = folder();
    let jar = folder.path().join("jar");
    fs::write(&jar, "# c\nSet-Cookie: id=s3cret\n").expect("a file");
    let read = format!("@{}", jar.display());
    let output = wsee(&[&url, "-b", &read])
        .run()
        .exits(2)
        .never_says("s3cret");
    output.says("line 2: ").says("7 fields");
    let output = wsee(&[&url, "-b", "no-such-file"]).run().exits(2);
    output.says("cannot read no-such-file").says("NAME=VALUE");
}

#[test]
fn a_cookie_field_of_the_users_own_replaces_the_jar() {
    let folder = folder();
    let jar = folder.path().join("jar");
    fs::write(&jar, "127.0.0.1\tFALSE\t/\tFALSE\t0\tn\tv\n").expect("a file");
    let server = site(&["101"]);
    let read = format!("@{}", jar.display());
    wsee(&[server.url(), "-b", &read, "-H", "Cookie: own=1"])
        .run()
        .exits(0);
    assert_eq!(values(&server.finish()[0], "Cookie"), ["own=1"]);
}
