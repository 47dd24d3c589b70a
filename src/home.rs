//! The user's home directory, in paths that no shell has expanded.

use std::path::{Path, PathBuf};

/// The path with the home directory in place of a `~` at its start.
pub fn expand(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tilde_alone_is_the_home() {
        let expanded = |path: &str| expand(Path::new(path), Some(Path::new("/home/a")));
        assert_eq!(expanded("~/b"), Path::new("/home/a/b"));
        for path in ["~c/b", "b/~", "/~/b"] {
            assert_eq!(expanded(path), Path::new(path));
        }
        assert_eq!(expand(Path::new("~/b"), None), Path::new("~/b"));
    }
}
