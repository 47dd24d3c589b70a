//! What wsee shows of itself: --cert, --key and --pass.

use std::io::Write;

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Parameters;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tempfile::NamedTempFile;

use super::{echoed, fails, refused};
use crate::support::output::Output;
use crate::support::peer::{Peer, echoing};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::site::site;
use crate::support::tls::{self, Authority, Identity, Terms, TlsStream, file, path, pem};
use crate::support::wire::read_head;

const PASSWORD: &str = "correct horse";

/// The terms of a server that lets in the clients of `authority`.
fn terms(authority: &Authority) -> Terms {
    Terms::of(authority.issue(&["localhost"])).only_clients_of(authority)
}

/// Runs wsee against a server that lets in the clients of `authority`.
#[track_caller]
fn let_in(authority: &Authority, args: &[&str]) -> Output {
    let ca = ["--cacert", authority.path()];
    echoed(terms(authority), &[&ca, args].concat())
}

/// Runs wsee with a certificate that is refused before anything is sent.
#[track_caller]
fn unusable(args: &[&str]) -> Output {
    let server = Untouched::start();
    let url = format!("wss://localhost:{}", server.port());
    wsee(&[&[url.as_str()], args].concat())
        .env("WSEE_TEST_WRONG", "battery staple")
        .run()
        .exits(58)
        .prints("")
}

/// A file with the password, and the argument of --pass for it.
fn pass_file() -> (NamedTempFile, String) {
    let file = file(format!("{PASSWORD}\n"));
    let argument = format!("file:{}", path(&file));
    (file, argument)
}

fn encrypted(identity: &Identity) -> NamedTempFile {
    let params = Parameters::generate_pbkdf2_sha256_aes256cbc(2, b"saltsalt", [7; 16]);
    let key = PrivateKeyInfoRef::try_from(identity.key()).expect("a key");
    let encrypted = key.encrypt_with_params(params.expect("parameters"), PASSWORD);
    let der = encrypted.expect("an encrypted key");
    file(pem("ENCRYPTED PRIVATE KEY", der.as_bytes()))
}

fn pkcs12(identity: &Identity, password: &str) -> NamedTempFile {
    let certificate = Certificate::from_der(&identity.chain()[0]).expect("a certificate");
    let key = PrivateKey::from_der(identity.key()).expect("a key");
    let chain = PrivateKeyChain::new("id", key, [certificate]);
    let mut store = KeyStore::new();
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(chain));
    let writer = store.writer(password).encryption_iterations(2);
    file(writer.mac_iterations(2).write().expect("a PKCS#12 file"))
}

#[test]
fn the_server_sees_the_certificate() {
    let authority = Authority::new();
    let client = authority.issue_client("me");
    let expected = client.chain()[0].clone();
    let (cert, key) = client.write();
    for version in [&TLS12, &TLS13] {
        let server = tls::serving_as(terms(&authority).only(version), |mut stream| {
            stream.conn.complete_io(&mut stream.sock).expect("TLS");
            let seen = stream
                .conn
                .peer_certificates()
                .expect("a certificate")
                .to_vec();
            Peer::accept(stream).echo();
            seen
        });
        wsee(&[&tls::url(&server), "-v", "-1", "--cacert", authority.path()])
            .arg("--cert", path(&cert))
            .arg("--key", path(&key))
            .stdin("hello\n")
            .run()
            .exits(0)
            .prints("hello\n")
            .says("asks for a client certificate issued by CN=wsee test CA")
            .says(": sent CN=me");
        assert_eq!(server.finish(), std::slice::from_ref(&expected));
    }
}

#[test]
fn certificate_and_key_may_be_in_one_file() {
    let authority = Authority::new();
    let client = authority.issue_client("me");
    let certificate = pem("CERTIFICATE", &client.chain()[0]);
    let both = file(format!(
        "# me\n{}{certificate}",
        pem("PRIVATE KEY", client.key())
    ));
    let_in(&authority, &["-E", path(&both)]);
}

#[test]
fn an_encrypted_key_takes_its_password_from_a_file() {
    let authority = Authority::new();
    let client = authority.issue_client("me");
    let ((cert, _), key) = (client.write(), encrypted(&client));
    let (_file, pass) = pass_file();
    let args = ["--cert", path(&cert), "--key", path(&key), "--pass", &pass];
    let_in(&authority, &args);
}

#[test]
fn pkcs12_takes_its_password_from_the_environment() {
    let authority = Authority::new();
    let store = pkcs12(&authority.issue_client("me"), PASSWORD);
    let server = tls::serving_as(terms(&authority), |stream| Peer::accept(stream).echo());
    wsee(&[&tls::url(&server), "-1", "--cacert", authority.path()])
        .arg("--cert", path(&store))
        .arg("--pass", "env:WSEE_TEST_PASS")
        .env("WSEE_TEST_PASS", PASSWORD)
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n")
        .never_says(PASSWORD);
}

#[test]
fn a_terminal_is_asked_for_the_password() {
    let authority = Authority::new();
    let store = pkcs12(&authority.issue_client("me"), PASSWORD);
    let server = tls::serving_as(terms(&authority), |stream| Peer::accept(stream).record());
    let url = tls::url(&server);
    let args = [&url, "--cacert", authority.path(), "-E", path(&store)];
    let mut terminal = terminal(&args).start();
    terminal.wait_for(&format!("Password for {}: ", path(&store)));
    terminal.press(&format!("{PASSWORD}\r"));
    terminal.wait_for("* open");
    terminal.wait(": a prompt", |screen, _| {
        screen
            .contents()
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("localhost:") && line.contains('>'))
    });
    assert!(!terminal.contents().contains(PASSWORD));
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn pkcs12_without_a_password_needs_none() {
    let authority = Authority::new();
    let store = pkcs12(&authority.issue_client("me"), "");
    let_in(&authority, &["--cert", path(&store)]);
}

#[test]
fn a_wrong_password_exits_58() {
    let client = Authority::new().issue_client("me");
    let ((cert, _), key) = (client.write(), encrypted(&client));
    let store = pkcs12(&client, PASSWORD);
    let pass = ["--pass", "env:WSEE_TEST_WRONG"];
    for args in [
        &["--cert", path(&cert), "--key", path(&key)][..],
        &["--cert", path(&store)],
    ] {
        unusable(&[args, &pass].concat())
            .says("the password is wrong")
            .never_says("battery staple");
    }
}

#[test]
fn an_unavailable_password_exits_58() {
    let store = pkcs12(&Authority::new().issue_client("me"), PASSWORD);
    let cert = ["--cert", path(&store), "--pass"];
    unusable(&[&cert[..], &["env:WSEE_TEST_UNSET"]].concat()).says("the variable is not set");
    unusable(&[&cert[..], &["file:/nonexistent/pass"]].concat()).says("/nonexistent/pass");
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let store = pkcs12(&Authority::new().issue_client("me"), PASSWORD);
    let server = Untouched::start();
    let url = format!("wss://localhost:{}", server.port());
    wsee(&[&url, "--cert", path(&store), "--pass", "hunter2"])
        .run()
        .exits(2)
        .says("env:NAME, file:PATH or prompt")
        .never_says("hunter2");
    let curls = format!("{}:hunter2", path(&store));
    unusable(&["--cert", &curls])
        .says("--pass")
        .never_says("hunter2");
}

#[test]
fn a_key_of_another_certificate_exits_58() {
    let authority = Authority::new();
    let (cert, _) = authority.issue_client("me").write();
    let (_, key) = authority.issue_client("you").write();
    let args = ["--cert", path(&cert), "--key", path(&key)];
    unusable(&args).says("does not belong to the certificate");
}

#[test]
fn unusable_certificate_files_exit_58_with_advice() {
    let (cert, key) = Authority::new().issue_client("me").write();
    let (cert, key) = (path(&cert), path(&key));
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
        DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n\
        -----END RSA PRIVATE KEY-----\n";
    let (old, der) = (file(old), file(b"\x30\x05\x02\x01\x03\x05\x00"));
    let text = file("hello\n");
    let cases: [(&[&str], &str); 7] = [
        (&["--cert", "/nonexistent/c.pem"], "No such file"),
        (&["--cert", key], "no certificate in it"),
        (&["--cert", cert], "--key FILE"),
        (&["--cert", cert, "--key", cert], "no private key in it"),
        (
            &["--cert", cert, "--key", path(&old)],
            "openssl pkcs8 -topk8",
        ),
        (&["--cert", path(&text)], "neither PEM nor PKCS#12"),
        (&["--cert", "/dev/zero"], "larger than"),
    ];
    for (args, text) in cases {
        unusable(args).says(text);
    }
    let pass = ["--cert", path(&der), "--pass", "env:WSEE_TEST_WRONG"];
    unusable(&pass).says("not a PKCS#12 file that wsee can read");
}

/// Claims that a server of this version turns wsee away with 58.
#[track_caller]
fn turned_away(
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
    args: &[&str],
) -> Output {
    let ca = ["--cacert", authority.path()];
    refused(terms(authority).only(version), &[&ca, args].concat()).exits(58)
}

#[test]
fn a_server_that_demands_a_certificate_is_distinguished_from_others() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        turned_away(&authority, version, &[])
            .says("demands a client certificate issued by CN=wsee test CA")
            .says("--cert FILE and --key FILE");
    }
}

#[test]
fn a_server_that_refuses_the_certificate_says_which_it_takes() {
    let authority = Authority::new();
    // One with an unknown issuer, and one whose issuer has the name of a known one.
    let stranger = tls::self_signed(&["stranger"]);
    let pretender = Authority::new().issue_client("wsee test server");
    for (client, alert) in [(stranger, "unknown_ca"), (pretender, "decrypt_error")] {
        let (cert, key) = client.write();
        let args = ["--cert", path(&cert), "--key", path(&key)];
        for version in [&TLS12, &TLS13] {
            turned_away(&authority, version, &args)
                .says(&format!(
                    "rejects the client certificate CN=wsee test server with the alert {alert}"
                ))
                .says("it accepts those issued by CN=wsee test CA");
        }
    }
}

#[test]
fn a_server_that_does_not_ask_is_shown_nothing() {
    let authority = Authority::new();
    let (cert, key) = authority.issue_client("me").write();
    let args = [
        "--cert",
        path(&cert),
        "--key",
        path(&key),
        "-v",
        "--cacert",
        authority.path(),
    ];
    echoed(Terms::of(authority.issue(&["localhost"])), &args).never_says("client certificate");
}

#[test]
fn a_refusal_by_a_server_that_asked_hints_at_the_certificate() {
    let authority = Authority::new();
    let terms = Terms::of(authority.issue(&["localhost"])).asking_clients_of(&authority);
    let server = tls::serving_as(terms, |mut stream| {
        read_head(&mut stream);
        let response = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(response).expect("a client");
    });
    wsee(&[&tls::url(&server), "--cacert", authority.path()])
        .run()
        .exits(22)
        .says("hint: the server asked for a client certificate")
        .says("--cert FILE");
}

#[test]
fn another_origin_sees_the_certificate_only_if_it_is_trusted() {
    let authority = Authority::new();
    let (cert, key) = authority.issue_client("me").write();
    let visit = |flag: &str, serve: fn(TlsStream)| {
        let other = tls::serving_as(terms(&authority), serve);
        let first = site(&[&format!("302 {}", tls::url(&other))]);
        wsee(&[first.url(), flag, "--cacert", authority.path()])
            .arg("--cert", path(&cert))
            .arg("--key", path(&key))
            .stdin("hello\n")
            .run()
    };
    let echo = |stream| drop(Peer::accept(stream).echo());
    visit("-L", fails)
        .exits(58)
        .says("demands a client certificate");
    visit("--location-trusted", echo).exits(0).prints("hello\n");
}

#[test]
fn without_tls_the_files_are_not_even_read() {
    let server = echoing();
    wsee(&[server.url(), "-1", "--cert", "/nonexistent/c.pem"])
        .stdin("hello\n")
        .run()
        .exits(0);
}
