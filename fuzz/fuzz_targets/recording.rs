//! Recordings: nothing panics, and both passes over a file count the same events.

#![no_main]

use std::path::Path;
use std::{env, fs, process};

use libfuzzer_sys::fuzz_target;
use wsee::proto::Role;
use wsee::record::{Play, Player, Recording, Speed};

fuzz_target!(|bytes: &[u8]| {
    for ending in ["jsonl", "har"] {
        // Recordings are regular files, which are read twice.
        let path = env::temp_dir().join(format!("wsee-fuzz-{}.{ending}", process::id()));
        fs::write(&path, bytes).expect("a temporary file");
        read(&path);
    }
});

fn read(path: &Path) {
    let Ok(recording) = Recording::read(path) else {
        return;
    };
    for (index, connection) in recording.connections.iter().enumerate() {
        let mut last = Default::default();
        for event in recording.events(index).expect("the same file") {
            let event = event.expect("the same lines");
            assert!(last <= event.at, "time turns back");
            last = event.at;
        }
        assert_eq!(last, connection.lasted);
        for (role, messages) in [
            (Role::Client, connection.sent),
            (Role::Server, connection.received),
        ] {
            let play = Play {
                recording: recording.clone(),
                index,
                role,
                speed: Speed::Max,
            };
            assert_eq!(Player::new(play).unplayed(), messages);
        }
    }
}
