//! Writes the secrets of TLS connections to a file, to decrypt captures.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use crate::sys::file;

/// A file in the format of `SSLKEYLOGFILE` (RFC 9850).
///
/// rustls' own reads the environment by itself and does not report that it cannot write.
#[derive(Debug)]
pub(super) struct KeyLog(Mutex<File>);

impl KeyLog {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(file::append_private(path)?)))
    }
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let random = hex::encode(client_random);
        let line = format!("{label} {random} {}\n", hex::encode(secret));
        // In one write, as other processes append to the same file. An error does not fail the connection.
        if let Ok(mut file) = self.0.lock() {
            let _ = file.write_all(line.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::KeyLog as _;

    use super::*;

    #[test]
    fn appends_lines_to_a_file_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        for secret in [[1, 2], [0xfe, 0xff]] {
            KeyLog::open(&path)
                .unwrap()
                .log("LABEL", &[0xab, 0], &secret);
        }
        let lines = std::fs::read_to_string(&path).unwrap();
        assert_eq!(lines, "LABEL ab00 0102\nLABEL ab00 feff\n");
        assert!(!file::is_open_to_others(&std::fs::metadata(&path).unwrap()));
    }

    #[test]
    fn says_why_it_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        assert!(KeyLog::open(folder.path()).is_err());
    }
}
