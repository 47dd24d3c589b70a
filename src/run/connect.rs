//! `wsee URL`: a prompt at a terminal, a pipe elsewhere.

use super::jsonl;
use super::session::{self, Task};
use crate::config::{Connect, Environment, Mode};
use crate::exit::Exit;
use crate::pipe::Input;
use crate::render::Show;
use crate::term::Stdin;

pub(super) async fn connect(connect: Connect, environment: &Environment) -> Exit {
    let task = match &connect.mode {
        Mode::Prompt(options) => Task::Prompt(options.clone()),
        Mode::Pipe(options) => {
            let input = if options.reads_stdin {
                match Stdin::open() {
                    Ok(stdin) => Some(Input::new(stdin, &[], options.split, options.encoding)),
                    Err(error) => {
                        let why = format!("cannot read stdin: {error}");
                        return jsonl::give_up(&connect, environment, why, Exit::Input);
                    }
                }
            } else {
                None
            };
            Task::Pipe {
                options: options.clone(),
                input,
                show: Show::pipe(connect.display.verbose),
            }
        }
    };
    session::run(&connect, task, environment).await
}
