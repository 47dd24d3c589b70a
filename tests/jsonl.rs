//! Events as JSON Lines (product: `--jsonl`, `--split events`), held against schema/events.schema.json.

mod content;
mod ending;
mod input;
pub mod lines;
mod schema;
