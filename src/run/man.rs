//! `wsee man`: on a terminal through man, in a pipe as roff.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::{on_runtime, print};
use crate::cli::{Page, generate};
use crate::config::Environment;
use crate::exit::Exit;
use crate::session::Signals;

pub(super) fn man(page: Option<Page>, environment: &Environment) -> Exit {
    let source = generate::man_page(page);
    let shown = async {
        // Ctrl-C belongs to the pager, which would be left without a terminal if wsee ended.
        let _signals = Signals::new();
        run(&source).map_or(Exit::Input, |()| Exit::Done)
    };
    if environment.terminals.stdout && on_runtime(shown) == Exit::Done {
        return Exit::Done;
    }
    // Where there is no man, the source can still be read.
    print(&source)
}

fn run(source: &[u8]) -> io::Result<()> {
    let mut man = Command::new("man")
        .args(["-l", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = man.stdin.take() {
        // A pager that is left early does not read all of it.
        let _ = stdin.write_all(source);
    }
    if man.wait()?.success() {
        Ok(())
    } else {
        Err(io::ErrorKind::Other.into())
    }
}
