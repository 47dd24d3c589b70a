//! As whom to connect: passwords, tokens, netrc files and cookies.

mod cookie;
mod login;
mod prompt;
