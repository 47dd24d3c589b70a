//! What clients have to bring.

use super::serving;
use crate::support::run::wsee;

#[test]
fn clients_with_other_credentials_are_refused_in_the_words_of_the_protocol() {
    let signed = "/app/k?protocol=7";
    for (name, path, wanted, brought, says) in [
        (
            "stomp",
            "/",
            ["-u", "me:secret"],
            ["-u", "me:other"],
            "the server refused the session: \"access refused\"",
        ),
        (
            "stomp",
            "/",
            ["--auth", "{\"host\":\"/prod\"}"],
            ["--auth", "{\"host\":\"/test\"}"],
            "the server refused the session: \"access refused\"",
        ),
        (
            "stomp",
            "/",
            ["--auth", "{\"n\":1}"],
            ["--auth", "{\"n\":2}"],
            "the server refused the session: \"access refused\"",
        ),
        (
            "mqtt",
            "/",
            ["-u", "me:secret"],
            ["-u", "you:secret"],
            "bad user name or password",
        ),
        (
            "graphql",
            "/",
            ["--init", "{\"token\":\"a\"}"],
            ["--init", "{\"token\":\"b\"}"],
            "the server refused connection_init; closed by server: 4403 private use \"Forbidden\"",
        ),
        (
            "phoenix",
            "/",
            ["--auth", "{\"token\":\"a\"}"],
            ["--auth", "{\"token\":\"b\"}"],
            "unauthorized",
        ),
        (
            "pusher",
            signed,
            ["--pusher-secret", "right"],
            ["--pusher-secret", "wrong"],
            "the signature is wrong",
        ),
    ] {
        let server = serving(name, &wanted);
        let url = format!("ws://127.0.0.1:{}{path}", server.port);
        let subscription = match name {
            "graphql" => "{ ticks }",
            _ => "private-a",
        };
        let args = ["--as", name, &url, "--subscribe", subscription];
        wsee(&[&args[..], &brought].concat())
            .stdin("")
            .run()
            .exits(115)
            .says(says);
        let mut client = server.client(
            name,
            path,
            &["--subscribe", subscription, wanted[0], wanted[1]],
        );
        client.wait_for_stderr(match name {
            "graphql" => "subscription 1",
            "mqtt" => "suback",
            "phoenix" => "reply ok",
            "pusher" => "subscribed to private-a",
            _ => "subscribe private-a",
        });
        client.end_stdin();
    }
}

#[test]
fn the_older_protocol_of_graphql_has_a_message_for_a_refusal() {
    let server = serving(
        "graphql",
        &["--init", "{\"token\":\"a\"}", "-s", "graphql-ws"],
    );
    let run = wsee(&["--as", "graphql", &server.url()]).stdin("{ a }");
    run.run()
        .exits(115)
        .says("hint: --init JSON sends credentials with connection_init")
        .says("the server refused connection_init with error \"Forbidden\"");
}

#[test]
fn the_line_to_connect_with_names_what_is_wanted() {
    for (args, flags) in [
        (
            ["stomp", "-u", "me:secret"],
            "--as stomp -u USER:PASS ws://",
        ),
        (
            ["graphql", "--init", "{\"t\":1}"],
            "--as graphql --init JSON ws://",
        ),
        (
            ["phoenix", "--auth", "{\"t\":1}"],
            "--as phoenix --auth JSON ws://",
        ),
        (
            ["pusher", "--pusher-secret", "s"],
            "--as pusher --pusher-secret SECRET ws://",
        ),
    ] {
        let server = serving(args[0], &args[1..]);
        let said = server.running.wait_for_stderr("connect with: ");
        assert!(said.replace('\n', " ").contains(flags), "{said}");
        assert!(!said.contains("me:secret"), "{said}");
    }
}

#[test]
fn credentials_belong_to_a_protocol_that_has_them() {
    for (args, says) in [
        (
            &["--as", "graphql", "-u", "a:b"][..],
            "--user belongs to --as stomp and mqtt, and not to --as graphql",
        ),
        (
            &["--as", "socket.io", "--auth", "{}"],
            "--auth belongs to --as phoenix and stomp, and not to --as socket.io",
        ),
        (
            &["--as", "raw", "--init", "{}"],
            "--init belongs to --as graphql, and not to --as raw",
        ),
        (&["--as", "mqtt", "-u", "me"], "--user has no password"),
        (
            &["--as", "phoenix", "--auth", "[1]"],
            "--auth is JSON, but not an object",
        ),
    ] {
        let args = [&["listen", "127.0.0.1:0"], args].concat();
        wsee(&args).run().exits(2).says(says);
    }
}
