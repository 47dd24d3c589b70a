//! What `wsee listen` and `wsee proxy` have in common: the address, the prompt's board, what is said of both, and the
//! end by a signal.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::view::view;
use super::{complain, print, printed};
use crate::acceptor::{Address, Board, Stop};
use crate::config::{Display, Environment};
use crate::event::{Cause, Signal};
use crate::exit::Exit;
use crate::fault::{Growth, Plan};
use crate::memory::{Keep, Shared};
use crate::observe::{Outlet, View};
use crate::render::escape::escape_line;
use crate::render::{Human, Role, Show, quantity};
use crate::session::Signals;
use crate::term;

pub(super) async fn bind(address: &Address) -> Result<TcpListener, Exit> {
    let listener = TcpListener::bind((address.host.as_str(), address.port)).await;
    listener.map_err(|error| {
        let place = format!("{}:{}", address.host, address.port);
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => {
                "try another port, or 0 for any free one"
            }
            _ => "use an address of this machine, such as 127.0.0.1",
        };
        complain(&format!("cannot listen on {place}: {error}; {hint}"));
        Exit::Connect
    })
}

/// Runs a server until a signal arrives, or its events cannot be written any more.
pub(super) async fn until_signal<S>(mut signals: Signals, serve: impl FnOnce(Stop) -> S) -> Exit
where
    S: Future<Output = io::Result<()>>,
{
    let (end, ended) = watch::channel(None);
    let mut server = Box::pin(serve(ended));
    let signal = tokio::select! {
        // Nobody reads its events any more, or they cannot be written.
        written = &mut server => return printed(written),
        signal = poll_fn(|cx| signals.poll(cx)) => signal,
    };
    // The server holds the receiver until it ends.
    let _ = end.send(Some(Cause::Signal(signal)));
    let written = tokio::select! {
        written = &mut server => written,
        _ = poll_fn(|cx| signals.poll(cx)) => Ok(()),
    };
    interrupted(signal, written)
}

/// The exit status after a signal, unless events are lost.
fn interrupted(signal: Signal, written: io::Result<()>) -> Exit {
    match printed(written) {
        Exit::Done => signal.exit(),
        lost => lost,
    }
}

/// The exit status of a server with a prompt.
pub(super) fn ended(served: io::Result<Cause>) -> Exit {
    match served {
        Ok(Cause::Signal(signal)) => signal.exit(),
        Ok(Cause::Input { problem, .. }) => {
            complain(&problem);
            Exit::Input
        }
        Ok(_) => Exit::Done,
        Err(error) => {
            complain(&format!("cannot use the terminal: {error}"));
            Exit::Internal
        }
    }
}

/// That rules, which may be those of `--on` alone, or steps have no mistake.
pub(super) fn no_mistakes(file: Option<&Path>, count: usize, what: &str) -> Exit {
    let file = file.unwrap_or(Path::new("--on")).display().to_string();
    let count = quantity::plural(count as u64, what);
    print(format!("{}: {count}, no mistakes\n", escape_line(&file)).as_bytes())
}

/// What shows clients above the prompt.
pub(super) fn board(display: Display, environment: &Environment) -> Board {
    let show = Show {
        numbers: true,
        ..Show::prompt(display.verbose)
    };
    let human = view(display, show, environment.terminals.stdout, environment);
    let view = View::new(human, Outlet::Screen, false);
    Board::new(view, Shared::new(Keep::DEFAULT))
}

/// Who can connect, if that is not this machine alone.
pub(super) fn exposed(address: SocketAddr) -> Option<String> {
    if address.ip().to_canonical().is_loopback() {
        return None;
    }
    let who = if address.ip().is_unspecified() {
        "on every network of this machine"
    } else {
        "that reaches this address"
    };
    Some(format!("* anybody {who} can connect"))
}

/// Says something before clients come, wrapped at words.
pub(super) fn say(human: &Human, role: Role, text: &str) {
    term::stderr(&format!("{}\n", human.style().prose(role, text)));
}

/// Says what the faults of a run are, and how to repeat it if it depends on chance.
pub(super) fn say_faults(human: &Human, plan: &Plan) {
    let by_rules = plan.growth == Growth::Random;
    if plan.is_empty() && !by_rules {
        return;
    }
    let by_rules = by_rules.then(|| "those of the file".to_owned());
    let faults = Some(plan.describe()).filter(|it| !it.is_empty());
    let faults: Vec<String> = faults.into_iter().chain(by_rules).collect();
    let text = format!("! faults: {}{}", faults.join(", "), plan.repeat());
    say(human, Role::Warning, &text);
}
