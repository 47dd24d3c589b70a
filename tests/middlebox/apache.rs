//! Apache in front of the server, which opens a WebSocket in a stream of HTTP/2 since 2.4.58.

use std::process::Command;

use super::dead_port;
use super::front::{self, Front, Place};
use crate::support::peer::scripted;

/// Where Debian has its modules.
const MODULES: &str = "/usr/lib/apache2/modules";
const NEEDED: [&str; 7] = [
    "mpm_event",
    "authz_core",
    "socache_shmcb",
    "ssl",
    "http2",
    "proxy",
    "proxy_http",
];

/// Starts one in front of the server on port `upstream`.
fn start(upstream: u16) -> Front {
    Front::start(
        "apache.conf",
        |it| configuration(it, upstream),
        |_| {
            let mut command = Command::new("apache2");
            command.args(["-DFOREGROUND", "-f"]);
            command
        },
    )
}

/// Both ports have TLS.
fn configuration(place: &Place<'_>, upstream: u16) -> String {
    let root = place.directory.path().display();
    let Place {
        plain,
        tls,
        certificate,
        key,
        ..
    } = place;
    let modules = NEEDED
        .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so"))
        .join("\n");
    // What Apache needs as root, and refuses otherwise.
    let user = if rustix::process::geteuid().is_root() {
        "User nobody\nGroup nogroup"
    } else {
        ""
    };
    format!(
        r"
{modules}
ServerRoot {root}
DefaultRuntimeDir {root}
PidFile {root}/pid
ErrorLog /dev/stderr
{user}
ServerName localhost
StartServers 1
MinSpareThreads 1
ThreadsPerChild 8
MaxRequestWorkers 16
Listen 127.0.0.1:{plain}
Listen 127.0.0.1:{tls}
Protocols h2 http/1.1
H2WebSockets on
SSLEngine on
SSLCertificateFile {certificate}
SSLCertificateKeyFile {key}
ProxyTimeout 10
<Location /closed>
  Require all denied
</Location>
ProxyPass / http://127.0.0.1:{upstream}/ upgrade=websocket
"
    )
}

#[test]
#[ignore = "needs Apache"]
fn messages_go_both_ways_where_apache_makes_http1_of_http2() {
    front::passes_messages_over_http2(start);
}

#[test]
#[ignore = "needs Apache"]
fn the_servers_code_comes_through_apache() {
    // What comes along with the answer stays in Apache until the client sends something.
    let server = scripted(|mut peer| {
        peer.expect("hi");
        peer.close(4001, "over and out")
    });
    let apache = start(server.port());
    apache
        .over_http("/", "2", &["--wait", "forever"])
        .stdin("hi\n")
        .run()
        .exits(111)
        .ends_with_line("closed by server: 4001 private use \"over and out\"");
    drop(server.finish());
}

#[test]
#[ignore = "needs Apache"]
fn what_apache_refuses_is_its_own_answer() {
    let apache = start(dead_port());
    let denied = apache.over_http("/closed", "auto", &[]).run();
    denied.exits(22).says("< HTTP/2 403").says("Forbidden");
    let down = apache.over_http("/", "2", &[]).run();
    down.exits(22).says("< HTTP/2 503").says("status 503");
}
