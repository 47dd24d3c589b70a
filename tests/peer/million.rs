//! Many messages: none is lost, and none out of order.

use rustix::process::Signal;

use super::{DEADLINE, Library};
use crate::listen::listening_for;
use crate::support::run::wsee;

/// The numbers below a million, one a line.
fn numbers() -> String {
    let numbers = (0..1_000_000).map(|number| number.to_string());
    numbers.fold(String::new(), |lines, number| lines + &number + "\n")
}

#[test]
#[ignore = "needs npm's ws"]
fn a_million_messages_go_there_and_back() {
    let server = Library::Ws.serve(&[]);
    // ws needs a minute to compress so many.
    let args = [&server.url("/echo"), "--no-compress", "-n", "1000000"];
    let run = wsee(&args).stdin(numbers()).deadline(DEADLINE).run();
    assert!(
        run.exits(0).stdout == numbers().as_bytes(),
        "other messages came back"
    );
}

#[test]
#[ignore = "needs Python's websockets"]
fn a_million_compressed_messages_arrive() {
    let server = Library::Websockets.serve(&[]);
    let url = server.url("/numbers?count=1000000");
    let run = wsee(&[&url]).deadline(DEADLINE).run();
    let run = run.exits(0).says("; compressed to ");
    assert!(run.stdout == numbers().as_bytes(), "other messages came");
}

#[test]
#[ignore = "needs npm's ws"]
fn a_million_messages_pass_a_wsee_that_listens() {
    let server = listening_for(DEADLINE, &["--no-compress"]);
    let port = server.port.to_string();
    let client = Library::Ws.script("client", &[&port, "1000000"]).run();
    client
        .exits(0)
        .prints("1000000 messages came back in order\n");
    server.stop(Signal::TERM).exits(143);
}
