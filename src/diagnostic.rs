//! Errors that keep the problem apart from the advice.

/// An error whose text states the problem alone.
///
/// The layer that defines an error implements this, except for the errors of `dial` and `proto`:
/// their hints name flags, which those layers do not know, so that `render::hint` implements it.
pub trait Diagnostic: std::error::Error {
    /// What the user can do about it, in one line without `hint: ` in front; `None` if there is
    /// nothing more to say than the problem.
    ///
    /// It may quote the peer or a file as they are: escape it to show it.
    fn hint(&self) -> Option<String>;
}

/// The problem and its hint, for places that have room for one line.
pub fn one_line(error: &dyn Diagnostic) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}
