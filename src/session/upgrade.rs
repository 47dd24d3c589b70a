//! The opening handshake over any stream.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::OpenProblem;
use crate::event::Event;
use crate::proto::buffer::Buffer;
use crate::proto::handshake::client::Handshake;
use crate::proto::handshake::{HandshakeError, Outcome};
use crate::proto::receiver::input_buffer;

/// Writes the request and reads the response; bytes after the response's head stay in the buffer.
///
/// `received` counts them for whoever gives up before the head is complete.
///
/// # Errors
///
/// [`OpenProblem::Stream`] when the stream breaks, [`OpenProblem::Handshake`] when it ends or the response is not valid.
pub async fn upgrade(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    handshake: &mut Handshake,
    received: &mut usize,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(Outcome, Buffer), OpenProblem> {
    stream.write_all(handshake.request().as_bytes()).await?;
    stream.flush().await?;
    observe(Event::Request(handshake.request()));
    let mut input = input_buffer();
    loop {
        if let Some((outcome, used)) = handshake.read(input.filled())? {
            observe(Event::Response(outcome.response()));
            input.consume(used);
            return Ok((outcome, input));
        }
        let read = stream.read(input.spare(1)).await;
        let read = read.map_err(|error| match input.len() {
            0 => OpenProblem::Stream(error),
            received => OpenProblem::Cut { received, error },
        });
        match read? {
            0 => return Err(HandshakeError::Truncated(input.len()).into()),
            n => {
                *received += n;
                input.commit(n);
            }
        }
    }
}
