//! One client, from its connection to the end of it.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use tokio::net::TcpStream;

use super::front::Front;
use super::opening::opened;
use super::passing::{finish, pass};
use super::refuse::NAME;
use super::{OPENING, Options, Visit, http2};
use crate::acceptor::http2::is_spoken;
use crate::acceptor::{Admission, Identity, keep_mute, read_request};
use crate::fault::{Faults, Faulty};
use crate::proto::buffer::Buffer;
use crate::proto::http1::Head;
use crate::render::Role;
use crate::session::Transport;

pub(super) async fn serve(
    stream: TcpStream,
    options: Rc<Options>,
    visit: Visit,
    admission: Admission,
) {
    let now = Instant::now();
    let faults = options.faults.connection(visit.nth, visit.started, now);
    if let Some(faults) = faults.as_ref().filter(|faults| faults.is_mute()) {
        return keep_mute(stream, &visit.log, visit.signals.clone(), faults).await;
    }
    match front(stream, &options, &visit).await {
        Some((front, false)) => struck(front, None, &options, &visit, faults).await,
        Some((front, true)) => Box::pin(http2::serve(front, options, visit, admission)).await,
        None => {}
    }
}

/// Passes a client on whose request has been read; more than its head may have come.
pub(super) async fn through<S: Transport>(
    front: S,
    request: (Head, Buffer),
    options: &Options,
    visit: &Visit,
) {
    let now = Instant::now();
    let faults = options.faults.connection(visit.nth, visit.started, now);
    if let Some(faults) = faults.as_ref().filter(|faults| faults.is_mute()) {
        return keep_mute(front, &visit.log, visit.signals.clone(), faults).await;
    }
    struck(front, Some(request), options, visit, faults).await;
}

/// The stream of a client, with its TLS, and whether it speaks HTTP/2; none if it did not come so far.
pub(super) async fn front(
    stream: TcpStream,
    options: &Options,
    visit: &Visit,
) -> Option<(Box<dyn Transport>, bool)> {
    let Some(identity) = &options.identity else {
        return match tokio::time::timeout(OPENING, speaks_http2(&stream, options)).await {
            Ok(Ok(is_http2)) => Some((Box::new(stream), is_http2)),
            Ok(Err(error)) => {
                visit.lost(&error);
                None
            }
            Err(_) => {
                visit.lost(&slow());
                None
            }
        };
    };
    let text = match tokio::time::timeout(OPENING, Box::pin(identity.accept(stream))).await {
        Ok(Ok(stream)) => {
            let is_http2 = Identity::is_http2(&stream);
            return Some((Box::new(stream), is_http2));
        }
        Ok(Err(error)) => format!("! TLS failed: {}", Identity::explain(&error)),
        Err(_) => "! TLS took longer than 10 s".to_owned(),
    };
    visit.log.note(Role::Error, &text);
    None
}

async fn speaks_http2(stream: &TcpStream, options: &Options) -> io::Result<bool> {
    match options.http2 {
        Some(_) => is_spoken(stream).await,
        None => Ok(false),
    }
}

fn slow() -> io::Error {
    io::Error::other("the opening handshake took longer than 10 s")
}

/// Passes a client on through its faults.
async fn struck<S: Transport>(
    mut front: S,
    request: Option<(Head, Buffer)>,
    options: &Options,
    visit: &Visit,
    faults: Option<Faults>,
) {
    let Some(faults) = faults else {
        return connection(&mut front, request, options, visit, None).await;
    };
    let mut front = Faulty::new(front, faults.clone());
    connection(&mut front, request, options, visit, Some(&faults)).await;
    finish(&mut front, &faults, visit).await;
}

async fn connection(
    front: &mut dyn Transport,
    request: Option<(Head, Buffer)>,
    options: &Options,
    visit: &Visit,
    faults: Option<&Faults>,
) {
    let request = match request {
        Some(request) => Ok(Ok(request)),
        None => tokio::time::timeout(OPENING, read_request(front, NAME)).await,
    };
    let problem = match request {
        Ok(Ok((request, early))) => {
            let asking = Front::Http1(&mut *front);
            let opened = opened(asking, (&request, early), options, visit, faults);
            match Box::pin(opened).await {
                Ok(Some(connected)) => return pass(front, connected, options, visit, faults).await,
                Ok(None) => return,
                Err(error) => error,
            }
        }
        Ok(Err(error)) => error,
        Err(_) => slow(),
    };
    visit.lost(&problem);
}
