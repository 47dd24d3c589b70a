//! Clients of a server that comes and goes: after all cuts it holds what it held before the first.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Failure, MAX_DRIFT, TICK, Usage, listen};

/// How long the server may take to notice the end of the last clients: it waits for each after a FIN.
const SETTLING: Duration = Duration::from_secs(5);
/// How much memory the clients of the first half leave behind, in shares of the run that are its warm-up.
const WARM_UP: u32 = 4;
const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// "hello" with a mask of zeros, and what comes back.
const HELLO: &[u8] = b"\x81\x85\0\0\0\0hello";
const ECHO: &[u8] = b"\x81\x05hello";

pub(super) fn soak(clients: u64, time: Duration) -> Result<(), Failure> {
    let (server, port) = listen(&["--flap", "300ms/100ms"])?;
    let before = Usage::of(&server.0)?;
    let (is_over, cuts) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (is_over, cuts) = (Arc::clone(&is_over), Arc::clone(&cuts));
            thread::spawn(move || reconnect(port, &is_over, &cuts))
        })
        .collect();
    thread::sleep(time / WARM_UP);
    let warm = Usage::of(&server.0)?.resident;
    thread::sleep(time.saturating_sub(time / WARM_UP));
    let end = Usage::of(&server.0)?.resident;
    is_over.store(true, Ordering::Release);
    for client in clients {
        client.join().map_err(|_| "a client panicked")?;
    }
    let left = settled(&server, before.descriptors)?;
    let (drift, cuts) = (end.saturating_sub(warm), cuts.load(Ordering::Acquire));
    println!(
        "flap: {cuts} cuts, {drift} KiB more, descriptors {} before and {left} after",
        before.descriptors
    );
    if cuts == 0 {
        return Err("no connection was cut".into());
    }
    if drift >= MAX_DRIFT {
        return Err("listen grows with every cut".into());
    }
    if left > before.descriptors {
        return Err("listen loses descriptors with cuts".into());
    }
    Ok(())
}

/// The descriptors once there are no more than `expected`, or at the end of the patience.
fn settled(server: &super::Process, expected: usize) -> Result<usize, Failure> {
    let end = Instant::now() + SETTLING;
    loop {
        let left = Usage::of(&server.0)?.descriptors;
        if left <= expected || Instant::now() > end {
            return Ok(left);
        }
        thread::sleep(TICK);
    }
}

/// Connects again and again, and sends messages until the connection is cut.
fn reconnect(port: u16, is_over: &AtomicBool, cuts: &AtomicU64) {
    while !is_over.load(Ordering::Acquire) {
        if converse(port, is_over).is_err() {
            cuts.fetch_add(1, Ordering::AcqRel);
            thread::sleep(TICK);
        }
    }
}

fn converse(port: u16, is_over: &AtomicBool) -> std::io::Result<()> {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        // The server is down.
        thread::sleep(TICK);
        return Ok(());
    };
    stream.set_read_timeout(Some(SETTLING))?;
    stream.write_all(REQUEST)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    while !is_over.load(Ordering::Acquire) {
        stream.write_all(HELLO)?;
        let mut echo = [0; ECHO.len()];
        stream.read_exact(&mut echo)?;
        if echo != ECHO {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        thread::sleep(TICK);
    }
    Ok(())
}
