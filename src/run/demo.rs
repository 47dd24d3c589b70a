//! `wsee demo`: an echo server on loopback, and a connection to it.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connect::connect;
use super::session::{self, Task};
use super::{complain, jsonl, refuse, signals};
use crate::acceptor::Log;
use crate::cli::DemoArgs;
use crate::config::{Connect, Environment, Mode};
use crate::exit::Exit;
use crate::pipe::{self, Input, Split, Terminator};
use crate::proto::Role;
use crate::proto::connection::Config;
use crate::proto::deflate;
use crate::proto::handshake::server::Policy;
use crate::render::Show;
use crate::serve::{self, Behaviour, Hub};
use crate::term::Stdin;

/// The input of the tour: every kind of message and control frame once.
const TOUR: &str = r#"hello
{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"channels":["trades","book"],"depth":10,"snapshot":true}}
/bin 00 01 02 03 20 62 69 6e 61 72 79 20 de ad be ef 20 ff
/fragment 2 one message in two frames
/ping are you there?
/close 1000 end of the tour
"#;

const NO_PAYLOAD: &str = "without input, wsee demo plays a tour that prints no messages on stdout; \
    --jq, --raw, --binary and -0 need input, as in echo '[1]' | wsee demo --jq .";

pub(super) async fn demo(args: &DemoArgs, environment: &Environment, started: Instant) -> Exit {
    let listener = match TcpListener::bind("127.0.0.1:0").await {
        Ok(listener) => listener,
        Err(error) => return fail("cannot listen on 127.0.0.1", &error),
    };
    let port = match listener.local_addr() {
        Ok(address) => address.port(),
        Err(error) => return fail("cannot listen on 127.0.0.1", &error),
    };
    let config = match Connect::demo(args, port, environment, started) {
        Ok(config) => config,
        Err(error) => {
            if args.session.format.print.jsonl {
                jsonl::refused(&format!("ws://127.0.0.1:{port}/"), &error, environment);
            }
            return refuse(&error);
        }
    };
    // Dropping the sender would end the server.
    let (_alive, signals) = watch::channel(None);
    let options = serve::Options {
        policy: Policy {
            subprotocols: config.dialing.open.offer.subprotocols.clone(),
            origins: Vec::new(),
            compression: Some(deflate::Offer::default()),
            fields: Vec::new(),
        },
        identity: None,
        http2: false,
        connection: Config::new(Role::Server),
        behaviour: Behaviour::Echo,
        given: Rc::default(),
        max_clients: None,
        faults: Rc::default(),
        log: Log::silent(),
        hub: Hub::default(),
        reads_events: false,
    };
    let running = async {
        match &config.mode {
            Mode::Pipe(options)
                if reads_no_terminal(options, environment) && options.needs_input() =>
            {
                Box::pin(demo_pipe(config, environment)).await
            }
            _ => Box::pin(connect(config, environment)).await,
        }
    };
    tokio::select! {
        exit = running => exit,
        // It ends by a signal only, and there is none.
        _ = serve::serve(listener, options, signals) => Exit::Internal,
    }
}

fn reads_no_terminal(options: &pipe::Options, environment: &Environment) -> bool {
    !(options.reads_stdin && environment.terminals.stdin)
}

async fn demo_pipe(config: Connect, environment: &Environment) -> Exit {
    let Mode::Pipe(options) = &config.mode else {
        return Exit::Internal;
    };
    let mut signals = match signals() {
        Ok(signals) => signals,
        Err(exit) => return exit,
    };
    let time_is_up = async {
        match options.max_time {
            Some((_, deadline)) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    };
    let first = tokio::select! {
        first = first_input(options.reads_stdin) => first,
        signal = poll_fn(|cx| signals.poll(cx)) => {
            let why = format!("stopped by {signal} before any input");
            return jsonl::give_up(&config, environment, why, signal.exit());
        }
        () = time_is_up => {
            let why = "no input within --max-time".to_owned();
            return jsonl::give_up(&config, environment, why, Exit::Timeout);
        }
    };
    let (stdin, read) = match first {
        Ok(first) => first,
        Err(error) => {
            let why = format!("cannot read stdin: {error}");
            return jsonl::give_up(&config, environment, why, Exit::Input);
        }
    };
    let is_plain = options.filter.is_none() && options.format.terminator == Terminator::Newline;
    if read.is_empty() && !is_plain {
        return jsonl::give_up(&config, environment, NO_PAYLOAD.to_owned(), Exit::Usage);
    }
    let mut options = options.clone();
    let (mut read, mut show) = (read, Show::pipe(config.display.verbose));
    if read.is_empty() {
        read = TOUR.as_bytes().to_vec();
        (options.is_demo, options.commands, options.split) = (true, true, Split::Line);
        if !config.display.quiet {
            show = Show::prompt(2);
        }
    }
    let input = Some(Input::new(stdin, &read, options.split, options.encoding));
    let task = Task::Pipe {
        options,
        input,
        show,
    };
    session::run(&config, task, environment).await
}

/// Waits for the first bytes of standard input; empty at its end.
async fn first_input(reads_stdin: bool) -> io::Result<(Stdin, Vec<u8>)> {
    let mut stdin = if reads_stdin {
        Stdin::open()?
    } else {
        Stdin::empty()
    };
    let mut block = vec![0; 64 << 10];
    let read = poll_fn(|cx| stdin.poll_read(cx, &mut block)).await?;
    block.truncate(read);
    Ok((stdin, block))
}

fn fail(problem: &str, error: &io::Error) -> Exit {
    complain(&format!("{problem}: {error}"));
    Exit::Internal
}
