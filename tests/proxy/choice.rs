//! Which proxy is used: flags, environment, and what goes past it.

use crate::support::output::Output;
use crate::support::peer::echoing;
use crate::support::proxy::{ESTABLISHED, http, socks5, url};
use crate::support::run::wsee;
use crate::support::server::Untouched;

/// Sends a line to an echo server, with a proxy in the environment that nobody may use.
#[track_caller]
fn past(variables: &[&str], args: &[&str]) -> Output {
    let (server, proxy) = (echoing(), Untouched::start());
    let address = format!("http://127.0.0.1:{}", proxy.port());
    let mut run = wsee(&[&[server.url(), "-n", "1"], args].concat()).stdin("hello\n");
    for variable in variables {
        let (name, value) = variable.split_once('=').expect("NAME=VALUE");
        let value = if value == "PROXY" { &address } else { value };
        run = run.env(name, value);
    }
    run.run().exits(0).prints("hello\n")
}

#[test]
fn the_environment_names_the_proxy() {
    for name in ["ws_proxy", "http_proxy", "ALL_PROXY"] {
        let (server, proxy) = (echoing(), http(ESTABLISHED));
        let address = url("http", &proxy);
        wsee(&[server.url(), "-n", "1", "-v"])
            .env(name, &address)
            .stdin("hello\n")
            .run()
            .exits(0)
            .says(&format!("* proxy {address} ({name})"));
        proxy.finish();
    }
}

#[test]
fn the_flag_comes_before_the_environment() {
    let (server, proxy, other) = (echoing(), socks5(None), Untouched::start());
    wsee(&[server.url(), "-n", "1", "-x", &url("socks5h", &proxy)])
        .env("ws_proxy", &format!("127.0.0.1:{}", other.port()))
        .stdin("hello\n")
        .run()
        .exits(0);
}

#[test]
fn no_proxy_is_used_for_what_goes_past_it() {
    past(&["HTTP_PROXY=PROXY"], &[]);
    past(&["wss_proxy=PROXY", "https_proxy=PROXY"], &[]);
    past(&["http_proxy=PROXY"], &["-x", ""]);
    past(&["http_proxy=PROXY"], &["--noproxy", "*"]);
    past(&["http_proxy=PROXY"], &["--noproxy", "127.0.0.0/8"]);
    past(&["http_proxy=PROXY", "no_proxy=localhost,127.0.0.1"], &[]);
    past(&["http_proxy=PROXY", "NO_PROXY=*"], &[]);
}

#[test]
fn an_empty_list_takes_the_place_of_that_in_the_environment() {
    let (server, proxy) = (echoing(), http(ESTABLISHED));
    wsee(&[server.url(), "-n", "1", "--noproxy", ""])
        .env("http_proxy", &url("http", &proxy))
        .env("no_proxy", "*")
        .stdin("hello\n")
        .run()
        .exits(0);
}

#[test]
fn an_invalid_proxy_is_a_usage_error_that_hides_its_password() {
    wsee(&["ws://127.0.0.1:1", "-x", "ftp://me:hunter2@h"])
        .run()
        .exits(2)
        .says("--proxy: \"ftp\" is not a proxy scheme")
        .never_says("hunter2");
    wsee(&["ws://127.0.0.1:1"])
        .env("all_proxy", "http://me:hunter2@h:99999")
        .run()
        .exits(2)
        .says("all_proxy: the port")
        .never_says("hunter2");
}

#[test]
fn the_demo_needs_no_proxy() {
    let proxy = Untouched::start();
    wsee(&["demo"])
        .env("http_proxy", &format!("http://127.0.0.1:{}", proxy.port()))
        .run()
        .exits(0);
}
