//! Proxies on the way to the server.

mod choice;
mod hostile;
mod http;
mod socks;
