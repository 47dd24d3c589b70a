//! What the tests share: running the binary, and servers for it to talk to.

use std::env;
use std::sync::LazyLock;
use std::time::Duration;

pub mod http2;
pub mod output;
pub mod peer;
pub mod proxy;
pub mod pty;
pub mod run;
pub mod server;
pub mod site;
pub mod tls;
pub mod wire;

/// How long anything may take before the test fails.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The binary under test: the one that cargo built, or `WSEE_BIN`, such as a static one.
pub fn binary() -> &'static str {
    static BINARY: LazyLock<String> = LazyLock::new(|| {
        env::var("WSEE_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_wsee").to_owned())
    });
    &BINARY
}
