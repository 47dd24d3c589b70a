//! What every interactive prompt has: the line editor, commands about kept messages, variables, switches of the view.

pub mod editor;
pub mod filter;
pub mod help;
pub mod host;
pub mod hosted;
pub mod late_interrupt;
pub mod pause;
pub mod recall;
pub mod roster;
pub mod show;
pub mod variable;
pub mod words;
