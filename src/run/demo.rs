//! `wsee demo`: an echo server on loopback, and a connection to it.

use std::future::poll_fn;
use std::io;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connect::{FinalLine, connect, open, run_pipe, say, view};
use super::report::{Outcome, Reporter};
use super::{complain, events, recording, refuse};
use crate::cli::DemoArgs;
use crate::config::{Connect, Environment, Mode};
use crate::event::Event;
use crate::exit::Exit;
use crate::pipe::{Input, Terminator};
use crate::proto::Role;
use crate::proto::connection::Config;
use crate::proto::deflate;
use crate::proto::handshake::server::Policy;
use crate::render::Show;
use crate::serve::{self, Log};
use crate::session::{self, Signals};
use crate::term::{self, Stdin};
use crate::tour::Tour;

/// Why the tour does not do what only a pipe does.
const NO_PAYLOAD: &str = "without input wsee demo plays its tour, which prints no messages on \
    stdout; for --jq, --raw, --binary and -0 give it some, as in: echo '[1]' | wsee demo --jq .";

/// Runs `wsee demo`.
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
                events::refused(&format!("ws://127.0.0.1:{port}/"), &error, environment);
            }
            return refuse(&error);
        }
    };
    // The sender lives as long as the demo: the server is not told to end.
    let (_alive, signals) = watch::channel(None);
    let options = serve::Options {
        policy: Policy {
            subprotocols: config.dialing.open.offer.subprotocols.clone(),
            origins: Vec::new(),
            compression: Some(deflate::Offer::default()),
        },
        identity: None,
        connection: Config::new(Role::Server),
        play: None,
        log: Log::silent(),
    };
    tokio::spawn(serve::serve(listener, options, signals));
    match &config.mode {
        Mode::Pipe(options) if !environment.terminals.stdin && options.needs_input() => {
            Box::pin(demo_pipe(config, environment)).await
        }
        _ => Box::pin(connect(config, environment)).await,
    }
}

/// Pipes standard input if there is any, and plays the tour if there is none.
async fn demo_pipe(config: Connect, environment: &Environment) -> Exit {
    let Mode::Pipe(options) = &config.mode else {
        return Exit::Internal;
    };
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fail("cannot wait for signals", &error),
    };
    let time_is_up = async {
        match options.max_time {
            Some((_, deadline)) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    };
    let first = tokio::select! {
        first = first_input() => first,
        signal = poll_fn(|cx| signals.poll(cx)) => {
            let why = format!("ended by {signal} before there was any input");
            return events::give_up(&config, environment, why, signal.exit());
        }
        () = time_is_up => {
            let why = "no input came within --max-time".to_owned();
            return events::give_up(&config, environment, why, Exit::Timeout);
        }
    };
    let (stdin, read) = match first {
        Ok(first) => first,
        Err(error) => {
            let why = format!("cannot read stdin: {error}");
            return events::give_up(&config, environment, why, Exit::Input);
        }
    };
    let is_plain = options.filter.is_none() && options.format.terminator == Terminator::Newline;
    if read.is_empty() && !is_plain {
        return events::give_up(&config, environment, NO_PAYLOAD.to_owned(), Exit::Usage);
    }
    if read.is_empty() {
        return tour(&config, options.max_time, signals, environment).await;
    }
    let options = options.as_ref().clone();
    let input = Input::new(stdin, &read, options.split);
    run_pipe(&config, options, Some(input), environment).await
}

/// Waits for the first bytes of standard input; none at its end.
async fn first_input() -> io::Result<(Stdin, Vec<u8>)> {
    let mut stdin = Stdin::open()?;
    let mut block = vec![0; 64 << 10];
    let read = poll_fn(|cx| stdin.poll_read(cx, &mut block)).await?;
    block.truncate(read);
    Ok((stdin, block))
}

async fn tour(
    config: &Connect,
    max_time: Option<(Duration, Instant)>,
    mut signals: Signals,
    environment: &Environment,
) -> Exit {
    let display = config.display;
    let show = if display.quiet {
        Show::pipe(0)
    } else {
        Show::prompt(2)
    };
    let mut human = view(display, show, environment.terminals.stderr, environment);
    let style = human.style();
    let mut report = Reporter::new(config, environment);
    let view = (&mut human, term::stderr as fn(&str));
    let mut events = events::printer(config, environment);
    let mut opening = Vec::new();
    let mut recorder = match recording::start(config, environment) {
        Ok(recorder) => recorder,
        Err(why) => {
            let exit = events::not_open(events, &why);
            return report.write_out(Outcome::not_open(&why, exit)).await;
        }
    };
    let observe = |event: &Event<'_>, now| {
        if let Some(recorder) = &mut recorder {
            recorder.event(event, now);
        }
        if let Some(events) = &mut events {
            // A Vec takes all.
            let _ = events.event(&mut opening, event, now);
        }
    };
    let opened = match open(&mut report, view, &mut signals, observe).await {
        Ok(opened) => opened,
        Err(why) => {
            recording::not_open(recorder, &why);
            let exit = events::not_open(events, &why);
            return report.write_out(Outcome::not_open(&why, exit)).await;
        }
    };
    let mut tour = Tour::new(human, events, signals, max_time);
    tour.print(&opening);
    if let Some(recorder) = recorder {
        tour.record(recorder);
    }
    let ending = session::run(opened.stream, opened.connection, opened.at, &mut tour).await;
    let last = FinalLine::of(&ending);
    tour.finish(&ending, &last.message, Instant::now());
    report.ended(&ending);
    say(&ending, &last, style, &report).await
}

fn fail(what: &str, error: &io::Error) -> Exit {
    complain(&format!("{what}: {error}"));
    Exit::Internal
}
