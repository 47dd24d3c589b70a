//! Runs the folders of `tests/scenarios`, which its README describes.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use crate::support::run::wsee;
use crate::support::wire::{CLOSE, Frame, PING, PONG, TEXT, Wire, serve};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root()).expect("the folder of scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_scenario_gives_the_output_and_status_of_its_folder() {
    let folders = folders();
    assert!(folders.len() > 10, "{folders:?}");
    for folder in folders {
        check(&folder);
    }
}

#[test]
fn every_scenario_is_in_canonical_form() {
    let is_right = |folder: &PathBuf| read(folder, "status").trim() != "2";
    let files = folders().into_iter().filter(is_right);
    let files: Vec<PathBuf> = files.map(|folder| folder.join("scenario.wsee")).collect();
    let names = files.iter().map(|file| file.to_str().expect("UTF-8"));
    let args: Vec<&str> = ["fmt", "--check"].into_iter().chain(names).collect();
    wsee(&args).run().exits(0).prints("");
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap_or_default()
}

#[test]
#[ignore = "serves the folder that WSEE_SERVE names until it is ended"]
fn serves_by_hand() {
    let name = env::var("WSEE_SERVE").expect("WSEE_SERVE with the name of a folder");
    let address = start(&root().join(name));
    println!("--var host={address}");
    thread::park();
}

#[track_caller]
fn check(folder: &Path) {
    let name = folder.display();
    let address = start(folder);
    let host = format!("host={address}");
    let scenario = folder.join("scenario.wsee");
    let scenario = scenario.to_str().expect("UTF-8");
    let more = read(folder, "args");
    let mut args = vec!["test", scenario, "--var", &host];
    args.extend(more.split_whitespace());
    let output = wsee(&args).env("WSEE_TOKEN", "hunter2").run();
    let printed = String::from_utf8_lossy(&output.stdout) + output.stderr.as_str();
    let printed = redact(&printed, scenario, address);
    if env::var_os("WSEE_BLESS").is_some() {
        fs::write(folder.join("output"), &printed).expect("a file of the project");
    }
    assert_eq!(printed, read(folder, "output"), "{name}");
    let status = read(folder, "status").trim().parse();
    assert_eq!(Ok(output.status), status, "{name}\n{printed}");
}

/// What differs from run to run made equal.
fn redact(text: &str, scenario: &str, address: SocketAddr) -> String {
    let text = text.replace(scenario, "scenario.wsee");
    let folder = scenario.trim_end_matches("scenario.wsee");
    let text = text.replace(folder, "");
    let text = text.replace(&address.to_string(), "HOST");
    let time = regex::Regex::new(r" *\b\d+(\.\d+)? (ms|s|min)\b").expect("an expression");
    let text = time.replace_all(&text, " TIME");
    let key = regex::Regex::new("Accept: .*").expect("an expression");
    key.replace_all(&text, "Accept: KEY").into_owned()
}

/// Starts the server of a folder, which serves until the tests are over.
fn start(folder: &Path) -> SocketAddr {
    let script = fs::read_to_string(folder.join("server")).expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = script.clone();
            thread::spawn(move || play(&script, stream));
        }
    });
    address
}

/// Does what the script says; a client that does not wait for it is the scenario's matter.
fn play(script: &str, stream: TcpStream) {
    let mut wire = serve(stream);
    for line in script.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "accept" => {
                let fields = rest.split("; ").filter(|field| !field.is_empty());
                let fields: Vec<String> = fields.map(|field| format!("{field}\r\n")).collect();
                let response = wire.response().replacen("\r\n\r\n", "\r\n", 1);
                wire.write(response + &fields.concat() + "\r\n");
            }
            "answer" => {
                let head = rest.replace("; ", "\r\n");
                wire.write(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"));
            }
            "read" => {
                wire.read_frame();
            }
            // What differs ends the connection, which the output shows.
            "want" if wire.read_frame().payload != rest.as_bytes() => return wire.end(),
            "want" => {}
            "text" => wire.write(frame(TEXT, rest.as_bytes())),
            "ping" => wire.write(frame(PING, rest.as_bytes())),
            "many" => {
                let (count, text) = rest.split_once(' ').expect("a count and a text");
                let count = count.parse().expect("a count");
                wire.write(frame(TEXT, text.as_bytes()).repeat(count));
            }
            "long" => {
                let len = rest.parse().expect("a length");
                wire.write(frame(TEXT, "x".repeat(len).as_bytes()));
            }
            "bytes" => wire.write_hex(rest),
            "close" => until_close(&mut wire, |_| None),
            "echo" => until_close(&mut wire, |frame| Some(frame.opcode)),
            "wait" => return wire.wait_for_end(),
            "end" => return wire.end(),
            _ => panic!("{line:?} is nothing that a server does"),
        }
    }
}

/// Answers a Close frame, and before it what `opcode` says.
fn until_close(wire: &mut Wire, opcode: impl Fn(&Frame) -> Option<u8>) {
    loop {
        let received = wire.read_frame();
        let answer = match received.opcode {
            CLOSE => Some(CLOSE),
            PING => opcode(&received).map(|_| PONG),
            _ => opcode(&received),
        };
        if let Some(opcode) = answer {
            wire.write(frame(opcode, &received.payload));
        }
        if received.opcode == CLOSE {
            return;
        }
    }
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u64;
    let head = match u8::try_from(len) {
        Ok(len) if len < 126 => vec![len],
        // The 64-bit form does for all others.
        _ => [&[127][..], &len.to_be_bytes()].concat(),
    };
    [&[0x80 | opcode], &*head, payload].concat()
}
