//! A proxy that clients are configured for: tunnels, and requests with absolute URLs (RFC 9110 §9.3.6, §7.1).
//!
//! Hosts that the user named are opened: their TLS ends here, and what their clients open as a WebSocket passes as in
//! front of a single server. Everything else is a tunnel, or a request that passes as it is.

mod authority;
mod early;
mod exchange;
mod failures;
mod goal;
mod hall;
mod intercept;
mod opened;
mod request;
mod requests;
mod tunnel;

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub use authority::{Authority, AuthorityError, Made};
pub use hall::Forward;
pub use intercept::{Intercept, InterceptError};

use early::Early;
use goal::Goal;
use hall::Hall;
use opened::{Spoken, accept, greeting, recognise};
use requests::{Next, Requests, Scope};
use tunnel::{Passed, relay};

use super::refuse::answer;
use super::request::Rewriting;
use super::{Options, Visit, client};
use crate::acceptor::wait;
use crate::dial::Stream;
use crate::proto::buffer::Buffer;
use crate::proto::http1::Head;
use crate::proto::receiver::small_input_buffer;
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};
use crate::session::Transport;

/// The protocol in a tunnel that is opened, as ALPN names it.
const HTTP1: &[u8] = b"http/1.1";
const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
/// How long a client may be silent in a tunnel before the server is asked to speak first, as some protocols want.
const SILENCE: Duration = Duration::from_secs(2);

/// Serves one client.
pub(super) async fn serve(stream: TcpStream, options: Rc<Options>, visit: Visit) {
    let Some(forward) = options.forward.clone() else {
        return;
    };
    let Some((mut front, _)) = client::front(stream, &options, &visit).await else {
        return;
    };
    let hall = Hall {
        forward: &forward,
        options: &options,
        visit: &visit,
    };
    let mut requests = Requests::new(hall, Scope::Proxy, &mut *front, small_input_buffer());
    let next = Box::pin(requests.run()).await;
    let input = std::mem::replace(&mut requests.input, Buffer::with_capacity(0));
    drop(requests);
    match next {
        Next::Over => {}
        Next::Tunnel(goal) => Box::pin(tunnel(hall, &mut *front, input, goal)).await,
        Next::WebSocket(goal, request) => {
            Box::pin(websocket(hall, &mut *front, &goal, (*request, input))).await;
        }
    }
}

/// A client has asked for a tunnel.
async fn tunnel(hall: Hall<'_>, front: &mut dyn Transport, input: Buffer, goal: Goal) {
    if hall.forward.opens(&goal) {
        open(hall, front, input, goal).await;
    } else if hall.forward.may_open(&goal) {
        look(hall, front, input, goal).await;
    } else {
        blind(hall, front, input, &goal, Tunnel::Asked).await;
    }
}

/// Opens a tunnel, if what the client speaks in it can be.
async fn open(hall: Hall<'_>, front: &mut dyn Transport, mut input: Buffer, goal: Goal) {
    if let Err(unreached) = hall.admit(&goal) {
        hall.complain(&unreached.text, unreached.hint.as_deref());
        let _ = answer(front, unreached.status, &escape_line(&unreached.text)).await;
        return;
    }
    if establish(front).await.is_err() {
        return;
    }
    let recognised = tokio::select! {
        recognised = spoken(hall, front, &mut input, &goal) => recognised,
        _ = wait(hall.visit.signals.clone()) => return,
    };
    let host = goal.host();
    let stays_closed = |why: &str| {
        hall.note(Role::Warning, &format!("! {host} is not opened: {why}"));
    };
    match recognised {
        Heard::Spoken(Spoken::Nothing) => {}
        Heard::Spoken(Spoken::Http) => {
            opened(hall, front, input, &goal.speaking(false)).await;
        }
        Heard::Spoken(Spoken::Tls(name)) => opened_tls(hall, front, input, goal, name).await,
        Heard::Spoken(Spoken::OtherTls { offers, .. }) => {
            stays_closed(&offers_others(&offers));
            blind(hall, front, input, &goal, Tunnel::Open(None)).await;
        }
        Heard::Spoken(Spoken::Other) => {
            stays_closed("the client speaks neither TLS nor HTTP/1.1");
            blind(hall, front, input, &goal, Tunnel::Open(None)).await;
        }
        Heard::Server(stream) => {
            stays_closed("the server speaks first");
            blind(hall, front, input, &goal, Tunnel::Open(Some(stream))).await;
        }
        Heard::Failed(text) => hall.note(Role::Warning, &format!("! {text}")),
    }
}

fn offers_others(offers: &str) -> String {
    format!("the client offers {offers} in TLS, and not http/1.1")
}

/// Opens a tunnel to an address if the client's TLS names a host that is opened; otherwise it is as any other.
async fn look(hall: Hall<'_>, front: &mut dyn Transport, mut input: Buffer, goal: Goal) {
    let began = Instant::now();
    // The client gets the same answer as for any other tunnel, so the server has to be reached first.
    let Some(mut server) = dialled(hall, front, &goal, true).await else {
        return;
    };
    server.bytes = small_input_buffer();
    let heard = tokio::select! {
        biased;
        heard = greeting(front, &mut input) => heard,
        read = server.stream.read(server.bytes.spare(1)) => {
            server.bytes.commit(read.unwrap_or_default());
            Ok(Spoken::Other)
        }
        _ = wait(hall.visit.signals.clone()) => return,
    };
    let opens = |name: &str| hall.forward.opens_as(name, &goal);
    match heard {
        Ok(Spoken::Tls(Some(name))) if opens(&name) => {
            drop(server);
            return opened_tls(hall, front, input, goal, Some(name)).await;
        }
        Ok(Spoken::OtherTls {
            name: Some(name),
            offers,
        }) if opens(&name) => {
            let why = offers_others(&offers);
            hall.note(Role::Warning, &format!("! {name} is not opened: {why}"));
        }
        Ok(_) => {}
        Err(error) => {
            let why = crate::dial::io_text(&error);
            hall.note(Role::Warning, &format!("! lost the client: {why}"));
            return server.reset_on_drop();
        }
    }
    unseen(hall, front, input, server, &goal, began).await;
}

async fn establish(front: &mut dyn Transport) -> std::io::Result<()> {
    front.write_all(ESTABLISHED).await?;
    front.flush().await
}

/// What is heard first in a tunnel.
enum Heard {
    Spoken(Spoken),
    /// The server's end, with its first bytes.
    Server(Early<Stream>),
    Failed(String),
}

/// Waits for the client's first bytes; for those of the server as well, once the client has been silent for a while.
async fn spoken(
    hall: Hall<'_>,
    front: &mut dyn Transport,
    input: &mut Buffer,
    goal: &Goal,
) -> Heard {
    let heard = |spoken: std::io::Result<Spoken>| match spoken {
        Ok(spoken) => Heard::Spoken(spoken),
        Err(error) => Heard::Failed(format!("lost the client: {}", crate::dial::io_text(&error))),
    };
    let server = async {
        tokio::time::sleep(SILENCE).await;
        let Ok(stream) = hall.reach(goal, true).await else {
            // The client gets the reason once it asks for something.
            return std::future::pending().await;
        };
        let mut early = Early {
            bytes: small_input_buffer(),
            stream,
        };
        match early.stream.read(early.bytes.spare(1)).await {
            Ok(n @ 1..) => early.bytes.commit(n),
            _ => return std::future::pending().await,
        }
        early
    };
    tokio::select! {
        biased;
        spoken = recognise(front, input) => heard(spoken),
        server = Box::pin(server) => Heard::Server(server),
    }
}

/// Ends TLS, and passes on what is in it.
async fn opened_tls(
    hall: Hall<'_>,
    front: &mut dyn Transport,
    input: Buffer,
    goal: Goal,
    name: Option<String>,
) {
    let mut goal = goal.speaking(true);
    if let Some(name) = name
        && !name.eq_ignore_ascii_case(goal.target.host.trim_end_matches('.'))
    {
        let host = goal.host();
        if goal.is_address() {
            let text = format!("* TLS in the tunnel to {host} is for {name}");
            hall.note(Role::Fact, &text);
        } else {
            let text =
                format!("! TLS in the tunnel to {host} asks for {name}, and so does the proxy");
            hall.note(Role::Warning, &text);
        }
        goal = goal.named(name);
    }
    let Some(authority) = &hall.forward.authority else {
        return;
    };
    let front = Early {
        bytes: input,
        stream: front,
    };
    match Box::pin(accept(front, &goal, authority)).await {
        Ok(mut front) => opened(hall, &mut front, small_input_buffer(), &goal).await,
        Err(text) => {
            let host = goal.host();
            hall.note(Role::Error, &format!("! TLS failed as {host}: {text}"));
        }
    }
}

/// Passes on what a client asks of a host that is opened.
async fn opened(hall: Hall<'_>, front: &mut dyn Transport, input: Buffer, goal: &Goal) {
    let mut requests = Requests::new(hall, Scope::Opened(goal), &mut *front, input);
    let next = Box::pin(requests.run()).await;
    let input = std::mem::replace(&mut requests.input, Buffer::with_capacity(0));
    drop(requests);
    if let Next::WebSocket(goal, request) = next {
        Box::pin(websocket(hall, front, &goal, (*request, input))).await;
    }
}

/// Passes a WebSocket on as in front of a single server.
async fn websocket(hall: Hall<'_>, front: &mut dyn Transport, goal: &Goal, first: (Head, Buffer)) {
    let Hall {
        forward,
        options,
        visit,
    } = hall;
    if let Err(unreached) = hall.admit(goal) {
        hall.complain(&unreached.text, unreached.hint.as_deref());
        let _ = answer(front, unreached.status, &escape_line(&unreached.text)).await;
        return;
    }
    if let Some(host) = first.0.text("Host")
        && !goal.is_of(&host)
        && goal.server_name.is_none()
    {
        let goal = goal.host();
        hall.note(
            Role::Warning,
            &format!("! the request to {goal} is for the host {host}"),
        );
    }
    let options = Options {
        upstream: hall.upstream(goal),
        rewriting: Rewriting {
            keeps_host: true,
            keeps_origin: true,
            ..options.rewriting.clone()
        },
        ..options.clone()
    };
    let visit = Visit {
        nth: forward.count(),
        ..visit.clone()
    };
    client::through(front, first, &options, &visit).await;
}

/// How far a tunnel that stays blind has come.
enum Tunnel {
    Asked,
    /// The client thinks that it is open; perhaps it is.
    Open(Option<Early<Stream>>),
}

/// Passes bytes on without looking at them.
async fn blind(
    hall: Hall<'_>,
    front: &mut dyn Transport,
    input: Buffer,
    goal: &Goal,
    tunnel: Tunnel,
) {
    let is_asked = matches!(tunnel, Tunnel::Asked);
    let began = Instant::now();
    let server = match tunnel {
        Tunnel::Open(Some(server)) => Some(server),
        Tunnel::Asked | Tunnel::Open(None) => dialled(hall, front, goal, is_asked).await,
    };
    if let Some(server) = server {
        unseen(hall, front, input, server, goal, began).await;
    }
}

/// The server of a tunnel, if it is reached and the client is still there; a client that `is_asking` gets the answer.
async fn dialled(
    hall: Hall<'_>,
    front: &mut dyn Transport,
    goal: &Goal,
    is_asking: bool,
) -> Option<Early<Stream>> {
    let reached = tokio::select! {
        reached = Box::pin(hall.reach(goal, true)) => reached,
        _ = wait(hall.visit.signals.clone()) => return None,
    };
    let stream = match reached {
        Ok(stream) => stream,
        Err(unreached) => {
            hall.complain(&unreached.text, unreached.hint.as_deref());
            if is_asking {
                let _ = answer(front, unreached.status, &escape_line(&unreached.text)).await;
            } else {
                // The client has its 200 already: an orderly end would look like one of the server's.
                front.reset_on_drop();
            }
            return None;
        }
    };
    if is_asking && establish(front).await.is_err() {
        let text = "! the client left before its tunnel was open";
        hall.note(Role::Warning, text);
        return None;
    }
    Some(Early {
        bytes: Buffer::with_capacity(0),
        stream,
    })
}

/// Passes bytes between both ends of a tunnel until it is over.
async fn unseen(
    hall: Hall<'_>,
    front: &mut dyn Transport,
    input: Buffer,
    mut server: Early<Stream>,
    goal: &Goal,
    began: Instant,
) {
    let mut client = Early {
        bytes: input,
        stream: front,
    };
    let passed = relay(&mut client, &mut server, &hall.visit.signals).await;
    sum_up_bytes(&hall, &format!("tunnel to {}", goal.target), &passed, began);
}

/// One line for what passed unseen.
fn sum_up_bytes(hall: &Hall<'_>, what: &str, passed: &Passed, began: Instant) {
    let [sent, received] = passed.bytes.map(quantity::size);
    let lasted = quantity::duration(began.elapsed());
    let how = match &passed.failure {
        None => String::new(),
        Some((side, text)) => format!(", lost the {}: {text}", side.name()),
    };
    hall.note(
        Role::Fact,
        &format!("* {what}: {lasted} (client: {sent}; server: {received}){how}"),
    );
}
