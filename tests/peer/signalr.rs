//! `SignalR`: a server that npm's official client agrees with, and then wsee.

use super::{Server, node};
use crate::support::run::wsee;

fn serve() -> Server {
    Server::of(node("signalr_server.js", &[]))
}

impl Server {
    fn http(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

#[test]
#[ignore = "needs npm's @microsoft/signalr"]
fn the_official_client_and_wsee_get_the_same_from_a_hub() {
    let server = serve();
    let urls = [server.http("/hub"), server.http("/moved")];
    let results = "[3,\"well? yes\",6,[0,1,2],\"HubException: it broke\"]\n";
    node("signalr_client.js", &[&urls[0], &urls[1]])
        .run()
        .exits(0)
        .prints(results.repeat(2));
    for url in urls.into_iter().chain([server.url("/hub")]) {
        let input =
            "Add 1 2\n{\"target\":\"Count\",\"arguments\":[2],\"stream\":true}\nLog \"x\"\nFail\n";
        let run = wsee(&["--as", "signalr", &url]).stdin(input).run();
        let output = run
            .exits(1)
            .says("Fail failed with \"HubException: it broke\"");
        // The hub answers calls that run at the same time in any order.
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines: Vec<&str> = lines.lines().collect();
        lines.sort_unstable();
        let expected = [
            "{\"invocationId\":\"1\",\"target\":\"Add\",\"result\":3}",
            "{\"invocationId\":\"2\",\"target\":\"Count\",\"item\":0}",
            "{\"invocationId\":\"2\",\"target\":\"Count\",\"item\":1}",
            "{\"invocationId\":\"3\",\"target\":\"Log\",\"result\":null}",
            "{\"invocationId\":\"4\",\"target\":\"Fail\",\"error\":\"HubException: it broke\"}",
        ];
        assert_eq!(lines, expected);
    }
}

#[test]
#[ignore = "needs npm's ws"]
fn a_stream_to_the_server_and_a_result_for_it_are_records() {
    let server = serve();
    let mut run = wsee(&["--as", "signalr", &server.http("/hub")])
        .stdin_held_open()
        .spawn();
    run.send("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Sum\",\"arguments\":[],\"streamIds\":[\"u\"]}\n");
    run.send("{\"type\":2,\"invocationId\":\"u\",\"item\":40}\n{\"type\":2,\"invocationId\":\"u\",\"item\":2}\n");
    run.send("{\"type\":3,\"invocationId\":\"u\"}\n");
    run.wait_for_stdout("{\"invocationId\":\"1\",\"target\":\"Sum\",\"result\":42}\n");
    run.send("Ask \"well?\"\n");
    run.wait_for_stdout("\"invocationId\":\"s1\"}\n");
    run.send("{\"invocationId\":\"s1\",\"result\":\"yes\"}\n");
    run.wait_for_stdout("{\"invocationId\":\"2\",\"target\":\"Ask\",\"result\":\"yes\"}\n");
    run.end_stdin();
    run.wait().exits(0);
}

#[test]
#[ignore = "needs npm's ws"]
fn a_hub_that_wants_a_login_and_a_connection_that_is_unknown_are_115() {
    let server = serve();
    let url = server.http("/private");
    wsee(&["--as", "signalr", &url, "-1"])
        .run()
        .exits(115)
        .says("status 401: it wants a login")
        .says("hint: --bearer TOKEN");
    for args in [&["--bearer", "s3cret"][..], &[]] {
        let url = if args.is_empty() {
            format!("{url}?access_token=s3cret")
        } else {
            url.clone()
        };
        let args = [&["--as", "signalr", &url], args].concat();
        wsee(&args).stdin("Add 1 2").run().exits(0);
    }
    wsee(&["--as", "signalr", &server.url("/hub?id=x"), "-1"])
        .run()
        .exits(115)
        .says("hint: http:// or https:// in the URL negotiates");
}
