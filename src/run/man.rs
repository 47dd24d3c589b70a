//! `wsee man`: formatted on a terminal, roff in a pipe.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::{on_runtime, print};
use crate::cli::{Page, generate};
use crate::config::Environment;
use crate::exit::Exit;
use crate::session::Signals;
use crate::term::terminal;

pub(super) fn man(page: Option<Page>, environment: &Environment) -> Exit {
    let source = generate::man_page(page);
    if !environment.terminals.stdout {
        return print(&source);
    }
    let text = generate::man_text(page, terminal::width());
    let shown = async {
        // Ctrl-C belongs to the pager, which would be left without a terminal if wsee ended.
        let _signals = Signals::new();
        // Small systems have no man, and the smallest no pager.
        let shown =
            run("man", &["-l", "-"], &source).or_else(|_| run("less", &[], text.as_bytes()));
        shown.map_or(Exit::Internal, |()| Exit::Done)
    };
    match on_runtime(shown) {
        Exit::Done => Exit::Done,
        _ => print(text.as_bytes()),
    }
}

fn run(program: &str, args: &[&str], input: &[u8]) -> io::Result<()> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A pager that is left early does not read all of it.
        let _ = stdin.write_all(input);
    }
    if child.wait()?.success() {
        Ok(())
    } else {
        Err(io::ErrorKind::Other.into())
    }
}
