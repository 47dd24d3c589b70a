//! The opening handshake of a client: what it asks for, and whether it is let in.

use std::io;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::door::{self, Verdict};
use super::variable::Variables;
use super::{Behaviour, NAME, Options, faulty};
use crate::acceptor::{Log, linger, read_request};
use crate::event::Direction;
use crate::fault::Faults;
use crate::proto::buffer::Buffer;
use crate::proto::handshake::server::{Refused, Upgrade};
use crate::proto::http1::Head;
use crate::proto::http1::head::{self, Reader};
use crate::render::Role;
use crate::render::escape::escape_line;

type Opened = (Buffer, Upgrade);

/// Performs the opening handshake; `None` if the client was refused.
pub(super) async fn open<S>(
    stream: &mut S,
    options: &Options,
    log: &Log,
    faults: Option<&Faults>,
) -> io::Result<Option<Opened>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (request, input) = read_request(stream, NAME).await?;
    let answer = answer(stream, request, options, log, faults).await?;
    Ok(answer.map(|answer| (input, answer)))
}

/// Answers the request; `None` if the client was refused.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: Head,
    options: &Options,
    log: &Log,
    faults: Option<&Faults>,
) -> io::Result<Option<Upgrade>> {
    log.head(&request, Direction::Received);
    if let Some(faults) = faults
        && faulty::refuse(stream, log, faults).await?
    {
        return Ok(None);
    }
    if let Some(status) = options.hub.take_rejection()
        && let Verdict::Refuse { why, response } = door::rejected(status)
    {
        return turn_down(stream, &request, &why.to_string(), &response, options, log).await;
    }
    let policy = faulty::policy(&options.policy, faults);
    let answer = Upgrade::answer(request, &policy);
    if let Some(refused) = &answer.refused {
        let response = match refused {
            Refused::NoUpgrade => door::plain_answer(&answer, options.scheme()),
            _ => answer.response.as_bytes().to_vec(),
        };
        log.refused(
            &options.url(&answer.request),
            &answer.request,
            &answer.response,
            &refused.to_string(),
        );
        return refuse(stream, &response, &refused.to_string(), log).await;
    }
    let mut answer = match options.behaviour {
        Behaviour::Rules(ref book) => {
            let values = Variables::new(Rc::clone(&options.given));
            let doors = &book.program().rules.doors;
            match door::judge(doors, &answer.request, &values, policy.into_owned()) {
                Verdict::Accept(policy) => Upgrade::answer(answer.request, &policy),
                Verdict::Refuse { why, response } => {
                    let (request, why) = (&answer.request, why.to_string());
                    return turn_down(stream, request, &why, &response, options, log).await;
                }
            }
        }
        _ => answer,
    };
    faulty::spoil(&mut answer, log, faults);
    log.head(&answer.response, Direction::Sent);
    stream.write_all(answer.response.as_bytes()).await?;
    stream.flush().await?;
    Ok(Some(answer))
}

/// Refuses a client that asked for a WebSocket.
async fn turn_down<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: &Head,
    why: &str,
    response: &[u8],
    options: &Options,
    log: &Log,
) -> io::Result<Option<Upgrade>> {
    if let Ok(Some(head)) = Reader::new(head::Message::Response).read(response) {
        log.refused(&options.url(request), request, &head, why);
    }
    refuse(stream, response, why, log).await
}

async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    response: &[u8],
    why: &str,
    log: &Log,
) -> io::Result<Option<Upgrade>> {
    let mut reader = Reader::new(head::Message::Response);
    if let Ok(Some(head)) = reader.read(response) {
        log.head(&head, Direction::Sent);
    }
    stream.write_all(response).await?;
    stream.flush().await?;
    log.note(Role::Warning, &format!("! refused: {}", escape_line(why)));
    linger(stream).await?;
    Ok(None)
}
