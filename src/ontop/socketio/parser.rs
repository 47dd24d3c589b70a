//! How packets become messages: in what Socket.IO calls its parser.

use super::engine::Data;
use super::msgpack;
use super::packet::{self, Packet};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Parser {
    /// The usual one: a text, and a binary message for each attachment.
    #[default]
    Json,
    /// socket.io-msgpack-parser: one binary message.
    MessagePack,
}

impl Parser {
    pub fn messages(self, packet: &Packet) -> Vec<Data<'static>> {
        if self == Self::MessagePack {
            return vec![Data::Binary(msgpack::encode(packet).into())];
        }
        let (text, attachments) = packet::encode(packet);
        let attachments = attachments.into_iter();
        std::iter::once(Data::Text(text.into()))
            .chain(attachments.map(|bytes| Data::Binary(bytes.into())))
            .collect()
    }
}
