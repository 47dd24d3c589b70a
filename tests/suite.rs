//! The tests of the binary, from the outside: a command line, a peer, and what comes of it.

#![expect(
    unreachable_pub,
    reason = "tests have no public interface; pub says what modules share"
)]

mod audit;
mod completion;
mod config;
mod conformance;
mod credential;
mod curl;
mod diagnosis;
mod dialect;
mod docs;
mod ending;
mod escape;
mod fault;
mod forward;
mod handshake;
mod hostile;
mod http2;
mod interop;
mod jsonl;
mod layers;
mod listen;
mod middlebox;
mod on_top;
mod peer;
mod pipe;
mod prompt;
mod proxy;
mod proxying;
mod reconnect;
mod record;
mod redirect;
mod replay;
mod report;
mod route;
mod runner;
mod session;
mod support;
mod text;
mod tls;
mod wire;
