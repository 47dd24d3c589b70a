//! `wsee proxy ca`: the CA of `wsee proxy --forward`, and how programs trust it.

use std::fmt::Write as _;
use std::path::Path;

use super::{complain, print};
use crate::config::{Environment, ca_folder};
use crate::exit::Exit;
use crate::proxy::{Authority, AuthorityError, Made};
use crate::render::escape::escape_line;
use crate::term;

pub(super) fn show(quiet: bool, environment: &Environment) -> Exit {
    let authority = match open(ca_folder(environment).as_deref()) {
        Ok(authority) => authority,
        Err(exit) => return exit,
    };
    let file = authority.file().display().to_string();
    if !quiet {
        let mut text = String::new();
        if let Some(note) = made(&authority) {
            let _ = writeln!(text, "* {}", escape_line(&note));
        }
        text.push_str(&ways(&escape_line(&file), &authority));
        term::stderr(&text);
    }
    print(format!("{file}\n").as_bytes())
}

pub(super) fn open(folder: Option<&Path>) -> Result<Authority, Exit> {
    let authority = folder.map_or(Err(AuthorityError::NoFolder), Authority::open);
    authority.map_err(|error| {
        complain(&escape_line(&error.to_string()));
        match error {
            AuthorityError::File { .. } => Exit::Write,
            _ => Exit::Usage,
        }
    })
}

/// That the CA is new, if it is.
pub(super) fn made(authority: &Authority) -> Option<String> {
    let (file, until) = (authority.file().display(), authority.until());
    match authority.made() {
        Made::Earlier => None,
        Made::Now => Some(format!("made a CA, valid until {until}: {file}")),
        Made::InPlaceOf(day) => Some(format!(
            "the CA expired on {day}; programs have to trust a new one, valid until {until}: {file}"
        )),
    }
}

/// How a program trusts it; each way is for one program, as no trust store of the system is touched.
fn ways(file: &str, authority: &Authority) -> String {
    let (until, hash) = (authority.until(), authority.key_hash());
    let quoted = quoted(file);
    format!(
        "* the CA of wsee proxy --forward, valid until {until}; trust it in one program at a time:\n\
         Node      NODE_EXTRA_CA_CERTS={quoted} node app.js\n\
         Python    SSL_CERT_FILE={quoted} python app.py      (requests: REQUESTS_CA_BUNDLE)\n\
         curl      curl --cacert {quoted} URL      (wsee --cacert; git: GIT_SSL_CAINFO; Go on Linux: SSL_CERT_FILE)\n\
         Chromium  chromium --user-data-dir=/tmp/wsee-chromium --proxy-server=127.0.0.1:PORT \\\n\
         \x20         --proxy-bypass-list='<-loopback>' --ignore-certificate-errors-spki-list={hash}\n\
         Java      keytool -importcert -noprompt -alias wsee -file {quoted} -keystore wsee.p12 -storepass changeit\n\
         \x20         java -Djavax.net.ssl.trustStore=wsee.p12 -Djavax.net.ssl.trustStorePassword=changeit App\n"
    )
}

/// For a shell.
fn quoted(file: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:".contains(c);
    if file.chars().all(is_plain) {
        return file.to_owned();
    }
    format!("'{}'", file.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_quoted_for_a_shell_where_it_has_to_be() {
        assert_eq!(quoted("/home/me/a.pem"), "/home/me/a.pem");
        assert_eq!(quoted("/my home/it's"), r"'/my home/it'\''s'");
    }
}
