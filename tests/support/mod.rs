//! What the tests share: running the binary, and servers for it to talk to.

use std::time::Duration;

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
