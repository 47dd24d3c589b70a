//! The opening handshake of a client: what it asks for, and whether it is let in.

use std::io;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::door::{self, Response, Verdict};
use super::variable::Variables;
use super::{Behaviour, NAME, Options, faulty};
use crate::acceptor::{Log, linger, read_request};
use crate::event::Direction;
use crate::fault::Faults;
use crate::proto::buffer::Buffer;
use crate::proto::handshake::server::{Refused, Upgrade, in_version_of};
use crate::proto::http1::Head;
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
    match decide(request, options, log, faults).await {
        Answer::Open(answer) => {
            stream.write_all(answer.response.as_bytes()).await?;
            stream.flush().await?;
            Ok(Some(answer))
        }
        Answer::Refuse(response) => {
            stream.write_all(&response.bytes()).await?;
            stream.flush().await?;
            linger(stream).await?;
            Ok(None)
        }
    }
}

/// What a request is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// The client is let in.
    Open(Upgrade),
    Refuse(Response),
}

/// Decides whether a client is let in, and shows request and response.
pub(super) async fn decide(
    request: Head,
    options: &Options,
    log: &Log,
    faults: Option<&Faults>,
) -> Answer {
    log.head(&request, Direction::Received);
    if let Some(faults) = faults
        && let Some(head) = faulty::refusal(&request, log, faults).await
    {
        return Answer::Refuse(Response::empty(head));
    }
    if let Some(status) = options.hub.take_rejection()
        && let Verdict::Refuse { why, response } = door::rejected(status)
    {
        return refuse(&request, &why.to_string(), response, options, log);
    }
    let on_top = options.behaviour.on_top();
    let on_top = on_top.filter(|_| options.policy.admits(request.text("Origin").as_ref()));
    if let Some(response) = on_top.and_then(|it| it.answer(&request)) {
        let head = in_version_of(&request, response.head);
        log.head(&head, Direction::Sent);
        let asked = door::asked(&request);
        log.note(Role::Fact, &format!("* answered {}", escape_line(&asked)));
        return Answer::Refuse(Response { head, ..response });
    }
    let policy = faulty::policy(&options.policy, faults);
    let answer = Upgrade::answer(request, &policy);
    if let Some(refused) = &answer.refused {
        let response = match refused {
            Refused::NoUpgrade => door::plain_answer(&answer, options.scheme(), options.flag()),
            _ => Response::empty(answer.response.clone()),
        };
        return refuse(
            &answer.request,
            &refused.to_string(),
            response,
            options,
            log,
        );
    }
    let mut answer = match options.behaviour {
        Behaviour::Rules(ref book) => {
            let values = Variables::new(Rc::clone(&options.given));
            let doors = &book.program().rules.doors;
            match door::judge(doors, &answer.request, &values, policy.into_owned()) {
                Verdict::Accept(policy) => Upgrade::answer(answer.request, &policy),
                Verdict::Refuse { why, response } => {
                    return refuse(&answer.request, &why.to_string(), response, options, log);
                }
            }
        }
        _ => answer,
    };
    faulty::spoil(&mut answer, log, faults);
    let answer = answer.in_its_version();
    log.head(&answer.response, Direction::Sent);
    Answer::Open(answer)
}

fn refuse(request: &Head, why: &str, response: Response, options: &Options, log: &Log) -> Answer {
    let head = in_version_of(request, response.head);
    log.refused(&options.url(request), request, &head, why);
    log.head(&head, Direction::Sent);
    let asked = door::asked(request);
    let text = format!("! refused: {} ({})", escape_line(why), escape_line(&asked));
    log.note(Role::Warning, &text);
    Answer::Refuse(Response { head, ..response })
}
