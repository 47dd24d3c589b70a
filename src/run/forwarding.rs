//! `wsee proxy --forward`: its CA, and what it says at its start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;

use super::authority;
use super::serving::{exposed, say};
use crate::config::Forwarding;
use crate::exit::Exit;
use crate::proxy::Forward;
use crate::render::escape::escape_line;
use crate::render::{Human, Role};

/// What clients meet at `address`; without a host that is opened there is no CA.
pub(super) fn forward(config: &Forwarding, address: SocketAddr) -> Result<Rc<Forward>, Exit> {
    let folder: Option<&PathBuf> = config.folder.as_ref();
    let authority = if config.intercepts.is_empty() {
        None
    } else {
        Some(authority::open(folder.map(PathBuf::as_path))?)
    };
    let intercepts = config.intercepts.clone();
    Ok(Rc::new(Forward::new(intercepts, authority, address)))
}

/// Says where the proxy is, what it opens, and who can use it.
pub(super) fn introduce(forward: &Forward, is_tls: bool, human: &Human) {
    let say = |role, text: &str| say(human, role, &escape_line(text));
    let address = forward.address;
    let scheme = if is_tls { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let names: Vec<String> = forward.intercepts.iter().map(ToString::to_string).collect();
    let is_all = names.iter().any(|name| name == "*");
    let opened = if names.is_empty() {
        "no host is opened without --intercept HOST".to_owned()
    } else if is_all {
        "opens every host".to_owned()
    } else {
        format!("opens {}; everything else is a tunnel", names.join(", "))
    };
    say(Role::Fact, &format!("* HTTP proxy at {url}/; {opened}"));
    if let Some(authority) = &forward.authority {
        if let Some(note) = authority::made(authority) {
            say(Role::Fact, &format!("* {note}"));
        }
        let file = authority.file().display();
        say(
            Role::Fact,
            &format!(
                "* connect with: wsee -x {url} --cacert {file} URL; for other programs: wsee proxy ca"
            ),
        );
    } else {
        say(Role::Fact, &format!("* connect with: wsee -x {url} URL"));
    }
    if let Some(text) = exposed(address) {
        let text =
            format!("{text}, and reach other hosts from here; not what only this machine reaches");
        say(Role::Warning, &text);
    }
}
