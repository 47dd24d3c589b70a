//! The permessage-deflate extension (RFC 7692).

pub mod codec;
pub mod params;

pub use codec::{Deflater, InflateError, Inflated, Inflater};
pub use params::{Offer, Params, ParamsError};

/// The extension's name (RFC 7692 §7).
pub const NAME: &str = "permessage-deflate";
