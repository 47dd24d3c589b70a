//! How messages are shown to people.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::render::{Decode, Timestamps};

/// How messages are shown in the REPL, on stderr and by `listen`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[expect(
    clippy::doc_markdown,
    reason = "clap prints these comments as they are"
)]
pub struct ViewArgs {
    /// The time in front of what is shown: none, time, iso, rel or delta
    ///
    /// In the REPL, by 'listen', and on stderr with -v. time is the local time of day, iso the date and
    /// time in UTC; rel is in seconds since wsee started, delta since what was shown before. In the REPL
    /// /show time changes it. Events of wsee URL --jsonl have their own.
    #[arg(
        long,
        value_name = "FORM",
        value_enum,
        default_value_t = Timestamps::Time,
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub timestamps: Timestamps,
    /// How binary messages are shown: auto, msgpack, cbor, protobuf or hex
    ///
    /// In the REPL, by 'listen', and on stderr with -vv. auto shows JSON, MessagePack, CBOR and protocol
    /// buffers decoded where a message can hardly be anything else, and says what it looks like; the rest
    /// is a hexdump. msgpack, cbor and protobuf say why a message is none; without a schema the fields of
    /// a protocol buffer have numbers for names. hex is always a hexdump. /show decode changes it.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = Decode::Auto,
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub decode: Decode,
}

impl ValueEnum for Timestamps {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Decode {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
