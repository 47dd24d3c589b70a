//! `wsee replay` (product: replay): recordings sent again, and files that cannot be.

mod archive;
mod broken;
mod diff;
mod hostile;
mod play;
