//! A server on loopback for one connection, in a thread of its own.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::DEADLINE;

/// A server that was started; the test fails if nobody connects to it, or if serving fails.
#[derive(Debug)]
pub struct Server<T> {
    url: String,
    address: SocketAddr,
    is_last_call: Arc<AtomicBool>,
    thread: Option<JoinHandle<Option<T>>>,
}

impl<T: Send + 'static> Server<T> {
    /// Listens on a free port, and lets `serve` serve the first connection.
    pub fn start(serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        Self::start_on(0, serve)
    }

    /// The same on a port where another server was before.
    pub fn start_on(port: u16, serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        Self::start_with(port, move |listener, last_call| {
            accept(listener, last_call).map(serve)
        })
    }

    /// Starts it with `serve` for the thread that accepts.
    fn start_with(
        port: u16,
        serve: impl FnOnce(&TcpListener, &AtomicBool) -> Option<T> + Send + 'static,
    ) -> Self {
        // A connection of another test may have the port for a while, where one is asked for.
        let mut bound = TcpListener::bind(("127.0.0.1", port));
        for _ in 0..100 {
            if bound.is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
            bound = TcpListener::bind(("127.0.0.1", port));
        }
        let listener = bound.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let is_last_call = Arc::new(AtomicBool::new(false));
        let last_call = Arc::clone(&is_last_call);
        let thread = thread::spawn(move || serve(&listener, &last_call));
        Self {
            url: format!("ws://{address}"),
            address,
            is_last_call,
            thread: Some(thread),
        }
    }

    /// Its ws: URL, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port, for URLs of another form.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits until it has served; gives back what it has seen.
    #[track_caller]
    pub fn finish(mut self) -> T {
        self.join()
    }

    /// The same, when the client is still to come.
    #[track_caller]
    pub fn serve(mut self) -> T {
        let end = Instant::now() + DEADLINE;
        let is_over = |thread: &JoinHandle<_>| thread.is_finished() || end < Instant::now();
        while self.thread.as_ref().is_some_and(|thread| !is_over(thread)) {
            thread::sleep(Duration::from_millis(2));
        }
        self.join()
    }

    #[track_caller]
    fn join(&mut self) -> T {
        self.is_last_call.store(true, Ordering::SeqCst);
        let thread = self.thread.take().expect("joined once");
        let served = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        served.expect("nobody connected to the server")
    }
}

impl<T: Send + 'static> Server<Vec<T>> {
    /// Listens on a free port, and lets `serve` serve `count` connections, one after the other.
    pub fn start_many(
        count: usize,
        mut serve: impl FnMut(usize, TcpStream) -> T + Send + 'static,
    ) -> Self {
        Self::start_with(0, move |listener, last_call| {
            let serve = |index| Some(serve(index, accept(listener, last_call)?));
            (0..count).map(serve).collect()
        })
    }
}

impl<T> Drop for Server<T> {
    fn drop(&mut self) {
        self.is_last_call.store(true, Ordering::SeqCst);
        let Some(thread) = self.thread.take() else {
            return;
        };
        if thread::panicking() {
            return;
        }
        let served = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        assert!(served.is_some(), "nobody connected to the server");
    }
}

/// A port that must not be connected to.
#[derive(Debug)]
pub struct Untouched(TcpListener);

impl Untouched {
    /// Listens on a free port.
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }
}

impl Drop for Untouched {
    fn drop(&mut self) {
        self.0.set_nonblocking(true).expect("a listener");
        if !thread::panicking() {
            assert!(self.0.accept().is_err(), "somebody connected");
        }
    }
}

/// Accepts a connection; `None` when there is none at the last call.
fn accept(listener: &TcpListener, last_call: &AtomicBool) -> Option<TcpStream> {
    listener.set_nonblocking(true).expect("a listener");
    loop {
        let is_last = last_call.load(Ordering::SeqCst);
        match listener.accept() {
            Ok((stream, _)) => return Some(prepare(stream)),
            Err(error) if error.kind() == ErrorKind::WouldBlock && is_last => return None,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(error) => panic!("accept: {error}"),
        }
    }
}

fn prepare(stream: TcpStream) -> TcpStream {
    stream.set_nonblocking(false).expect("a socket");
    stream.set_nodelay(true).expect("a socket");
    for set in [TcpStream::set_read_timeout, TcpStream::set_write_timeout] {
        set(&stream, Some(DEADLINE)).expect("a socket");
    }
    stream
}
