//! The name of the system, its folders, and what it lacks.

use crate::sys::Feature;

/// What users call the system.
pub const SYSTEM: &str = "Windows";

/// What tokio or Windows itself does not have.
pub const LACKING: &[Feature] = &[
    Feature::UnixSocket,
    Feature::InterfaceName,
    Feature::UserTimeout,
];

/// The variables that may name the user's home directory, the first one that is set.
///
/// Shells that come from Unix set the first one.
pub const HOME: &[&str] = &["HOME", "USERPROFILE"];

/// A folder for files of a kind, if no variable of the XDG specification names one.
#[derive(Debug, Clone, Copy)]
pub struct Folder {
    /// A variable of the system that names it.
    pub variable: Option<&'static str>,
    /// Where it is in the home directory.
    pub in_home: &'static str,
}

pub const CONFIG: Folder = Folder {
    variable: Some("APPDATA"),
    in_home: r"AppData\Roaming",
};

pub const STATE: Folder = Folder {
    variable: Some("LOCALAPPDATA"),
    in_home: r"AppData\Local",
};

pub const DATA: Folder = Folder {
    variable: Some("LOCALAPPDATA"),
    in_home: r"AppData\Local",
};
