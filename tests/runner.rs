//! `wsee test` and `wsee fmt`.

mod files;
mod report;
mod scenarios;
mod steps;
