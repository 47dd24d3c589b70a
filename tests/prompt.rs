//! The REPL, in a terminal.

mod command;
mod connection;
mod display;
mod edit;
mod ending;
mod file;
mod filter;
mod flood;
mod fullscreen;
mod history;
mod hostile;
mod line;
mod opening;
mod pause;
mod recall;
mod resize;
mod screen;
mod timer;
mod variable;
mod view;
