//! Apache in front of the server, which opens a WebSocket in a stream of HTTP/2 since 2.4.58.

use std::fs;
use std::process::Command;

use tempfile::NamedTempFile;

use super::{Daemon, free_port};
use crate::support::peer::{Peer, scripted};
use crate::support::run::{Run, wsee};
use crate::support::server::{Server, Untouched};
use crate::support::tls::Authority;

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

struct Apache {
    _daemon: Daemon,
    port: u16,
    authority: Authority,
    /// It reads them a second time once it listens.
    _files: (NamedTempFile, NamedTempFile),
}

impl Apache {
    /// Starts one in front of the server on port `upstream`.
    fn start(upstream: u16) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().display().to_string();
        let authority = Authority::new();
        let files = authority.issue(&["localhost"]).write();
        let (certificate, key) = (files.0.path().display(), files.1.path().display());
        let modules = NEEDED
            .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so"))
            .join(
                "
",
            );
        // What Apache needs as root, and refuses otherwise.
        let user = if rustix::process::geteuid().is_root() {
            "User nobody\nGroup nogroup"
        } else {
            ""
        };
        let port = free_port();
        let config = format!(
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
Listen 127.0.0.1:{port}
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
        );
        let file = directory.path().join("apache.conf");
        fs::write(&file, config).expect("a file");
        let mut command = Command::new("apache2");
        command.arg("-DFOREGROUND").arg("-f").arg(&file);
        Self {
            _daemon: Daemon::start(command, directory, port),
            port,
            authority,
            _files: files,
        }
    }

    fn visit(&self, path: &str, http: &str, args: &[&str]) -> Run {
        let url = format!("wss://localhost:{}{path}", self.port);
        let ca = self.authority.path();
        wsee(&[&[&url, "--cacert", ca, "--http", http, "-v"], args].concat())
    }
}

#[test]
#[ignore = "needs Apache"]
fn messages_go_both_ways_where_apache_makes_http1_of_http2() {
    let server = Server::start_many(2, |_, stream| Peer::accept(stream).echo());
    let apache = Apache::start(server.port());
    let big = "x".repeat(1 << 20);
    let input = format!("one\n/bin 00 ff\n{big}\n");
    for http in ["2", "auto"] {
        apache
            .visit("/", http, &["--commands", "-n", "3"])
            .stdin(input.clone())
            .run()
            .exits(0)
            .prints(format!("one\nAP8=\n{big}\n"))
            .says("ENABLE_CONNECT_PROTOCOL 1")
            .says("< HTTP/2 200");
    }
    server.finish();
}

#[test]
#[ignore = "needs Apache"]
fn the_servers_code_comes_through_apache() {
    // What comes along with the answer stays in Apache until the client sends something.
    let server = scripted(|mut peer| {
        peer.expect("hi");
        peer.close(4001, "over and out")
    });
    let apache = Apache::start(server.port());
    apache
        .visit("/", "2", &["--wait", "forever"])
        .stdin("hi\n")
        .run()
        .exits(111)
        .ends_with_line("closed by server: 4001 private use \"over and out\"");
    drop(server.finish());
}

#[test]
#[ignore = "needs Apache"]
fn what_apache_refuses_is_its_own_answer() {
    let nothing = Untouched::start();
    let port = nothing.port();
    drop(nothing);
    let apache = Apache::start(port);
    let denied = apache.visit("/closed", "auto", &[]).run();
    denied.exits(22).says("< HTTP/2 403").says("Forbidden");
    let down = apache.visit("/", "2", &[]).run();
    down.exits(22).says("< HTTP/2 503").says("status 503");
}
