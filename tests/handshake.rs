//! The opening handshake: what is sent, what is refused, what is accepted.

mod command_line;
mod hostile;
mod like;
mod refusal;
mod request;
mod response;
mod shown;
