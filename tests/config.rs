//! The configuration file: defaults, profiles, and what the command line makes of them.

use std::fs;

use crate::support::peer::{Message, echoing};
use crate::support::pty::terminal;
use crate::support::run::{Run, wsee};
use crate::support::server::{Server, Untouched};
use crate::support::wire::{before_handshake, requested};

/// A profile `staging` for a server, with more keys.
fn profile(server: &Server<String>, keys: &str) -> String {
    format!("[profile.staging]\nurl = \"{}/\"\n{keys}", server.url())
}

/// The request of a run with a configuration that names the server HOST.
#[track_caller]
fn request(config: &str, args: &[&str]) -> String {
    let server = requested();
    let host = format!("127.0.0.1:{}", server.port());
    let args: Vec<String> = args.iter().map(|arg| arg.replace("HOST", &host)).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    wsee(&args)
        .config(&config.replace("HOST", &host))
        .run()
        .exits(0);
    server.finish()
}

#[track_caller]
fn refused(run: Run, text: &str) {
    let output = run.run().exits(2).prints("").says(text);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
}

#[test]
fn a_profile_is_a_url_with_flags() {
    let server = requested();
    let keys = "header = [\"Authorization: Bearer ${TOKEN}\", \"X-A: 1\"]\nsubprotocol = \"v2,v1\"\n\
                user-agent = 'me'\nno-compress = true\n";
    wsee(&["@staging", "-v"])
        .config(&profile(&server, keys))
        .env("TOKEN", "hunter2")
        .run()
        .exits(0)
        .says("> Authorization: Bearer ***")
        .never_says("hunter2");
    let request = server.finish();
    for line in [
        "Authorization: Bearer hunter2",
        "X-A: 1",
        "Sec-WebSocket-Protocol: v2, v1",
        "User-Agent: me",
    ] {
        assert!(
            request.lines().any(|it| it == line),
            "{line:?} in {request}"
        );
    }
    assert!(!request.contains("permessage-deflate"), "{request}");
}

#[test]
fn the_command_line_wins_over_the_profile_and_that_over_the_defaults() {
    let config = "user-agent = \"default\"\norigin = \"http://default\"\nsubprotocol = \"default\"\n\
                  [profile.p]\nurl = \"ws://HOST\"\nuser-agent = \"profile\"\norigin = \"http://profile\"\n";
    let request = request(config, &["@p", "-A", "typed"]);
    for line in [
        "User-Agent: typed",
        "Origin: http://profile",
        "Sec-WebSocket-Protocol: default",
    ] {
        assert!(
            request.lines().any(|it| it == line),
            "{line:?} in {request}"
        );
    }
}

#[test]
fn fields_add_up_by_name() {
    let config = "header = [\"X-A: default\", \"X-B: default\", \"X-C: default\"]\n\
                  [profile.p]\nurl = \"ws://HOST\"\nheader = \"x-b: profile\"\n";
    let request = request(config, &["@p", "-H", "X-C:", "-H", "X-D: typed"]);
    let fields: Vec<&str> = request
        .lines()
        .filter(|line| line.to_ascii_lowercase().starts_with("x-"))
        .collect();
    assert_eq!(fields, ["X-A: default", "x-b: profile", "X-D: typed"]);
}

#[test]
fn a_flag_drops_the_keys_that_contradict_it() {
    let config = "verbose = 2\nbearer = \"t\"\ncompress = \"permessage-deflate\"\n";
    let request = request(config, &["ws://HOST", "-q", "-u", "a:b", "--no-compress"]);
    assert!(
        request.contains("Authorization: Basic YTpi\r\n"),
        "{request}"
    );
}

#[test]
fn defaults_count_for_demo_and_curl_too_as_far_as_they_have_the_flag() {
    wsee(&["demo", "--wait", "0"])
        .config("verbose = true\ninsecure = true\nuser-agent = \"mine\"\n")
        .stdin("x\n")
        .run()
        .exits(0)
        .says("> User-Agent: mine");
    let request = request("user-agent = \"mine\"\n", &["curl", "http://HOST/", "-s"]);
    assert!(request.contains("User-Agent: mine\r\n"), "{request}");
    wsee(&["curl", "@p"])
        .config("[profile.p]\nurl = \"ws://127.0.0.1:1\"")
        .run()
        .exits(7);
}

#[test]
fn no_config_leaves_it_out() {
    let server = requested();
    let url = server.url().to_owned();
    wsee(&[&url, "--no-config"])
        .config("header = \"X-A: 1\"\nnonsense")
        .run()
        .exits(0);
    assert!(!server.finish().contains("X-A"));
    refused(
        wsee(&["@p", "--no-config"]).config("[profile.p]"),
        "which --no-config ignores",
    );
}

#[test]
fn a_file_in_the_current_directory_is_never_read() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "config.toml",
        "wsee.toml",
        ".wsee.toml",
        "wsee/config.toml",
        ".config/wsee/config.toml",
    ] {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(
            &file,
            "header = \"X-Evil: 1\"\n[profile.p]\nurl = \"ws://127.0.0.1:1\"",
        )
        .expect("a file");
    }
    let server = requested();
    wsee(&[server.url()])
        .current_dir(folder.path())
        .run()
        .exits(0);
    assert!(!server.finish().contains("X-Evil"));
    refused(
        wsee(&["@p"]).current_dir(folder.path()),
        "the file does not exist, so there is no profile 'p'",
    );
    // The specification of XDG wants relative paths to be ignored.
    let relative = wsee(&["@p"])
        .current_dir(folder.path())
        .env("XDG_CONFIG_HOME", ".config");
    refused(relative, "the file does not exist");
}

#[test]
fn mistakes_name_file_and_line_before_anything_is_sent() {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}/", server.port());
    for (config, text) in [
        (
            "\nhedaer = \"A: b\"",
            "wsee/config.toml:2: unknown key 'hedaer'; did you mean header?",
        ),
        ("insecure = \"yes\"", "config.toml:1: insecure is a switch"),
        (
            "lenient = true\nmax-time = \"soon\"",
            "config.toml:2: invalid value 'soon' for '--max-time <TIME>'",
        ),
        (
            "user-agent = \"${NOT_SET}\"",
            "config.toml:1: the environment variable NOT_SET is not set",
        ),
        ("a = ", "config.toml:1: "),
        (
            "binary = true\nhex = true",
            "config.toml: the argument '--binary' cannot be used with",
        ),
        (
            "[staging]\nurl = \"h\"",
            "config.toml:1: [staging] is not a section; write a profile as [profile.staging]",
        ),
    ] {
        refused(wsee(&[&url]).config(config), text);
    }
}

#[test]
fn a_variable_of_a_profile_that_is_not_used_need_not_be_set() {
    let config = "[profile.other]\nurl = \"ws://${NOT_SET}\"\n";
    assert!(request(config, &["ws://HOST/x"]).starts_with("GET /x "));
}

#[test]
fn a_profile_leads_to_another_path_on_its_server() {
    let server = requested();
    wsee(&["@staging/other?a=1"])
        .config(&profile(&server, "user-agent = 'me'\n"))
        .run()
        .exits(0);
    let request = server.finish();
    assert!(
        request.starts_with("GET /other?a=1 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("User-Agent: me\r\n"), "{request}");
    let config = "[profile.staging]\nurl = \"h\"\n";
    refused(
        wsee(&["@stagin/other"]).config(config),
        "no profile 'stagin'; there is @staging",
    );
}

#[test]
fn an_unknown_profile_lists_those_there_are() {
    let config = "[profile.staging]\nurl = \"h\"\n[profile.live]\nlenient = true\n";
    refused(
        wsee(&["@stagin"]).config(config),
        "no profile 'stagin'; there is @staging, @live",
    );
    refused(
        wsee(&["@live"]).config(config),
        "config.toml:3: the profile has no url",
    );
    refused(wsee(&["@x"]).config(""), "no profile 'x'; there are none");
}

#[test]
fn a_secret_that_others_can_read_is_reported() {
    let server = requested();
    let keys = "bearer = \"hunter2\"\n";
    wsee(&["@staging"])
        .config_with_mode(&profile(&server, keys), 0o644)
        .run()
        .exits(0)
        .says("config.toml:3: bearer is a secret that other users can read; run chmod 600 ")
        .never_says("hunter2");
    for (keys, mode) in [
        (keys, 0o600),
        ("bearer = \"${HOME}\"\n", 0o644),
        ("header = \"X-A: b\"", 0o644),
    ] {
        let server = requested();
        let run = wsee(&["@staging"]).config_with_mode(&profile(&server, keys), mode);
        run.run().exits(0).never_says("chmod");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_only_where_it_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("wsee/config.toml")).expect("a folder");
    let config_home = folder.path().to_str().expect("UTF-8");
    let run = |args: &[&str]| wsee(args).env("XDG_CONFIG_HOME", config_home);
    refused(run(&["ws://127.0.0.1:1"]), "--no-config ignores it");
    run(&["ws://127.0.0.1:1", "--no-config"]).run().exits(7);
    run(&["--help"]).run().exits(0);
    run(&["man"]).run().exits(0);
}

#[test]
fn mistakes_on_the_command_line_stay_its_own() {
    let config = "header = \"A: b\"\n";
    wsee(&["ws://h", "--nonsense"])
        .config(config)
        .run()
        .exits(2)
        .says("unexpected argument '--nonsense'");
    wsee(&[]).config(config).run().exits(2).says("Usage: wsee");
    wsee(&["-q"]).config(config).run().exits(2).says("<URL>");
}

#[test]
fn debug_shows_where_every_option_comes_from() {
    let server = requested();
    let keys = "bearer = \"hunter2\"\nheader = \"X-Api-Key: hunter2\"\n";
    let output = wsee(&["@staging", "--debug", "-A", "me", "-H", "Y: z"])
        .config(&profile(&server, keys))
        .env("NO_COLOR", "1")
        .env("SSL_CERT_FILE", "/none.pem")
        .env("SSL_CERT_DIR", "/none")
        .run()
        .exits(0)
        .never_says("hunter2");
    for (option, place) in [
        ("URL @staging", "(command line)"),
        ("--header X-Api-Key: ***", "config.toml:4)"),
        ("--header Y: z", "(command line)"),
        ("--bearer ***", "config.toml:3)"),
        ("--user-agent me", "(command line)"),
        ("--connect-timeout 10s", "(default)"),
        ("--debug", "(command line)"),
    ] {
        let line = output
            .stderr
            .lines()
            .find(|line| line.starts_with(&format!("* option {option} (")));
        assert!(
            line.is_some_and(|line| line.ends_with(place)),
            "{option} {place}: {}",
            output.stderr
        );
    }
    let url = format!("* url {}/ (", server.url());
    output
        .says(&url)
        .says("* environment NO_COLOR=1\n")
        .says("* environment SSL_CERT_FILE=/none.pem\n")
        .says("* environment SSL_CERT_DIR=/none\n")
        .says("* mode pipe\n");
    server.finish();
}

#[test]
fn debug_masks_a_token_among_subprotocols_even_where_two_flags_give_it() {
    for (args, says) in [
        (
            &["-s", "chat,bearer,hunter2"] as &[&str],
            "* option --subprotocol chat,bearer,*** (",
        ),
        (
            &["-s", "bearer", "--subprotocol=hunter2"],
            "* option --subprotocol *** (",
        ),
    ] {
        let server = requested();
        wsee(&[&[server.url(), "--debug"], args].concat())
            .run()
            .exits(0)
            .says(says)
            .never_says("hunter2");
        server.finish();
    }
}

#[test]
fn debug_shows_secrets_only_on_request() {
    let server = requested();
    wsee(&[
        server.url(),
        "--debug",
        "--bearer",
        "hunter2",
        "--show-secrets",
    ])
    .run()
    .exits(0)
    .says("* option --bearer hunter2 (command line)");
    server.finish();
}

#[test]
fn the_prompt_opens_for_a_profile() {
    let server = echoing();
    let home = tempfile::tempdir().expect("a home");
    let folder = home.path().join(".config/wsee");
    fs::create_dir_all(&folder).expect("a folder");
    let config = format!("[profile.p]\nurl = \"{}\"\n", server.url());
    fs::write(folder.join("config.toml"), config).expect("a file");
    let mut terminal = terminal(&["@p"]).home(home.path()).prompt();
    terminal.press("hi\r");
    terminal.wait_for("← text 2 B");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().messages, [Message::text("hi")]);
}

#[test]
fn a_test_takes_a_profile_and_nothing_else_of_the_file() {
    let config = "origin = \"http://default\"\n[profile.p]\nurl = \"ws://HOST/chat\"\nuser-agent = \"me\"\nwait = 1\n";
    let found = tested(config, "@p");
    for line in [
        "GET /chat HTTP/1.1",
        "User-Agent: me",
        "Origin: http://default",
    ] {
        assert!(found.lines().any(|it| it == line), "{line:?} in {found}");
    }
    let plain = tested(config, "ws://HOST/");
    assert!(!plain.contains("Origin:"), "{plain}");
    wsee(&["test", "@q"])
        .config("[profile.p]\nurl = \"ws://h\"\n")
        .run()
        .exits(2)
        .says("no profile 'q'; there is @p");
    wsee(&["test", "@q"])
        .run()
        .exits(2)
        .says("so there is no profile 'q'");
}

/// The request of a test of `target`, which is refused.
#[track_caller]
fn tested(config: &str, target: &str) -> String {
    let server = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
        wire.request().to_owned()
    });
    let host = format!("127.0.0.1:{}", server.port());
    wsee(&[
        "test",
        &target.replace("HOST", &host),
        "--expect-status",
        "401",
    ])
    .config(&config.replace("HOST", &host))
    .run()
    .exits(0);
    server.finish()
}
