//! `wsee proxy`: passes clients on until a signal arrives.

use std::net::SocketAddr;
use std::rc::Rc;

use super::serving::{bind, board, ended, exposed, no_mistakes, say, say_faults, until_signal};
use super::view::view;
use super::{complain, forwarding, rules, signals};
use crate::acceptor::Log;
use crate::config::{Environment, Proxying};
use crate::dial::http2::Versions;
use crate::exit::Exit;
use crate::proxy::{self, Forward, Mirror, Options, PromptOptions, Record};
use crate::render::escape::escape_line;
use crate::render::{Human, Jsonl, Role, Show};

pub(super) async fn proxy(config: Proxying, environment: &Environment) -> Exit {
    let rules = match rules::passing(&config.rules, &config.given, config.display.secrets) {
        Ok(rules) if config.check => {
            return no_mistakes(config.rules.0.as_deref(), rules.count(), "rule");
        }
        Ok(rules) => Rc::new(rules),
        Err(exit) => return exit,
    };
    let record = match &config.record {
        None => None,
        Some((folder, format)) => {
            if let Err(error) = std::fs::create_dir_all(folder) {
                let name = folder.display().to_string();
                let name = escape_line(&name);
                complain(&if folder.exists() {
                    format!(
                        "--record {name}: not a folder; name one, as each connection is a file of its own"
                    )
                } else {
                    format!("--record {name}: {error}")
                });
                return Exit::Write;
            }
            Some(Record {
                folder: folder.clone(),
                format: *format,
                clock: environment.clock.clone(),
            })
        }
    };
    let listener = match bind(&config.address).await {
        Ok(listener) => listener,
        Err(exit) => return exit,
    };
    let signals = match signals() {
        Ok(signals) => signals,
        Err(exit) => return exit,
    };
    let address = listener.local_addr().ok();
    let forward = match (&config.forward, address) {
        (Some(forward), Some(address)) => match forwarding::forward(forward, address) {
            Ok(forward) => Some(forward),
            Err(exit) => return exit,
        },
        _ => None,
    };
    let board = config
        .prompt
        .as_ref()
        .map(|_| board(config.display, environment));
    let log = log(&config, environment, address, forward.as_deref());
    let log = match &board {
        Some(board) => log.on(board.clone(), false),
        None => log,
    };
    let (faults, upstream_faults) = config.faults.split();
    let options = Options {
        identity: config.identity,
        origins: config.origins,
        max_clients: config.max_clients,
        http2: config.http2.then(|| Rc::new(Mirror::default())),
        forward,
        upstream: config.upstream,
        rewriting: config.rewriting,
        max_message: config.max_message,
        record,
        rules,
        faults,
        upstream_faults,
        log,
        desk: None,
        shows_steps: config.display.verbose > 0,
    };
    if let Some((tools, board)) = config.prompt.zip(board) {
        let prompt = PromptOptions {
            board,
            tools,
            given: config.given,
        };
        let proxied = proxy::proxy_at_prompt(listener, options, prompt, signals);
        return ended(Box::pin(proxied).await);
    }
    until_signal(signals, |stop| proxy::proxy(listener, options, stop)).await
}

/// The log of connections; reports where the proxy listens and where it leads.
fn log(
    config: &Proxying,
    environment: &Environment,
    address: Option<SocketAddr>,
    forward: Option<&Forward>,
) -> Log {
    let display = config.display;
    let log = if display.quiet {
        Log::silent()
    } else {
        let show = Show::prompt(display.verbose);
        let human = view(display, show, environment.terminals.stderr, environment);
        match forward {
            Some(forward) => forwarding::introduce(forward, config.identity.is_some(), &human),
            None => introduce(config, &human, address),
        }
        say_faults(&human, &config.faults);
        Log::new(human, display.secrets)
    };
    if config.jsonl {
        let clock = environment.clock.clone();
        log.with_events(Jsonl::new(display.verbose > 1, display.secrets, clock))
    } else {
        log
    }
}

fn introduce(config: &Proxying, human: &Human, address: Option<SocketAddr>) {
    for note in &config.notes {
        say(human, Role::Fact, &format!("* {}", escape_line(note)));
    }
    if let Some(address) = address {
        let (scheme, insecure) = match &config.identity {
            None => ("ws", ""),
            Some(identity) => ("wss", if identity.self_made { " -k" } else { "" }),
        };
        let url = format!("{scheme}://{address}/");
        let upstream = config.display.secrets.url(&config.url);
        let upstream = escape_line(&*upstream);
        let (versions, flag) = match (config.http2, &config.identity) {
            (false, _) => ("", ""),
            (true, Some(_)) => (" (HTTP/2 and 1.1)", " --http 2"),
            (true, None) => (" (HTTP/2 and 1.1)", " --http2-prior-knowledge"),
        };
        let over = match config.upstream.dial.http {
            Versions::Http1 if config.http2 => " over HTTP/1.1",
            Versions::Http1 => "",
            Versions::Http2 => " over HTTP/2",
            Versions::Auto => " over HTTP/2 or 1.1",
        };
        let text = format!(
            "* {url}{versions} leads to {upstream}{over}; connect with: wsee{insecure}{flag} {url}"
        );
        say(human, Role::Fact, &text);
        if let Some(text) = exposed(address) {
            let text = format!("{text}; --allow-origin limits web pages only");
            say(human, Role::Warning, &text);
        }
    }
    if let Some(text) = rewritten(config) {
        say(human, Role::Fact, &text);
    }
}

/// What is changed in every request, in one line.
fn rewritten(config: &Proxying) -> Option<String> {
    let rewriting = &config.rewriting;
    let names = [
        (!rewriting.keeps_host).then_some("Host"),
        (!rewriting.keeps_origin && rewriting.origin.is_none()).then_some("Origin"),
    ];
    let names: Vec<&str> = names.into_iter().flatten().collect();
    let (flags, verb) = match names[..] {
        [] => return None,
        ["Host"] => ("--keep-host keeps it", "becomes that"),
        ["Origin"] => ("--keep-origin keeps it", "becomes that"),
        _ => ("--keep-host and --keep-origin keep them", "become those"),
    };
    let names = names.join(" and ");
    let host = escape_line(&config.upstream.offer.host).into_owned();
    Some(format!("* the client's {names} {verb} of {host}; {flags}"))
}
