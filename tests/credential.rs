//! As whom to connect: passwords, tokens, netrc files and cookies.

mod cookie;
mod echo;
mod login;
mod prompt;
