//! `wsee listen`: serves until a signal arrives.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::serving::{bind, board, ended, exposed, no_mistakes, say, say_faults, until_signal};
use super::view::view;
use super::{complain, rules, signals};
use crate::acceptor::{Log, Recorded, numbered};
use crate::config::{Behaviour, Environment, Listen};
use crate::exit::Exit;
use crate::fault::Growth;
use crate::ontop::Name;
use crate::ontop::server::Credentials;
use crate::render::escape::escape_line;
use crate::render::{Jsonl, Role, Show};
use crate::scenario::rules::growth;
use crate::serve::{self, Book, Commands, Engine, Hub, OnTop, Options, PromptOptions, Reload};

pub(super) async fn listen(mut config: Listen, environment: &Environment) -> Exit {
    let behaviour = match behaviour(&config) {
        Ok(behaviour) if !config.check => behaviour,
        Ok(behaviour) => return checked(&config, &behaviour),
        Err(exit) => return exit,
    };
    config.faults.growth = match &behaviour {
        serve::Behaviour::Rules(book) => book.growth(),
        serve::Behaviour::Script(steps) => growth(&**steps),
        _ => Growth::Never,
    };
    let listener = match bind(&config.address).await {
        Ok(listener) => listener,
        Err(exit) => return exit,
    };
    let signals = match signals() {
        Ok(signals) => signals,
        Err(exit) => return exit,
    };
    let board = config
        .prompt
        .as_ref()
        .map(|_| board(config.display, environment));
    let address = listener.local_addr().ok();
    let log = log(&config, &behaviour, environment, address);
    let log = match &board {
        Some(board) => log.on(board.clone(), config.display.verbose == 0),
        None => log,
    };
    let log = if config.jsonl {
        let frames = config.display.verbose > 1;
        let clock = environment.clock.clone();
        log.with_events(Jsonl::new(frames, config.display.secrets, clock))
    } else {
        log
    };
    let log = match &config.record {
        Some(options) => {
            let first = numbered(&options.path, 1);
            if !options.overwritten && first.exists() {
                let first = first.display();
                complain(&format!(
                    "--record: {first} exists already; give another name, or --force to overwrite it"
                ));
                return Exit::Write;
            }
            log.recorded(Recorded {
                options: options.clone(),
                secrets: config.display.secrets,
                clock: environment.clock.clone(),
            })
        }
        None => log,
    };
    let reload = reload(&config);
    let options = Options {
        policy: config.policy,
        identity: config.identity,
        http2: config.http2,
        connection: config.connection,
        behaviour,
        given: config.given,
        max_clients: config.max_clients,
        faults: Rc::new(RefCell::new(config.faults)),
        log,
        hub: Hub::default(),
        reads_events: config.reads_events,
    };
    if let Some((tools, board)) = config.prompt.zip(board) {
        let prompt = PromptOptions {
            board,
            tools,
            reload,
        };
        let served = serve::serve_at_prompt(listener, options, prompt, signals);
        return ended(Box::pin(served).await);
    }
    until_signal(signals, |stop| serve::serve(listener, options, stop)).await
}

/// What `--check` says about rules or a script without a mistake.
fn checked(config: &Listen, behaviour: &serve::Behaviour) -> Exit {
    match (&config.behaviour, behaviour) {
        (Behaviour::Rules(source), serve::Behaviour::Rules(book)) => {
            no_mistakes(source.file.as_deref(), book.count(), "rule")
        }
        (Behaviour::Script(source), serve::Behaviour::Script(steps)) => {
            no_mistakes(source.file.as_deref(), steps.len(), "step")
        }
        _ => Exit::Done,
    }
}

/// Reads the rules again, if they are from a file.
fn reload(config: &Listen) -> Option<Reload> {
    let Behaviour::Rules(source) = &config.behaviour else {
        return None;
    };
    source.file.as_ref()?;
    let (source, secrets) = (source.clone(), config.display.secrets);
    Some(Box::new(move || {
        rules::read(&source, secrets).map_err(|wrong| wrong.reports.concat())
    }))
}

fn behaviour(config: &Listen) -> Result<serve::Behaviour, Exit> {
    Ok(match &config.behaviour {
        Behaviour::Echo => serve::Behaviour::Echo,
        Behaviour::Play(play) => serve::Behaviour::Play(play.clone()),
        Behaviour::Broadcast => serve::Behaviour::Broadcast,
        Behaviour::Chat => serve::Behaviour::Chat,
        Behaviour::Rules(source) => {
            let rules = rules::load(source, config.display.secrets)?;
            serve::Behaviour::Rules(Book::new(rules))
        }
        Behaviour::SocketIo(options) => serve::Behaviour::SocketIo(Engine::new(options.clone())),
        Behaviour::OnTop(half, credentials) => {
            serve::Behaviour::OnTop(OnTop::new(half, credentials.clone()))
        }
        Behaviour::Script(source) => {
            let steps = rules::script(source, config.display.secrets)?;
            serve::Behaviour::Script(Rc::new(steps))
        }
        Behaviour::Manual(echoes) => serve::Behaviour::Manual(*echoes),
        Behaviour::Command(line) => serve::Behaviour::Command(Rc::new(Commands::new(line.clone()))),
    })
}

/// The flags with which a client brings what is wanted.
fn wanted(credentials: &Credentials, name: Name) -> String {
    let Credentials {
        login,
        members,
        secret,
    } = credentials;
    let members_flag = match name {
        Name::Graphql => " --init JSON",
        _ => " --auth JSON",
    };
    let flags = [
        (login.is_some(), " -u USER:PASS"),
        (members.is_some(), members_flag),
        (secret.is_some(), " --pusher-secret SECRET"),
    ];
    let flags = flags.into_iter().filter(|(is_wanted, _)| *is_wanted);
    flags.map(|(_, flag)| flag).collect()
}

/// The log of clients; reports where the server listens and how to reach it.
fn log(
    config: &Listen,
    behaviour: &serve::Behaviour,
    environment: &Environment,
    address: Option<SocketAddr>,
) -> Log {
    let display = config.display;
    if display.quiet {
        return Log::silent();
    }
    let show = Show::prompt(display.verbose);
    let human = view(display, show, environment.terminals.stderr, environment);
    let is_socketio = matches!(config.behaviour, Behaviour::SocketIo(_));
    // Clients of Socket.IO are given the scheme of their first request.
    let schemes = if is_socketio {
        ["http", "https"]
    } else {
        ["ws", "wss"]
    };
    let (scheme, insecure) = match &config.identity {
        None => (schemes[0], ""),
        Some(identity) => (schemes[1], if identity.self_made { " -k" } else { "" }),
    };
    let spoken = match &config.behaviour {
        Behaviour::SocketIo(_) => format!(" --as {}", Name::SocketIo.as_str()),
        Behaviour::OnTop(half, credentials) => {
            let name = half.name.as_str();
            format!(" --as {name}{}", wanted(credentials, half.name))
        }
        _ => String::new(),
    };
    let http = match (config.http2, config.identity.is_some()) {
        (true, true) => " --http 2",
        (true, false) => " --http2-prior-knowledge",
        (false, _) => "",
    };
    if let Some(address) = address {
        let url = format!("{scheme}://{address}/");
        let what = &config.description;
        let versions = if config.http2 { ", HTTP/2 and 1.1" } else { "" };
        let path = match behaviour {
            serve::Behaviour::Rules(book) => book.example(&config.given),
            serve::Behaviour::OnTop(on_top) => Some(on_top.half.path.to_owned()),
            _ => Some("/".to_owned()),
        };
        let example = path.map_or_else(String::new, |path| {
            let path = escape_line(&path);
            format!("; connect with: wsee{insecure}{http}{spoken} {scheme}://{address}{path}")
        });
        let text = format!("* listening on {url} ({what}{versions}){example}");
        say(&human, Role::Fact, &text);
        if let Some(text) = exposed(address) {
            let text = format!("{text}; --origin limits web pages only");
            say(&human, Role::Warning, &text);
        }
    }
    say_faults(&human, &config.faults);
    let log = Log::new(human, display.secrets);
    match (is_socketio, display.verbose) {
        (true, 0) => log.terse(),
        (false, 0) => log.summed_up(),
        _ => log,
    }
}
