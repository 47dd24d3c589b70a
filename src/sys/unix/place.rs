//! The name of the system, its folders, and what it lacks.

use crate::sys::Feature;

/// What users call the system.
pub const SYSTEM: &str = if cfg!(target_os = "linux") {
    "Linux"
} else if cfg!(target_vendor = "apple") {
    "macOS"
} else if cfg!(target_os = "freebsd") {
    "FreeBSD"
} else {
    "this system"
};

pub const LACKING: &[Feature] = if cfg!(target_os = "linux") {
    &[]
} else {
    &[Feature::UserTimeout]
};

/// The variables that may name the user's home directory, the first one that is set.
pub const HOME: &[&str] = &["HOME"];

/// A folder for files of a kind, if no variable of the XDG specification names one.
#[derive(Debug, Clone, Copy)]
pub struct Folder {
    /// A variable of the system that names it.
    pub variable: Option<&'static str>,
    /// Where it is in the home directory.
    pub in_home: &'static str,
}

pub const CONFIG: Folder = Folder {
    variable: None,
    in_home: ".config",
};

pub const STATE: Folder = Folder {
    variable: None,
    in_home: ".local/state",
};

pub const DATA: Folder = Folder {
    variable: None,
    in_home: ".local/share",
};
