//! The flags, and mistakes in them.

use rustix::process::Signal;

use super::faulty_with;
use crate::support::run::wsee;

#[test]
fn a_mistake_names_the_word_its_place_and_what_to_write() {
    for (fault, message) in [
        (
            "drp 5%",
            "\"drp\" at character 1 is not a fault; did you mean drop?",
        ),
        (
            "fin after 5",
            "\"5\" at character 11 has no unit; write 5 messages, 5 bytes or 5s",
        ),
        (
            "cut in message",
            "the number of the message is missing at the end; write cut in message N",
        ),
        (
            "late \u{1b}[2J",
            "\"\\u{1b}[2J\" at character 6 is not a time",
        ),
    ] {
        wsee(&["listen", "0", "--fault", fault])
            .run()
            .exits(2)
            .says(message)
            .never_says("\u{1b}[2J");
    }
    wsee(&["listen", "0", "--flap", "3s"])
        .run()
        .exits(2)
        .says("not two times; write UP/DOWN, such as 10s/3s");
}

#[test]
fn a_seed_without_chances_is_a_mistake() {
    for flags in [&[][..], &["--flap", "9s/1s"]] {
        let args = [&["listen", "0", "--seed", "1"], flags].concat();
        wsee(&args)
            .run()
            .exits(2)
            .says("wsee: --seed repeats chances, such as those of --fault ");
    }
}

#[test]
fn the_start_shows_the_faults_and_the_seed_of_random_ones() {
    let server = faulty_with(&["drop 5%", "latency 20ms±10ms on connection 2"], &[]);
    server
        .running
        .wait_for_stderr("; to repeat the run: --seed ");
    let output = server.stop(Signal::INT).exits(130);
    output.says("! faults: drop 5%, latency 20ms±10ms on connection 2; to repeat");
    let server = faulty_with(&["no-read"], &["--flap", "9s/1s"]);
    server
        .running
        .wait_for_stderr("! faults: no-read, flap 9s/1s\n");
    server.stop(Signal::INT).exits(130).never_says("seed");
    let server = faulty_with(&["drop 5%"], &["--seed", "42"]);
    server.running.wait_for_stderr("--seed 42\n");
}

#[test]
fn help_lists_faults_under_a_heading_of_their_own() {
    let output = wsee(&["listen", "--help"]).run().exits(0);
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, faults) = help.split_once("\nFaults:\n").expect("the heading");
    let flags = ["--fault <SPEC>", "--flap <UP/DOWN>", "--seed <N>"];
    for flag in flags {
        assert!(faults.contains(flag), "{flag}");
    }
    for name in wsee::fault::names() {
        assert!(faults.contains(name), "{name}");
    }
}
