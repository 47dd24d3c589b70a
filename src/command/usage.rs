//! The list of commands, for `/help`, completion and suggestions.

#[derive(Debug, PartialEq, Eq)]
pub struct Usage {
    /// The name, without `/`.
    pub name: &'static str,
    /// The arguments; optional ones in brackets, empty if there are none.
    pub args: &'static str,
    pub help: &'static str,
    /// Further explanation, wrapped at words when it is printed.
    pub details: &'static str,
    pub example: &'static str,
}

impl Usage {
    /// The arguments without brackets around all of them: once one is typed, the others are needed.
    pub(super) fn needed(&self) -> String {
        let inner = self.args.strip_prefix('[');
        let inner = inner.and_then(|inner| inner.strip_suffix(']'));
        let other = format!(", /{} ", self.name);
        inner.unwrap_or(self.args).replace(&other, ", or ")
    }
}

pub const COMMANDS: &[Usage] = &[
    Usage {
        name: "text",
        args: "[TEXT]",
        help: "send a text message",
        details: "For text that cannot be typed as a plain line: empty text, or text with an unclosed bracket.",
        example: "/text {",
    },
    Usage {
        name: "bin",
        args: "HEX",
        help: "send a binary message",
        details: "Spaces, ':', ',' and a 0x before a byte are ignored.",
        example: "/bin de ad be ef",
    },
    Usage {
        name: "b64",
        args: "DATA",
        help: "send a binary message given in base64",
        details: "Accepts the standard and the URL-safe alphabet, with or without padding.",
        example: "/b64 3q2+7w==",
    },
    Usage {
        name: "file",
        args: "PATH [text]",
        help: "send a file as one message",
        details: "Sent as a binary message, or as a text message with `text` after the path. A file of more\n\
                  than 64 KiB is sent in frames of 64 KiB while it is read; Ctrl-C stops that and closes\n\
                  the connection.",
        example: "/file hello.json text",
    },
    Usage {
        name: "edit",
        args: "[TEXT]",
        help: "write a text message in your editor",
        details: "Opens $VISUAL, $EDITOR or vi with TEXT, or with the last message. The saved text is sent\n\
                  without its final newline; nothing is sent if it did not change. Received messages are\n\
                  shown when the editor exits.",
        example: "/edit {}",
    },
    Usage {
        name: "fragment",
        args: "N TEXT",
        help: "send a text message in N frames",
        details: "The frames have about the same length; N is 1 to 10000 (RFC 6455 §5.4).",
        example: "/fragment 3 hello world",
    },
    Usage {
        name: "frame",
        args: "[KEY=V…] HEX|\"TEXT\"",
        help: "send any frame, even an invalid one",
        details: "fin=0|1 rsv1=0|1 rsv2=0|1 rsv3=0|1 opcode=0-15 or its name, mask=random|off|HEX,\n\
                  len=N|auto (the declared length), lenform=7|16|64; the default is a valid text frame.\n\
                  What the server does next is shown as its answer.",
        example: "/frame fin=0 rsv1=1 opcode=3 mask=off 48 65",
    },
    Usage {
        name: "every",
        args: "[PERIOD TEXT|stop]",
        help: "send a text message periodically",
        details: "PERIOD is 500ms, 5s, 1m …; the first message is sent at once, and {{n}} in it is its\n\
                  number. Without arguments, lists the timers. /every stop 2 stops the second one.",
        example: "/every 5s {\"op\":\"heartbeat\",\"id\":{{n}}}",
    },
    Usage {
        name: "repeat",
        args: "N TEXT|stop",
        help: "send a text message N times",
        details: "Sends as fast as the server reads; {{n}} is 1, then 2 … More than 10 messages are summed up\n\
                  instead of shown one by one. /repeat stop ends it early.",
        example: "/repeat 1000 {\"id\":{{n}}}",
    },
    Usage {
        name: "set",
        args: "[NAME [VALUE]]",
        help: "set a variable",
        details: "{{NAME}} in a message is replaced by the value, escaped inside a JSON string. {{uuid}} is a\n\
                  random UUID, {{now}} the time, {{\"{{\"}} two braces. Without VALUE, shows the variable;\n\
                  without NAME, lists all.",
        example: "/set user alice",
    },
    Usage {
        name: "capture",
        args: "NAME FILTER",
        help: "set a variable from the last JSON message",
        details: "The jq filter runs on the last JSON object or array received; strings lose their quotes.",
        example: "/capture id .result.id",
    },
    Usage {
        name: "raw",
        args: "HEX",
        help: "send raw bytes",
        details: "They are written to the stream between two frames, whatever they mean.",
        example: "/raw 81 85 37 fa 21 3d 7f 9f 4d 51 58",
    },
    Usage {
        name: "ping",
        args: "[DATA]",
        help: "send a ping",
        details: "DATA is text of at most 125 bytes; the pong must return it.",
        example: "/ping are you there",
    },
    Usage {
        name: "pong",
        args: "[DATA]",
        help: "send an unsolicited pong",
        details: "DATA is text of at most 125 bytes (RFC 6455 §5.5.3).",
        example: "/pong heartbeat",
    },
    Usage {
        name: "connect",
        args: "NAME URL [FLAG…]",
        help: "open another connection besides this one",
        details: "URL may be @PROFILE, and the flags are those of wsee URL. From then on each line shows the name of its connection;\n\
                  /use NAME makes it the one that lines and commands are about, /to NAME TEXT sends one\n\
                  message on it, /list lists them all. A name that is free again after its connection\n\
                  ended may be given to another one. Messages have one sequence of numbers.",
        example: "/connect other ws://localhost:8081 -H 'X-Room: 2'",
    },
    Usage {
        name: "use",
        args: "NAME",
        help: "send on another connection from now on",
        details: "Lines and commands are about this connection, which the prompt names. Ctrl-D leaves with\n\
                  its exit status.",
        example: "/use other",
    },
    Usage {
        name: "to",
        args: "NAME TEXT",
        help: "send one message on another connection",
        details: "TEXT is sent like a plain line; the connection in use stays the same.",
        example: "/to other hello",
    },
    Usage {
        name: "list",
        args: "",
        help: "list the connections",
        details: "The one in use is marked with >. A connection that has ended stays in the list: /use NAME\n\
                  and /reconnect open it again.",
        example: "/list",
    },
    Usage {
        name: "close",
        args: "[CODE [REASON]]",
        help: "close the connection",
        details: "CODE is 1000-1003, 1007-1014 or 3000-4999; REASON has at most 123 bytes.\n\
                  Without CODE the Close frame is empty (RFC 6455 §7.4). The prompt stays: /reconnect\n\
                  opens another connection, /quit leaves. With * it closes all connections.",
        example: "/close 1001 going away",
    },
    Usage {
        name: "reconnect",
        args: "",
        help: "close the connection and open another",
        details: "Uses the same options. Variables, timers, the filter, the recording and queued messages\n\
                  are kept. A connection that cannot be opened is retried as with --reconnect.",
        example: "/reconnect",
    },
    Usage {
        name: "drop",
        args: "",
        help: "drop the connection without a Close frame",
        details: "The server sees an abnormal closure, which it reports as 1006. Over HTTP/2 the stream ends (END_STREAM).",
        example: "/drop",
    },
    Usage {
        name: "reset",
        args: "",
        help: "reset the connection (TCP RST, over HTTP/2 RST_STREAM)",
        details: "The server sees \"connection reset by peer\".",
        example: "/reset",
    },
    Usage {
        name: "status",
        args: "",
        help: "show the state of the connection",
        details: "url, readyState, protocol, extensions and bufferedAmount, named as in the WebSocket API;\n\
                  also peer, TLS, age, counters, round-trip time and what is kept. With * it shows all\n\
                  connections.",
        example: "/status",
    },
    Usage {
        name: "stats",
        args: "",
        help: "show counts, rates and round-trip times",
        details: "Each sparkline covers the last minute, one character per second, scaled to the busiest\n\
                  second.",
        example: "/stats",
    },
    Usage {
        name: "headers",
        args: "",
        help: "show the headers of the opening handshake",
        details: "Both request and response, exactly as sent and received.",
        example: "/headers",
    },
    Usage {
        name: "find",
        args: "RE|jq FILTER",
        help: "list the messages that match",
        details: "RE is a regular expression, (?i) before it ignores case; a message matches a jq filter that\n\
                  yields anything but false and null. Looks through the messages that are kept, in both\n\
                  directions and over reconnects (--keep). With * it looks through all connections.",
        example: "/find jq .op == \"trade\" and .price > 100",
    },
    Usage {
        name: "last",
        args: "[N]",
        help: "list the last N messages",
        details: "Without N, the last 10, one line each.",
        example: "/last 20",
    },
    Usage {
        name: "view",
        args: "",
        help: "look at the messages in a full screen",
        details: "A list with the selected message below it; ? in it lists the keys, q comes back. F2 does\n\
                  the same and keeps what is typed. The connection goes on.",
        example: "/view",
    },
    Usage {
        name: "pause",
        args: "",
        help: "stop showing messages; they are received and kept",
        details: "A row above the prompt says how many wait. Enter on an empty line or /resume shows them,\n\
                  or a summary if they are more than a screen. What you send is shown as before.",
        example: "/pause",
    },
    Usage {
        name: "resume",
        args: "",
        help: "show messages again after /pause",
        details: "Enter on an empty line does the same.",
        example: "/resume",
    },
    Usage {
        name: "resend",
        args: "MESSAGE [edit]",
        help: "send a message again",
        details: "MESSAGE is a number, $ for the last or $-1 for the one before; a received message is sent\n\
                  back. With edit, your editor opens first.",
        example: "/resend 12",
    },
    Usage {
        name: "save",
        args: "MESSAGE FILE, /save NAME",
        help: "save a message in a file, or name the last sent one",
        details: "/save 12 FILE writes the payload of #12 to a new file. /save NAME names the last message\n\
                  you sent: /send NAME sends it again, variables and all. [messages] in the configuration\n\
                  file keeps names for every run.",
        example: "/save 12 reply.json",
    },
    Usage {
        name: "send",
        args: "[NAME]",
        help: "send the message of this name",
        details: "Names come from /save NAME and from [messages] in the configuration file. Without NAME,\n\
                  lists them.",
        example: "/send login",
    },
    Usage {
        name: "diff",
        args: "MESSAGE MESSAGE",
        help: "show how two messages differ",
        details: "JSON is compared by value, whatever the order of its keys.",
        example: "/diff $-1 $",
    },
    Usage {
        name: "copy",
        args: "MESSAGE",
        help: "copy the payload of a message to the clipboard",
        details: "Through the terminal (OSC 52), which may have to allow it; at most 64 KiB. Bytes that are\n\
                  not UTF-8 are copied as base64.",
        example: "/copy $",
    },
    Usage {
        name: "show",
        args: "[MESSAGE [FORM]|TOPIC [on|off]]",
        help: "show a whole message, or choose what is shown",
        details: "/show 12 shows #12 as text, JSON, hexdump, base64, decoded, and with its frames; $ is the\n\
                  last message, $-1 the one before. FORM is one of text, json, hex, base64, decoded and\n\
                  frames. More than a screen goes to $PAGER.\n\
                  TOPIC is ping, pong, frames, raw, time, json, compact, hex or decode. Without arguments,\n\
                  lists them. raw is the messages beneath a protocol on top (/as); json lays JSON out;\n\
                  compact shows each message on one row, cut with …;\n\
                  time takes off, time, iso, rel or delta; decode, which chooses how binary messages are\n\
                  shown, takes off (a hexdump), auto, msgpack, cbor or protobuf.",
        example: "/show frames on",
    },
    Usage {
        name: "filter",
        args: "[FILTER|off]",
        help: "show received messages through a jq filter",
        details: "A message without output is not shown; one that is not JSON is shown as it is.\n\
                  With --as, FILTER sees the JSON that a pipe prints, as --jq does; what it leaves unchanged\n\
                  keeps the line of the protocol. Without arguments, shows the current filter.",
        example: "/filter select(.op == \"trade\") | .price",
    },
    Usage {
        name: "as",
        args: "[NAME]",
        help: "speak a protocol on top of WebSocket",
        details: "NAME is socket.io, or raw for none. The protocol's own commands are listed by /help while it is\n\
                  on. Without NAME, shows what is spoken. See --as, and wsee man protocols.",
        example: "/as socket.io",
    },
    Usage {
        name: "record",
        args: "[FILE|stop]",
        help: "start or stop recording the session",
        details: "FILE must end in .jsonl, .har or .wsee and must not exist yet; see --record. Only .jsonl\n\
                  has further connections (/connect), with their names.\n\
                  Without arguments, shows what is being recorded.",
        example: "/record chat.jsonl",
    },
    Usage {
        name: "history",
        args: "[N]",
        help: "list the last N lines typed",
        details: "Without N, lists all. A line that starts with a space is not kept.",
        example: "/history 10",
    },
    Usage {
        name: "help",
        args: "[COMMAND|keys]",
        help: "list the commands or the keys, or explain a command",
        details: "A line that does not start with / is sent as text; //x sends /x.",
        example: "/help close",
    },
    Usage {
        name: "quit",
        args: "",
        help: "close all connections and leave",
        details: "Same as Ctrl-D.",
        example: "/quit",
    },
];

pub(super) fn find(name: &str) -> Option<&'static Usage> {
    COMMANDS.iter().find(|usage| usage.name == name)
}

/// Commands that end or damage a connection: whoever follows a suggestion without reading it loses the session.
const NEVER_SUGGESTED: [&str; 5] = ["raw", "drop", "reset", "close", "quit"];

/// The command that `name` is most likely a misspelling or an abbreviation of.
pub(super) fn suggest(name: &str) -> Option<&'static Usage> {
    // Not typos: other prompts end with these words, and the intention is clear.
    if matches!(name, "exit" | "q" | "bye") {
        return find("quit");
    }
    let names = COMMANDS.iter().map(|usage| usage.name);
    nearest(name, names.filter(|name| !NEVER_SUGGESTED.contains(name))).and_then(find)
}

/// The word that `name` is most likely a misspelling or an abbreviation of.
pub fn nearest<'a>(name: &str, words: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let nearest = words
        .clone()
        .map(|word| (distance(name, word), word))
        .filter(|(distance, word)| *distance <= 2 && *distance + 1 < word.len())
        .min_by_key(|(distance, _)| *distance);
    let is_beginning = |word: &&str| !name.is_empty() && word.starts_with(name);
    let abbreviated = words.into_iter().find(is_beginning);
    abbreviated.or(nearest.map(|(_, word)| word))
}

/// The number of edits (insert, delete, replace, swap neighbours) that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut two_before = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = previous[j] + usize::from(a[i] != b[j]);
            let mut least = replaced.min(previous[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(two_before[j - 1] + 1);
            }
            row.push(least);
        }
        two_before = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_understood() {
        for usage in COMMANDS {
            let parsed = crate::command::parse(usage.example);
            assert!(parsed.is_ok(), "{}: {parsed:?}", usage.example);
        }
    }

    #[test]
    fn suggests_by_edits_beginnings_and_habit() {
        let cases = [
            ("pign", "ping"),
            ("headrs", "headers"),
            ("hist", "history"),
            ("exit", "quit"),
        ];
        for (typed, name) in cases {
            assert_eq!(suggest(typed).map(|usage| usage.name), Some(name));
        }
    }

    #[test]
    fn a_typo_never_leads_to_a_command_that_ends_the_connection() {
        for typed in [
            "resend", "rest", "rset", "drp", "dorp", "colse", "clos", "qiut", "quite", "rwa", "ra",
        ] {
            let suggested = suggest(typed).map(|usage| usage.name);
            let ends = suggested.is_some_and(|name| NEVER_SUGGESTED.contains(&name));
            assert!(!ends, "{typed}: {suggested:?}");
        }
    }

    #[test]
    fn suggests_nothing_for_a_different_word() {
        for typed in ["", "subscribe", "api/v1/users", "zz"] {
            assert_eq!(suggest(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_swap_is_one_edit() {
        assert_eq!(distance("pign", "ping"), 1);
        assert_eq!(distance("", "ping"), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
