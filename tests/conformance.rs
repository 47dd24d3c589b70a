//! What RFC 6455 and RFC 7692 demand of an endpoint that receives, as tables of cases.
//!
//! Each case runs for both roles, with messages whole and streamed, and with its bytes in one piece,
//! one by one and cut at random: the outcome has to be the same. Some of each table run on `wsee listen` as well, with
//! every behaviour that echoes.

pub mod case;
mod close;
mod deflate;
mod echo;
mod frame;
mod handshake;
mod message;
mod run;
mod text;
mod window;
