//! Configuration of a connection.

use std::time::Duration;

use crate::proto::Role;
use crate::proto::deflate::{Deflater, Inflater, Params};
use crate::proto::receiver::Delivery;

/// Configuration of a connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which end this is.
    pub role: Role,
    /// How messages are delivered.
    pub delivery: Delivery,
    /// The largest frame of an outgoing message, in bytes of payload; larger messages are fragmented.
    pub fragment: Option<usize>,
    /// Whether pings are answered (RFC 6455 §5.5.2 demands it).
    pub auto_pong: bool,
    /// The end that ends the stream once both Close frames have passed.
    ///
    /// Over TCP that is the server, which spares clients the state TIME-WAIT (RFC 6455 §7.1.1). A stream of HTTP/2 has
    /// none, and some servers leave its end to the client.
    pub first_to_end: Role,
    /// How long the peer may take to answer a Close frame and to end the stream.
    pub close_timeout: Duration,
    /// The time from one ping to the next.
    pub ping_interval: Option<Duration>,
    /// How long a pong may take.
    pub ping_timeout: Option<Duration>,
    /// How long the peer may send nothing at all.
    pub idle_timeout: Option<Duration>,
    /// Whether every frame header becomes an event.
    pub observe_frames: bool,
    /// The permessage-deflate parameters, if it was negotiated.
    pub deflate: Option<Params>,
    /// Whether to continue after a broken rule where that is possible.
    pub lenient: bool,
}

impl Config {
    /// The defaults for `role`: 64 MiB messages, 5 s to close, pings answered but not sent.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            delivery: Delivery::Whole {
                max_message: 64 << 20,
            },
            fragment: None,
            auto_pong: true,
            first_to_end: Role::Server,
            close_timeout: Duration::from_secs(5),
            ping_interval: None,
            ping_timeout: None,
            idle_timeout: None,
            observe_frames: false,
            deflate: None,
            lenient: false,
        }
    }

    /// Compressor and inflater for this end (RFC 7692 §7.1).
    pub(super) fn codecs(&self) -> (Option<Deflater>, Option<Inflater>) {
        let Some(params) = self.deflate else {
            return (None, None);
        };
        let client = (
            params.client_max_window_bits,
            !params.client_no_context_takeover,
        );
        let server = (
            params.server_max_window_bits,
            !params.server_no_context_takeover,
        );
        let ((bits, takeover), (_, peer_takeover)) = match self.role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        (
            Some(Deflater::new(bits, takeover)),
            Some(Inflater::new(peer_takeover)),
        )
    }
}
