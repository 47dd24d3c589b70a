//! permessage-deflate with yawc at the other end, with all of its parameters.

use std::net::TcpStream;

use futures_util::SinkExt;
use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use yawc::close::CloseCode;
use yawc::frame::{Frame, OpCode};
use yawc::{Options, Role, WebSocket};

use crate::listen::listening;
use crate::support::DEADLINE;
use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::before_handshake;

const SMALL: usize = 70_000;
pub(super) const MIB: usize = 1 << 20;

/// Text, binary and empty messages, one of `large` bytes, and 200 in a row that repeat each other.
fn messages(large: usize) -> Vec<Frame> {
    let words: Vec<String> = (0..12_000u32).map(|i| (i * i % 977).to_string()).collect();
    let text = words.join(" and ");
    let mut messages = vec![
        Frame::text("text"),
        Frame::text(""),
        Frame::binary(Vec::new()),
        Frame::binary((0..=255).collect::<Vec<u8>>()),
        Frame::text(text[..1 << 16].to_owned()),
        Frame::binary(vec![0xa5; large]),
    ];
    messages.extend((0..200).map(|i| Frame::text(format!("message {i} of two hundred"))));
    messages
}

pub(super) fn options() -> Options {
    Options::default()
        .with_balanced_compression()
        .with_limits(16 << 20, 16 << 20)
        // yawc never comes to an end with compressing an empty message.
        .with_compression_threshold(1)
}

/// Runs `script` with a runtime and a deadline.
pub(super) fn block_on<T>(script: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(async { timeout(DEADLINE, script).await.expect("an end in time") })
}

pub(super) fn polled(stream: TcpStream) -> tokio::net::TcpStream {
    stream.set_nonblocking(true).expect("a socket");
    tokio::net::TcpStream::from_std(stream).expect("a runtime")
}

/// Sends each message, claims that it comes back, and closes.
pub(super) async fn converse<S>(mut socket: WebSocket<S>, large: usize)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let messages = messages(large);
    let (single, row) = messages.split_at(6);
    for message in single {
        socket
            .send(message.clone())
            .await
            .expect("an open connection");
        assert_comes(&mut socket, message).await;
    }
    for message in row {
        socket
            .send(message.clone())
            .await
            .expect("an open connection");
    }
    for message in row {
        assert_comes(&mut socket, message).await;
    }
    let close = Frame::close(CloseCode::Normal, b"");
    socket.send(close).await.expect("an open connection");
    let answer = socket.next_frame().await.expect("a Close frame");
    assert_eq!(answer.opcode(), OpCode::Close);
}

async fn assert_comes<S>(socket: &mut WebSocket<S>, message: &Frame)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = socket.next_frame().await.expect("a message");
    assert_eq!(frame.opcode(), message.opcode());
    assert!(
        frame.payload() == message.payload(),
        "another message came back"
    );
}

/// Runs `wsee --echo --compress OFFER` against a yawc that was told to agree to `response`.
///
/// `known` is what yawc is told instead, where it does not know the parameter's value.
#[track_caller]
fn echoes(offer: &str, response: &'static str, known: &'static str) -> Output {
    echoes_up_to(SMALL, offer, response, known)
}

/// The same with a message of `large` bytes.
#[track_caller]
fn echoes_up_to(large: usize, offer: &str, response: &'static str, known: &'static str) -> Output {
    let server = before_handshake(move |mut wire| {
        let field = format!("\r\nSec-WebSocket-Extensions: {response}\r\n\r\n");
        let head = wire.response().replace("\r\n\r\n", &field);
        wire.write(head);
        let request = wire.request().to_owned();
        block_on(async {
            let stream = polled(wire.into_stream());
            let socket = WebSocket::from_stream_with_extensions(
                stream,
                Role::Server,
                Some(known),
                options(),
            );
            converse(socket.expect("known parameters"), large).await;
        });
        request
    });
    let output = wsee(&[server.url(), "--echo", "-vv", "--compress", offer]).run();
    let request = server.finish();
    assert!(
        request.contains(&format!("Extensions: {offer}\r\n")),
        "{request}"
    );
    let last = output.last_line().to_owned();
    assert!(
        last.contains("; compressed to ") && last.contains(" % out, "),
        "{last}"
    );
    output.exits(0)
}

#[test]
fn a_client_speaks_with_all_flags() {
    for flags in [
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ] {
        echoes(flags, flags, flags);
    }
}

#[test]
fn a_client_speaks_with_limited_windows() {
    let offer = "permessage-deflate; client_max_window_bits";
    for response in [
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
    ] {
        echoes(offer, response, response);
    }
}

#[test]
fn a_client_speaks_with_the_smallest_window() {
    echoes(
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=9",
    );
}

#[test]
fn context_takeover_makes_messages_smaller() {
    let bytes_out = |flags: &'static str| {
        let output = echoes(flags, flags, flags);
        let line = output.last_line().to_owned();
        let (_, ratio) = line.split_once("compressed to ").expect("a ratio");
        let (percent, _) = ratio.split_once(" %").expect("percent");
        percent.parse::<u32>().expect("a number")
    };
    let with = bytes_out("permessage-deflate");
    let without = bytes_out("permessage-deflate; client_no_context_takeover");
    assert!(with <= without && without < 50, "{with} %, {without} %");
}

/// Connects a yawc that asks for `options` to `wsee listen` with these arguments.
#[track_caller]
fn is_served(options: Options, args: &[&str]) {
    is_served_up_to(SMALL, options, args);
}

/// The same with a message of `large` bytes.
#[track_caller]
fn is_served_up_to(large: usize, options: Options, args: &[&str]) {
    let server = listening(args);
    block_on(async {
        let url = server.url().parse().expect("a URL");
        let socket = WebSocket::handshake(url, polled(server.connect()), options).await;
        converse(socket.expect("an opening handshake"), large).await;
    });
    let text = server.running.wait_for_stderr("compressed to ");
    assert!(text.contains(" % in"), "{text}");
    server.stop(Signal::INT);
}

#[test]
fn a_server_speaks_with_all_flags() {
    is_served(options(), &[]);
    is_served(options().server_no_context_takeover(), &[]);
    is_served(options().client_no_context_takeover(), &[]);
    is_served(
        options()
            .server_no_context_takeover()
            .client_no_context_takeover(),
        &[],
    );
}

#[test]
fn a_server_speaks_with_limited_windows() {
    for bits in [9, 12, 15] {
        let options = options()
            .with_server_max_window_bits(bits)
            .with_client_max_window_bits(bits);
        is_served(options, &[]);
    }
}

#[test]
fn a_server_speaks_with_its_own_wishes() {
    let flags = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    is_served(options(), &["--compress", flags]);
    let windows = "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10";
    is_served(
        options().with_client_max_window_bits(15),
        &["--compress", windows],
    );
}

#[test]
fn a_mebibyte_is_echoed_by_both_roles() {
    echoes_up_to(
        MIB,
        "permessage-deflate",
        "permessage-deflate",
        "permessage-deflate",
    );
    is_served_up_to(MIB, options(), &[]);
}
