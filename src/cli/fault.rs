//! "Faults": what a server does wrong on purpose.

use clap::Args;
use clap::builder::{StringValueParser, TypedValueParser};

use super::heading::Heading;
use crate::fault::{Fault, Flap};

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Faults)]
pub struct FaultArgs {
    /// Do something wrong on purpose, such as 'cut in message 5'; may be repeated
    ///
    /// Every fault strikes each connection, or with 'on connection N' after it only the Nth that the
    /// server accepts. N of messages and bytes counts what the server has sent on the connection, TIME
    /// counts from its opening. Each fault that strikes is shown as 'fault: …'. Of two faults of the same
    /// kind that have no chance, the last one counts.
    ///
    /// wsee proxy does all this to its clients. There client or server in front of a fault says whose
    /// messages it strikes on their way to the other end, as in 'server latency 200ms' or 'client drop 5%';
    /// faults of the opening have no direction, and messages that may be changed are not compressed on the
    /// whole connection.
    ///
    /// Opening:
    ///
    /// refuse N [STATUS] [retry-after S]: answer the first N connections with STATUS (503).
    /// Example: --fault 'refuse 3 429 retry-after 2'
    ///
    /// mute: accept TCP and say nothing. Example: --fault 'mute on connection 2'
    ///
    /// late TIME: answer the upgrade after TIME. Example: --fault 'late 8s'
    ///
    /// wrong-accept: answer with another Sec-WebSocket-Accept. Example: --fault wrong-accept
    ///
    /// wrong-subprotocol: select a subprotocol that was not offered. Example: --fault wrong-subprotocol
    ///
    /// redirect URL: answer with 302. Example: --fault 'redirect ws://127.0.0.1:9002/'
    ///
    /// Opening over HTTP/2, as a broken proxy does it: the SETTINGS allow extended CONNECT, which then
    /// fails, while HTTP/1.1 works (with --http2):
    ///
    /// http2-refuse [STATUS]: answer extended CONNECT with STATUS (502). Example: --fault http2-refuse
    ///
    /// http2-reset [CODE]: reset its stream with CODE (PROTOCOL_ERROR).
    /// Example: --fault 'http2-reset REFUSED_STREAM'
    ///
    /// http2-no-streams: announce MAX_CONCURRENT_STREAMS 0. Example: --fault http2-no-streams
    ///
    /// Ending:
    ///
    /// fin|rst after N messages|N bytes|TIME: end the stream without a Close frame, in order or with a
    /// reset. Example: --fault 'rst after 10 messages'
    ///
    /// close CODE after N messages|N bytes|TIME: close with CODE. Example: --fault 'close 1012 after 30s'
    ///
    /// cut in message N: end the stream in the middle of message N. Example: --fault 'cut in message 5'
    ///
    /// no-close: never answer a Close frame. Example: --fault no-close
    ///
    /// Silence:
    ///
    /// silent after N messages|TIME: stay open and deliver nothing more. Example: --fault 'silent after 5s'
    ///
    /// no-pong: do not answer pings. Example: --fault no-pong
    ///
    /// no-read: read nothing after the opening handshake. Example: --fault no-read
    ///
    /// Timing, in both directions except for one-byte:
    ///
    /// latency TIME[±TIME]: delay every byte; with ±TIME each frame by another time, in order.
    /// +- is the same as ±. Example: --fault 'latency 200ms±50ms'
    ///
    /// bandwidth SIZE/s: let no more pass. Example: --fault 'bandwidth 64K/s'
    ///
    /// one-byte: send every byte in a segment of its own. Example: --fault one-byte
    ///
    /// Messages of the server, of which P percent are struck (see --seed); such a connection is not
    /// compressed:
    ///
    /// drop P%: do not send it. Example: --fault 'drop 5%'
    ///
    /// duplicate P%: send it twice. Example: --fault 'duplicate 5%'
    ///
    /// reorder P%: send it after the next one, or after a second if there is none.
    /// Example: --fault 'reorder 10%'
    ///
    /// corrupt P%: flip a bit; a text stays valid UTF-8. Example: --fault 'corrupt 1%'
    ///
    /// truncate P%: send only its beginning. Example: --fault 'truncate 1%'
    ///
    /// bad-utf8 P%: put a byte into a text that UTF-8 does not have. Example: --fault 'bad-utf8 1%'
    ///
    /// fragments: send every message in three fragments with pings between them.
    /// Example: --fault fragments
    #[arg(
        long,
        value_name = "SPEC",
        value_parser = StringValueParser::new().try_map(|text| text.parse::<Fault>()),
        hide_short_help = true
    )]
    pub fault: Vec<Fault>,
    /// Come and go: accept connections for UP, refuse them and cut all for DOWN, again and again
    ///
    /// Counts from the start of the server; while it is down, nothing listens on its port. Example:
    /// --flap 10s/3s
    #[arg(long, value_name = "UP/DOWN", hide_short_help = true)]
    pub flap: Option<Flap>,
    /// Repeat a run: the same chances and jitter for the same N
    ///
    /// Without it a server with random faults chooses N and shows it. What strikes depends on N, on
    /// the number of the connection and on that of the message, not on their timing. --flap is the same
    /// in every run.
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub seed: Option<u64>,
}
