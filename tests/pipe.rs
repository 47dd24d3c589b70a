//! wsee in a pipe (product: stdin becomes messages, messages become stdout, nothing is lost).

mod end_of_input;
mod flow;
mod input;
mod jq;
mod output;
mod signals;
mod timing;
