//! A session in memory, which the test moves step by step.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use wsee::event::{Cause, Ending, Event};
use wsee::proto::connection::{self, Connection};
use wsee::proto::message::Kind;
use wsee::session::{Mode, Stop, Transport, Turn, run};

/// A mode that does what the test says, and keeps what it is told.
#[derive(Debug, Default, Clone)]
pub struct ScriptedMode(Rc<Script>);

#[derive(Debug, Default)]
struct Script {
    input: RefCell<VecDeque<String>>,
    stops: RefCell<VecDeque<Stop>>,
    messages: RefCell<Vec<Vec<u8>>>,
    sent: RefCell<Vec<Vec<u8>>>,
    ends: Cell<usize>,
    is_echoing: Cell<bool>,
}

impl ScriptedMode {
    /// Sends a text message, as soon as the driver takes input.
    pub fn send(&self, text: &str) {
        self.0.input.borrow_mut().push_back(text.to_owned());
    }

    /// Ends the session.
    pub fn stop(&self, stop: Stop) {
        self.0.stops.borrow_mut().push_back(stop);
    }

    /// Answers every message with itself from now on.
    pub fn echo(&self) {
        self.0.is_echoing.set(true);
    }

    /// The messages that came.
    pub fn messages(&self) -> Vec<Vec<u8>> {
        self.0.messages.borrow().clone()
    }

    /// The messages that went out, or were to.
    pub fn sent(&self) -> Vec<Vec<u8>> {
        self.0.sent.borrow().clone()
    }

    /// How many times it was told that the connection has ended.
    pub fn ends(&self) -> usize {
        self.0.ends.get()
    }
}

impl Mode for ScriptedMode {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        assert_eq!(self.ends(), 0, "an event after the end: {event:?}");
        match event {
            Event::Connection(connection::Event::Message(message)) => {
                // Nothing can be sent to a peer that has closed.
                let is_echoing = self.0.is_echoing.get();
                if is_echoing && turn.sender.message(message.kind, message.payload).is_ok() {
                    self.0.sent.borrow_mut().push(message.payload.to_vec());
                }
                let mut messages = self.0.messages.borrow_mut();
                messages.push(message.payload.to_vec());
            }
            Event::Connection(connection::Event::Idle(limit)) => {
                self.stop(Stop::promptly(Cause::Idle(*limit), None));
            }
            Event::Connection(connection::Event::Ended(_)) => self.0.ends.set(self.ends() + 1),
            _ => {}
        }
    }

    fn poll_input(&mut self, _: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        let mut input = self.0.input.borrow_mut();
        let mut moved = false;
        while !turn.sender.is_closing()
            && let Some(text) = input.pop_front()
        {
            moved |= turn.sender.message(Kind::Text, text.as_bytes()).is_ok();
            self.0.sent.borrow_mut().push(text.into_bytes());
        }
        moved
    }

    fn poll_output(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_stop(&mut self, _: &mut Context<'_>, _: Instant) -> Poll<Stop> {
        let stop = self.0.stops.borrow_mut().pop_front();
        stop.map_or(Poll::Pending, Poll::Ready)
    }
}

/// Any stream as a transport, with a switch that resets it.
#[derive(Debug)]
pub struct Line<S> {
    stream: S,
    is_reset: Rc<Cell<bool>>,
}

impl<S> Line<S> {
    /// A line over `stream`.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            is_reset: Rc::default(),
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.is_reset.get() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Line<S> {
    fn reset_on_drop(&mut self) {}
}

/// Polls of a driver that has nothing to do before it counts as spinning.
const MANY: usize = 100;

/// A running driver with its peer's end of the line.
pub struct Harness {
    driver: Pin<Box<dyn Future<Output = Ending>>>,
    /// What the driver told when it was over.
    pub ending: Option<Ending>,
    /// What the driver serves.
    pub script: ScriptedMode,
    peer: DuplexStream,
    is_reset: Rc<Cell<bool>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Harness {
    /// Starts a driver on `connection`, in a runtime whose clock stands still.
    pub fn new(connection: Connection) -> Self {
        let (near, peer) = tokio::io::duplex(8 << 10);
        let line = Line::new(near);
        let is_reset = Rc::clone(&line.is_reset);
        let script = ScriptedMode::default();
        let mut mode = script.clone();
        let opened = now();
        let driver = Box::pin(async move { run(line, connection, opened, &mut mode).await });
        Self {
            driver,
            ending: None,
            script,
            peer,
            is_reset,
            woken: Arc::new(Woken(AtomicBool::new(false))),
        }
    }

    /// Lets the driver do all there is to do without the passing of time.
    pub fn settle(&mut self) {
        let waker = Waker::from(Arc::clone(&self.woken));
        for _ in 0..MANY {
            self.woken.0.store(false, Ordering::Relaxed);
            if self.ending.is_none()
                && let Poll::Ready(ending) =
                    self.driver.as_mut().poll(&mut Context::from_waker(&waker))
            {
                self.ending = Some(ending);
            }
            if self.ending.is_some() || !self.woken.0.load(Ordering::Relaxed) {
                return;
            }
        }
        panic!("the driver spins");
    }

    /// Lets a second pass.
    pub async fn tick(&mut self) {
        tokio::time::advance(Duration::from_secs(1)).await;
        self.settle();
    }

    /// The peer writes `bytes`.
    pub fn peer_writes(&mut self, bytes: &[u8]) {
        let mut cx = Context::from_waker(Waker::noop());
        // A line that the driver has dropped takes nothing.
        let _ = pin!(self.peer.write_all(bytes)).poll(&mut cx);
        self.settle();
    }

    /// The peer ends its sending direction.
    pub fn peer_ends(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        let _ = pin!(self.peer.shutdown()).poll(&mut cx);
        self.settle();
    }

    /// The line is reset.
    pub fn reset(&mut self) {
        self.is_reset.set(true);
        self.settle();
    }

    /// All that reached the peer and was not taken before.
    pub fn peer_reads(&mut self) -> Vec<u8> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut bytes = vec![0; 8 << 10];
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = Pin::new(&mut self.peer).poll_read(&mut cx, &mut buffer);
        assert!(!matches!(read, Poll::Ready(Err(_))), "{read:?}");
        buffer.filled().to_vec()
    }
}

/// The runtime's time.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Runs `test` in a runtime whose clock moves only when nothing else does.
pub fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(test)
}
