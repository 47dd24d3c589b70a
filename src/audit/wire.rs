//! An open connection, byte by byte: what is sent may break any rule.

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use super::meter::Meter;
use super::trace::Trace;
use super::verdict::Untested;
use crate::dial::Stream;
use crate::proto::frame::{Header, MAX_CONTROL, Opcode, mask};

/// In bytes: what a socket holds at a time.
const BLOCK: usize = 16 << 10;
/// Frames that wait to be looked at; of a flood beyond, the oldest that matter least are counted as bytes only.
const WAITING: usize = 256;

/// Something that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A data frame; its payload is not kept.
    Data,
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// The code, if there is one, and the reason.
    Close(Option<u16>, Vec<u8>),
    /// The connection ended: how, in words.
    End(&'static str),
    /// Nothing came in time.
    Silence,
}

#[derive(Debug)]
pub(super) struct Wire {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    meter: Rc<Meter>,
    pub(super) trace: Trace,
    input: Vec<u8>,
    /// Bytes of a data frame that are still to come.
    skip: u64,
    seen: VecDeque<Seen>,
    end: Option<&'static str>,
}

impl Wire {
    pub(super) fn new(stream: Stream, meter: Rc<Meter>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader,
            writer,
            meter,
            trace: Trace::default(),
            input: Vec::new(),
            skip: 0,
            seen: VecDeque::new(),
            end: None,
        }
    }

    /// Takes bytes that came with the head.
    pub(super) fn open(&mut self, rest: &[u8]) {
        self.trace.is_open = true;
        self.trace.received.add(rest);
        self.input.extend_from_slice(rest);
        self.digest();
    }

    /// Sends bytes while it reads; `false` if the connection ended before.
    pub(super) async fn send(
        &mut self,
        bytes: &[u8],
        patience: Duration,
    ) -> Result<bool, Untested> {
        self.trace.sent.add(bytes);
        self.write(bytes, patience).await
    }

    /// Sends bytes that are neither HTTP nor frames.
    pub(super) async fn send_raw(
        &mut self,
        bytes: &[u8],
        patience: Duration,
    ) -> Result<bool, Untested> {
        self.trace.sent.add_raw(bytes);
        self.write(bytes, patience).await
    }

    /// Sends bytes that the trace has already.
    pub(super) async fn write(
        &mut self,
        bytes: &[u8],
        patience: Duration,
    ) -> Result<bool, Untested> {
        self.meter.room(bytes.len())?;
        let meter = Rc::clone(&self.meter);
        let written = meter.wait(patience, self.write_all(bytes)).await?;
        self.digest();
        match written {
            Some(result) => result,
            None => Ok(false),
        }
    }

    /// Both ways at once: a server that echoes may not read before somebody takes its echo.
    async fn write_all(&mut self, bytes: &[u8]) -> Result<bool, Untested> {
        let mut sent = 0;
        let mut block = vec![0; BLOCK];
        while sent < bytes.len() && self.end.is_none() {
            let is_framed = self.trace.is_open;
            let left = self.meter.bytes_left()?;
            let rest = &bytes[sent..bytes.len().min(sent.saturating_add(left))];
            let room = &mut block[..BLOCK.min(left)];
            tokio::select! {
                biased;
                // Before the connection is open, the answer is read by others.
                read = self.reader.read(room), if is_framed => {
                    self.took(read, &block)?;
                    self.digest();
                }
                written = self.writer.write(rest) => match written {
                    Ok(n) => {
                        self.meter.pass(n)?;
                        sent += n;
                    }
                    Err(error) => self.end = Some(broken(&error)),
                },
            }
        }
        if self.end.is_none()
            && let Err(error) = self.writer.flush().await
        {
            self.end = Some(broken(&error));
        }
        Ok(sent == bytes.len())
    }

    /// Reads bytes that are no frames; none at the end, `None` when nothing came in time.
    pub(super) async fn read(&mut self, patience: Duration) -> Result<Option<Vec<u8>>, Untested> {
        let mut block = vec![0; BLOCK.min(self.meter.bytes_left()?)];
        let meter = Rc::clone(&self.meter);
        let Some(read) = meter.wait(patience, self.reader.read(&mut block)).await? else {
            return Ok(None);
        };
        let n = match read {
            Ok(0) => {
                self.end = Some(CLOSED);
                0
            }
            Ok(n) => n,
            Err(error) => {
                self.end = Some(broken(&error));
                0
            }
        };
        self.meter.pass(n)?;
        block.truncate(n);
        Ok(Some(block))
    }

    /// How the connection ended, in words.
    pub(super) fn end(&self) -> Option<&'static str> {
        self.end
    }

    /// The next frame or the end, until then; pings are answered.
    pub(super) async fn next(&mut self, until: Instant) -> Result<Seen, Untested> {
        let mut block = vec![0; BLOCK];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if let Some(seen) = self.seen.pop_front() {
                if let Seen::Ping(payload) = &seen {
                    self.send(&frame(Opcode::PONG, payload), left).await?;
                }
                return Ok(seen);
            }
            if let Some(end) = self.end {
                self.trace.end = Some(end.to_owned());
                return Ok(Seen::End(end));
            }
            // A server that floods does not hold the run up.
            if left.is_zero() {
                return Ok(Seen::Silence);
            }
            let meter = Rc::clone(&self.meter);
            let room = &mut block[..BLOCK.min(meter.bytes_left()?)];
            match meter.wait(left, self.reader.read(room)).await? {
                Some(read) => {
                    self.took(read, &block)?;
                    self.digest();
                }
                None => return Ok(Seen::Silence),
            }
        }
    }

    fn took(&mut self, read: io::Result<usize>, block: &[u8]) -> Result<(), Untested> {
        match read {
            Ok(0) => self.end = Some(CLOSED),
            Ok(n) => {
                self.meter.pass(n)?;
                self.trace.received.add(&block[..n]);
                self.input.extend_from_slice(&block[..n]);
            }
            Err(error) => self.end = Some(broken(&error)),
        }
        Ok(())
    }

    /// Turns bytes into what was seen; payload of data frames is dropped as it comes.
    fn digest(&mut self) {
        let mut at = 0;
        while at < self.input.len() {
            if self.skip > 0 {
                let here = (self.input.len() - at) as u64;
                let taken = self.skip.min(here);
                self.skip -= taken;
                at += usize::try_from(taken).unwrap_or(usize::MAX);
                continue;
            }
            let Some((header, size)) = Header::decode(&self.input[at..]) else {
                break;
            };
            let length = usize::try_from(header.payload_len).unwrap_or(usize::MAX);
            if !header.opcode.is_control() || length > MAX_CONTROL {
                at += size;
                self.skip = header.payload_len;
                self.see(Seen::Data);
                continue;
            }
            let Some(payload) = self.input.get(at + size..at + size + length) else {
                break;
            };
            let mut payload = payload.to_vec();
            if let Some(key) = header.masking_key {
                mask::apply(&mut payload, key, 0);
            }
            at += size + length;
            self.see(control(header.opcode, payload));
        }
        self.input.drain(..at.min(self.input.len()));
    }

    fn see(&mut self, seen: Seen) {
        let is_repeated = seen == Seen::Data && self.seen.back() == Some(&Seen::Data);
        if is_repeated {
            return;
        }
        if self.seen.len() == WAITING && !self.make_room() {
            return;
        }
        self.seen.push_back(seen);
    }

    /// Forgets a frame, if there is one that may be: data or a ping, as RFC 6455 §5.5.3 asks only for an answer to the
    /// most recent one, or else a pong. What decides a check is often the last frame.
    fn make_room(&mut self) -> bool {
        let first = |is: fn(&Seen) -> bool| self.seen.iter().position(is);
        let least = first(|it| matches!(it, Seen::Data | Seen::Ping(_)))
            .or_else(|| first(|it| matches!(it, Seen::Pong(_))));
        least.is_some_and(|at| self.seen.remove(at).is_some())
    }

    /// Closes as a client should; waits for the answer for a moment only.
    pub(super) async fn leave(mut self) {
        let until = Instant::now() + MOMENT;
        self.send_close().await;
        self.end_by(until).await;
    }

    /// Begins to close; a connection that cannot is dropped later.
    pub(super) async fn send_close(&mut self) {
        let close = frame(Opcode::CLOSE, &1000_u16.to_be_bytes());
        let _ = self.write(&close, MOMENT).await;
    }

    /// Ends a connection on which a Close was sent, at the latest then.
    pub(super) async fn end_by(mut self, until: Instant) {
        while let Ok(Seen::Data | Seen::Ping(_) | Seen::Pong(_)) = self.next(until).await {}
        let _ = tokio::time::timeout(MOMENT, self.writer.shutdown()).await;
    }
}

/// A server on the same network answers a Close in time; another one gets the answer it wants from TCP.
pub(super) const MOMENT: Duration = Duration::from_millis(100);

pub(super) const CLOSED: &str = "the server closed the connection";

fn broken(error: &io::Error) -> &'static str {
    match error.kind() {
        // TLS without close_notify.
        io::ErrorKind::UnexpectedEof => CLOSED,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the server reset the connection"
        }
        _ => "the connection broke",
    }
}

fn control(opcode: Opcode, payload: Vec<u8>) -> Seen {
    match opcode {
        Opcode::PING => Seen::Ping(payload),
        Opcode::PONG => Seen::Pong(payload),
        Opcode::CLOSE => match payload.split_first_chunk() {
            Some((code, reason)) => Seen::Close(Some(u16::from_be_bytes(*code)), reason.to_vec()),
            None => Seen::Close(None, payload),
        },
        _ => Seen::Data,
    }
}

/// A frame as a client sends it: whole, and masked with a key of its own (RFC 6455 §5.3).
pub(super) fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    part(true, opcode, payload)
}

/// A frame that may be a fragment.
pub(super) fn part(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let key = Some(rand::random());
    encoded(Header::new(fin, opcode, key, payload.len() as u64), payload)
}

/// A frame with this header, whatever it says; the payload is masked if there is a key.
pub(super) fn encoded(header: Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; Header::MAX];
    let size = header.encode(&mut bytes);
    bytes.truncate(size);
    bytes.extend_from_slice(payload);
    if let Some(key) = header.masking_key {
        mask::apply(&mut bytes[size..], key, 0);
    }
    bytes
}
