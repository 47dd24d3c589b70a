//! Broken set-ups as people meet them: the last lines name the cause and a step, and nothing that was given.

mod opened;
mod refused;
mod unanswered;

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::{Wire, before_handshake};

/// A server that breaks in one way, and what is said of it.
struct SetUp {
    name: &'static str,
    /// Path and query.
    target: &'static str,
    args: &'static [&'static str],
    exit: i32,
    /// Parts of the hint and the last line.
    says: &'static [&'static str],
    /// What would mislead, such as advice that was followed already.
    never: &'static [&'static str],
}

impl SetUp {
    /// Runs wsee against `server`; claims what the last two lines say.
    #[track_caller]
    fn meets<T: Send + 'static>(&self, server: &Server<T>) -> Output {
        let url = format!("{}{}", server.url(), self.target);
        let output = wsee(&[&[url.as_str()], self.args].concat()).run();
        let lines: Vec<&str> = output.stderr.lines().collect();
        let last = lines[lines.len().saturating_sub(2)..].join("\n");
        for part in self.says {
            assert!(last.contains(part), "{}: no {part:?} in\n{last}", self.name);
        }
        for part in self.never {
            assert!(!last.contains(part), "{}: {part:?} in\n{last}", self.name);
        }
        assert_eq!(output.status, self.exit, "{}\n{last}", self.name);
        output
    }
}

/// A server that answers the upgrade with these bytes.
fn answering(response: impl AsRef<[u8]> + Send + 'static) -> Server<()> {
    before_handshake(move |mut wire: Wire| {
        wire.write(response);
        wire.wait_for_end();
    })
}
