//! `wsee listen`: serves until a signal arrives.

use std::future::poll_fn;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::complain;
use super::view::view;
use crate::config::{Environment, Listen};
use crate::exit::Exit;
use crate::render::{Role, Show};
use crate::serve::{self, Log, Options};
use crate::session::Signals;
use crate::term;

pub(super) async fn listen(config: Listen, environment: &Environment) -> Exit {
    let address = &config.address;
    let listener = match TcpListener::bind((address.host.as_str(), address.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            let place = format!("{}:{}", address.host, address.port);
            complain(&format!(
                "cannot listen on {place}: {error}; try another port, or 0 for any free one"
            ));
            return Exit::Connect;
        }
    };
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("cannot wait for signals: {error}"));
            return Exit::Internal;
        }
    };
    let log = log(&config, environment, listener.local_addr().ok());
    let (end, ended) = watch::channel(None);
    let options = Options {
        policy: config.policy,
        identity: config.identity,
        connection: config.connection,
        play: config.play.map(|(play, _)| play),
        log,
    };
    let mut server = tokio::spawn(serve::serve(listener, options, ended));
    let signal = poll_fn(|cx| signals.poll(cx)).await;
    // The server holds the receiver until it ends.
    let _ = end.send(Some(signal));
    tokio::select! {
        _ = &mut server => {}
        _ = poll_fn(|cx| signals.poll(cx)) => {}
    }
    signal.exit()
}

/// The log of clients; reports where the server listens and how to reach it.
fn log(config: &Listen, environment: &Environment, address: Option<SocketAddr>) -> Log {
    let display = config.display;
    if display.quiet {
        return Log::silent();
    }
    let show = Show::prompt(display.verbose);
    let human = view(display, show, environment.terminals.stderr, environment);
    let (scheme, flag) = match &config.identity {
        None => ("ws", ""),
        Some(identity) if identity.self_made => ("wss", " -k"),
        Some(_) => ("wss", ""),
    };
    if let Some(address) = address {
        let url = format!("{scheme}://{address}/");
        let what = match &config.play {
            Some((_, description)) => format!("replays {description}"),
            None => "echo".to_owned(),
        };
        let text = format!("* listening on {url} ({what}); connect with: wsee{flag} {url}");
        term::stderr(&format!("{}\n", human.style().paint(Role::Fact, text)));
    }
    Log::new(human, display.secrets)
}
