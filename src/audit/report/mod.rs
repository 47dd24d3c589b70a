//! A run as documents, for people and programs.

pub mod human;
pub mod list;
