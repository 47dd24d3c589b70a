//! The CA, and `wsee proxy ca`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::forward;
use crate::listen::started;
use crate::support::run::wsee;

fn in_folder(args: &[&str], folder: &str) -> crate::support::output::Output {
    wsee(args).env("XDG_DATA_HOME", folder).run()
}

#[test]
fn the_ca_is_made_once_and_its_key_is_private() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().to_str().expect("UTF-8");
    let file = format!("{folder}/wsee/proxy-ca.pem");
    in_folder(&["proxy", "ca"], folder)
        .exits(0)
        .says("* made a CA, valid until ")
        .says("NODE_EXTRA_CA_CERTS=")
        .prints(format!("{file}\n"));
    let pem = fs::read_to_string(&file).expect("a certificate");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "{pem}");
    assert!(!pem.contains("KEY"), "{pem}");
    let mode = |name: &str| {
        let found = fs::metadata(data.path().join(name)).expect("a file");
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode("wsee"), 0o700);
    assert_eq!(mode("wsee/proxy-ca-key.pem"), 0o600);
    let second = in_folder(&["proxy", "ca", "-q"], folder).exits(0);
    assert_eq!(second.stderr, "");
    assert_eq!(fs::read_to_string(&file).expect("a certificate"), pem);
    // Without the certificate, which the key's file has as well, nothing is lost.
    fs::remove_file(&file).expect("a file");
    in_folder(&["proxy", "ca", "-q"], folder).exits(0);
    assert_eq!(fs::read_to_string(&file).expect("a certificate"), pem);
}

#[test]
fn of_several_that_start_at_once_one_makes_the_ca() {
    let data = tempfile::tempdir().expect("a folder");
    let proxies = [(); 4].map(|()| forward(&data, &["--intercept", "*"]).spawn());
    let lines = proxies.map(|it| it.wait_for_stderr("* connect with: "));
    let made = lines.iter().filter(|it| it.contains("made a CA")).count();
    assert_eq!(made, 1, "{lines:?}");
}

#[test]
fn a_file_that_is_no_ca_is_an_error_that_names_it() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().to_str().expect("UTF-8");
    let key = data.path().join("wsee/proxy-ca-key.pem");
    in_folder(&["proxy", "ca", "-q"], folder).exits(0);
    let good = fs::read_to_string(&key).expect("a key");
    for (content, text) in [
        ("", "it has no usable key"),
        (&good[..good.len() / 4], "it has no usable key"),
        (
            &good[..good.find("-----BEGIN CERT").expect("two parts")],
            "it has no usable certificate",
        ),
    ] {
        fs::write(&key, content).expect("a file");
        let output = in_folder(&["proxy", "ca"], folder).exits(2);
        output.says(&format!("{}: {text}; move it away", key.display()));
    }
    fs::write(&key, &good).expect("a file");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("a file");
    let output = in_folder(&["proxy", "ca"], folder).exits(2);
    output.says("can be read by others; make it private: chmod 600 ");
}

#[test]
fn what_others_could_replace_or_a_link_leads_to_is_left_alone() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().to_str().expect("UTF-8");
    in_folder(&["proxy", "ca", "-q"], folder).exits(0);
    let (file, other) = (
        data.path().join("wsee/proxy-ca.pem"),
        data.path().join("other"),
    );
    fs::write(&other, "precious").expect("a file");
    fs::remove_file(&file).expect("a file");
    std::os::unix::fs::symlink(&other, &file).expect("a link");
    let output = in_folder(&["proxy", "ca", "-q"], folder);
    output.exits(23).says("proxy-ca.pem: it is no regular file");
    assert_eq!(fs::read_to_string(&other).expect("a file"), "precious");
    fs::remove_file(&file).expect("a link");
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(data.path().join("wsee"), open).expect("a folder");
    let output = in_folder(&["proxy", "ca", "-q"], folder).exits(2);
    output.says("can be written by others").says("chmod go-w ");
}

#[test]
fn without_a_host_to_open_there_is_no_ca() {
    let data = tempfile::tempdir().expect("a folder");
    let proxy = started(forward(&data, &[]));
    drop(proxy);
    assert_eq!(fs::read_dir(data.path()).expect("a folder").count(), 0);
}
