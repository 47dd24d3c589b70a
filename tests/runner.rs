//! `wsee test` and `wsee fmt`.

mod files;
pub mod report;
mod scenarios;
mod steps;
