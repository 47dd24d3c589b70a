//! Frames and messages as lines for people: time, arrow, kind, size, payload.

mod line;

use std::fmt::Write;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::clock::Clock;
use super::close::{close_text, violation_text};
use super::escape::escape_line;
use super::frame::frame_text;
use super::handshake;
use super::http2;
use super::label::Label;
use super::mask::Secrets;
use super::payload::{self, TEXT_SHOWN};
use super::quantity;
use super::reconnect;
use super::request_pairs::RequestPairs;
use super::show::Show;
use super::style::{Role, Style};
use crate::dial::Step;
use crate::event::{Direction, Event, Side};
use crate::proto::connection::{self, AutoPong, Message};
use crate::proto::frame::{CloseFrame, Opcode};
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::proto::receiver::WireHeader;
use crate::proto::rules::Violation;
use crate::proto::sender::Control;
use crate::secret::Redactor;

/// Writes events as lines; everything from the peer is escaped.
#[derive(Debug, Clone)]
pub struct Human {
    pub show: Show,
    /// The number of the next message, if it has one.
    pub number: Option<u64>,
    /// What became of a frame that breaks a rule and is tolerated.
    pub tolerated: &'static str,
    /// Whose connection events below it are of, where something passes between two.
    pub side: Option<Side>,
    /// The name of the connection, where there are several.
    pub label: Option<Label>,
    style: Style,
    secrets: Secrets,
    clock: Clock,
    last: Option<Instant>,
    /// The end of the last connection is shown.
    is_offline: bool,
    last_hint: Option<String>,
    /// The warnings about the last step that had some.
    last_warning: String,
    /// What was sent as a secret.
    redactor: Redactor,
    replies: RequestPairs,
}

/// What a protocol on top makes of a message.
#[derive(Debug, Clone, Copy)]
pub struct OnTop<'a> {
    pub direction: Direction,
    pub label: &'a str,
    /// JSON is laid out.
    pub payload: &'a str,
    pub note: &'a str,
}

impl Human {
    pub fn new(show: Show, style: Style, secrets: Secrets, clock: Clock) -> Self {
        Self {
            show,
            number: None,
            tolerated: "tolerated (--lenient)",
            side: None,
            label: None,
            style,
            secrets,
            clock,
            last: None,
            is_offline: false,
            last_hint: None,
            last_warning: String::new(),
            redactor: Redactor::default(),
            replies: RequestPairs::default(),
        }
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// Lays everything out for a terminal of this width from now on.
    pub fn fit(&mut self, columns: usize) {
        self.style = self.style.within(columns);
    }

    /// Shows events like `other` from now on.
    pub fn adopt(&mut self, other: &Self) {
        self.show = other.show;
        self.style = other.style;
    }

    pub fn secrets(&self) -> Secrets {
        self.secrets
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn time_at(&self, now: Instant) -> Timestamp {
        self.clock.time(now)
    }

    /// Whether it may show `event`: messages are too frequent to find out by writing.
    #[inline]
    pub fn shows(&self, event: &Event<'_>) -> bool {
        self.show.messages || !matches!(event, Event::Connection(connection::Event::Message(_)))
    }

    pub fn event(&mut self, out: &mut String, event: &Event<'_>, now: Instant) {
        if let Event::Carried(carried) = event {
            // Looks as in an opening.
            let is_shown = |event: &Event<'_>| match event {
                Event::Step(Step::Http2(_)) => true,
                _ => self.show.polls,
            };
            if let Some(event) = carried.in_opening().filter(is_shown) {
                self.event(out, &event, now);
            }
            return;
        }
        let start = out.len();
        self.write(out, event, now);
        if let Some(request) = event.request() {
            self.learn(request);
        }
        match event {
            // What the server may repeat of a request; messages are shown as they are.
            Event::Response(_)
            | Event::Step(Step::ProxyResponse(_))
            | Event::Redirected(_)
            | Event::Retry(_)
            | Event::Offline(_)
            | Event::Connection(connection::Event::Close(_)) => {
                let shown = self.redactor.text(&out[start..]).into_owned();
                out.truncate(start);
                out.push_str(&shown);
            }
            _ => {}
        }
    }

    /// Masks the secrets of a request from now on, where the server repeats them.
    pub fn learn(&mut self, request: &Head) {
        self.secrets.learn(&mut self.redactor, request);
    }

    fn write(&mut self, out: &mut String, event: &Event<'_>, now: Instant) {
        match event {
            Event::Connection(event) => self.connection(out, event, now),
            Event::Retry(retry) => {
                if std::mem::take(&mut self.is_offline) {
                    // How the last one ended was shown when it did.
                    return self.note(out, Role::Fact, "* reconnecting", now);
                }
                let style = self.beside();
                let hint = reconnect::retry_hint(retry, &mut self.last_hint, style);
                out.push_str(&self.labelled(hint));
                let text = reconnect::retry(retry);
                if retry.delay.is_zero() {
                    self.note(out, Role::Fact, &format!("* {text}"), now);
                } else {
                    self.note(out, Role::Warning, &format!("! {text}"), now);
                }
            }
            Event::Reconnected(span) => {
                let text = format!("* {}", reconnect::reconnected(*span));
                self.note(out, Role::Warning, &text, now);
            }
            Event::Offline(offline) => {
                let mut text = String::new();
                reconnect::offline(&mut text, offline, self.beside());
                out.push_str(&self.labelled(text));
                self.is_offline = true;
            }
            Event::Fault(text) => {
                let text = format!("! fault: {}", escape_line(text));
                self.note(out, Role::Warning, &text, now);
            }
            Event::Carried(_) => {}
            _ if !self.show.handshake => {}
            _ => {
                let mut text = String::new();
                self.opening(&mut text, event);
                out.push_str(&self.labelled(text));
            }
        }
    }

    fn opening(&self, out: &mut String, event: &Event<'_>) {
        match event {
            Event::CredentialsInClear(host) => handshake::exposed(out, host, self.style),
            Event::Redirected(it) => handshake::redirected(out, it, self.style, self.secrets),
            Event::Step(Step::Http2(seen)) if !self.show.frames && !http2::is_telling(seen) => {}
            Event::Step(Step::Http2(seen)) => {
                handshake::fact(out, &http2::seen(seen, self.side), self.style);
            }
            Event::Step(step) => {
                let started = self.clock.started();
                handshake::step(out, step, self.style, self.secrets, started);
            }
            Event::Request(head) => self.request(out, head),
            Event::Response(head) => self.response(out, head),
            Event::Open(open) => handshake::open(out, open, self.style, self.secrets),
            _ => {}
        }
    }

    /// Writes only the warnings about `event` that appear even if nothing else does.
    ///
    /// A second connection of an opening, as after a redirect or without HTTP/2, repeats none.
    pub fn warning(&mut self, out: &mut String, event: &Event<'_>) {
        let mut text = String::new();
        handshake::warning(&mut text, event, self.style, self.clock.started());
        if text.is_empty() || text == self.last_warning {
            return;
        }
        self.last_warning.clone_from(&text);
        out.push_str(&self.labelled(text));
    }

    pub fn sent(&mut self, out: &mut String, message: &Message<'_>, now: Instant) {
        self.raw(out, Direction::Sent, message, now);
    }

    /// Writes a message as it is.
    pub fn raw(
        &mut self,
        out: &mut String,
        direction: Direction,
        message: &Message<'_>,
        now: Instant,
    ) {
        if self.show.messages {
            self.message(out, direction, message, now);
        }
    }

    /// Writes what a protocol on top makes of a message; nothing of it needs to be escaped before.
    pub fn on_top(&mut self, out: &mut String, it: &OnTop<'_>, now: Instant) {
        self.numbered(out);
        self.start(out, it.direction, now);
        let label = escape_line(it.label);
        let _ = write!(out, "{}", self.style.paint(Role::Kind, label));
        let head = out.len();
        payload::text(out, it.payload.as_bytes(), &self.show, self.style);
        if !it.note.is_empty() {
            let note = escape_line(it.note);
            payload::append(out, head, &note, self.style);
        }
    }

    pub fn request(&self, out: &mut String, head: &Head) {
        handshake::head(out, head, Direction::Sent, self.style, self.secrets);
    }

    pub fn response(&self, out: &mut String, head: &Head) {
        handshake::head(out, head, Direction::Received, self.style, self.secrets);
    }

    fn connection(&mut self, out: &mut String, event: &connection::Event<'_>, now: Instant) {
        use connection::Event::{Close, FrameReceived, FrameSent, Message, Ping, Pong, Sent};
        match event {
            FrameReceived(header) if self.show.frames => {
                self.frame(out, Direction::Received, header, now);
            }
            FrameSent(header) if self.show.frames => self.frame(out, Direction::Sent, header, now),
            Message(message) if self.show.messages => {
                self.message(out, Direction::Received, message, now);
            }
            Ping { payload, answer } if self.show.ping => self.ping(out, payload, *answer, now),
            Pong { payload, rtt } if self.show.pong => self.pong(out, payload, *rtt, now),
            Close(frame) if self.show.close => {
                self.close(out, Direction::Received, frame.as_ref(), now);
            }
            Sent(control) => self.control(out, control, now),
            connection::Event::Violation(violation) => {
                self.violation(out, violation, "! ", Role::Error);
            }
            connection::Event::Tolerated(violation) => {
                let what = format!("! {}: ", self.tolerated);
                self.violation(out, violation, &what, Role::Warning);
            }
            _ => {}
        }
    }

    /// Writes a received message, with the output of a filter in place of its payload.
    pub fn filtered(
        &mut self,
        out: &mut String,
        message: &Message<'_>,
        outputs: &[Vec<u8>],
        now: Instant,
    ) {
        self.head(out, Direction::Received, message, now);
        for (at, output) in outputs.iter().enumerate() {
            if at > 0 {
                out.push_str("  ⋯");
            }
            payload::text(out, output, &self.show, self.style);
        }
    }

    fn message(
        &mut self,
        out: &mut String,
        direction: Direction,
        message: &Message<'_>,
        now: Instant,
    ) {
        self.head(out, direction, message, now);
        let payload = message.payload;
        match (message.start && message.end, message.kind) {
            (false, _) => {
                let end = if message.end { "last piece" } else { "piece" };
                let _ = writeln!(out, "   ({end} of a message that is printed as it arrives)");
            }
            (true, Kind::Text) => payload::text(out, payload, &self.show, self.style),
            (true, Kind::Binary) => payload::binary(out, payload, &self.show, self.style),
        }
    }

    /// Writes the start of a line, up to the payload.
    fn head(
        &mut self,
        out: &mut String,
        direction: Direction,
        message: &Message<'_>,
        now: Instant,
    ) {
        let payload = message.payload;
        self.numbered(out);
        self.start(out, direction, now);
        let kind = self.style.paint(Role::Kind, message.kind);
        let _ = write!(out, "{kind} {}", size(payload.len()));
        if let Some(wire) = message.deflated.filter(|_| self.show.deflated) {
            self.fact(out, format_args!(" (deflate {})", quantity::size(wire)));
        }
        let is_short = message.start && message.end && payload.len() <= TEXT_SHOWN;
        if is_short
            && let Ok(text) = str::from_utf8(payload)
            && let Some(took) = self.replies.take(direction, text, now)
        {
            let took = quantity::duration(took);
            self.fact(out, format_args!(" (reply after {took})"));
        }
    }

    fn ping(&mut self, out: &mut String, payload: &[u8], answer: AutoPong, now: Instant) {
        let note = match answer {
            AutoPong::Sent => "   (pong sent)",
            AutoPong::Queued => "   (pong queued)",
            AutoPong::None => "   (no pong)",
            AutoPong::NotOurs => "",
        };
        self.small(out, Direction::Received, Opcode::PING, payload, note, now);
    }

    fn pong(&mut self, out: &mut String, payload: &[u8], rtt: Option<Duration>, now: Instant) {
        let note = match rtt {
            Some(rtt) => format!("   (round trip {})", quantity::duration(rtt)),
            None => "   (unsolicited)".to_owned(),
        };
        self.small(out, Direction::Received, Opcode::PONG, payload, &note, now);
    }

    fn control(&mut self, out: &mut String, control: &Control, now: Instant) {
        match control {
            Control::Ping(payload) if self.show.ping => {
                self.small(out, Direction::Sent, Opcode::PING, payload, "", now);
            }
            Control::Pong(payload) if self.show.pong => {
                self.small(out, Direction::Sent, Opcode::PONG, payload, "", now);
            }
            Control::Close(frame) if self.show.close => {
                self.close(out, Direction::Sent, frame.as_ref(), now);
            }
            _ => {}
        }
    }

    fn small(
        &mut self,
        out: &mut String,
        direction: Direction,
        opcode: Opcode,
        payload: &[u8],
        note: &str,
        now: Instant,
    ) {
        self.start(out, direction, now);
        let _ = write!(
            out,
            "{} {}",
            self.style.paint(Role::Kind, opcode),
            size(payload.len())
        );
        if !payload.is_empty() {
            let _ = write!(out, " \"{}\"", escape_line(payload));
        }
        let _ = writeln!(out, "{}", self.style.paint(Role::Fact, note));
    }

    fn close(
        &mut self,
        out: &mut String,
        direction: Direction,
        frame: Option<&CloseFrame>,
        now: Instant,
    ) {
        self.start(out, direction, now);
        let _ = writeln!(
            out,
            "{} {}",
            self.style.paint(Role::Kind, "close"),
            close_text(frame)
        );
    }

    fn violation(&self, out: &mut String, violation: &Violation, mark: &str, role: Role) {
        let text = violation_text(violation);
        let text = self.beside().prose(role, &format!("{mark}{text}"));
        let _ = writeln!(out, "{}", self.labelled(text));
    }

    fn frame(&mut self, out: &mut String, direction: Direction, frame: &WireHeader, now: Instant) {
        self.start(out, direction, now);
        let text = format!("frame {}", frame_text(frame));
        let _ = writeln!(out, "{}", self.style.paint(Role::Fact, text));
    }
}

fn size(len: usize) -> String {
    quantity::size(len as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::frame::{CloseCode, Header};
    use crate::render::Decode;
    use crate::render::show::Timestamps;

    fn human() -> (Human, Instant) {
        let start = Instant::now();
        let clock = Clock::new(start, "2026-11-20T12:01:02.123Z".parse().unwrap()).in_utc();
        let human = Human::new(Show::REPL, Style::new(false), Secrets::Masked, clock);
        (human, start)
    }

    fn shown(event: &connection::Event<'_>) -> String {
        let (mut human, start) = human();
        let mut out = String::new();
        human.event(&mut out, &Event::Connection(event), start);
        out
    }

    fn message(kind: Kind, payload: &[u8]) -> String {
        shown(&connection::Event::Message(Message {
            kind,
            payload,
            start: true,
            end: true,
            deflated: None,
        }))
    }

    #[test]
    fn messages_show_time_arrow_kind_size_and_payload() {
        assert_eq!(
            message(Kind::Text, b"hello"),
            "12:01:02.123 ← text 5 B   hello\n"
        );
        assert_eq!(
            message(Kind::Text, b"{\"op\":\"hi\"}"),
            "12:01:02.123 ← text 11 B   { \"op\": \"hi\" }\n"
        );
        assert_eq!(message(Kind::Text, b""), "12:01:02.123 ← text 0 B\n");
        assert_eq!(
            message(Kind::Text, b"two\nlines"),
            "12:01:02.123 ← text 9 B\n  two\n  lines\n"
        );
        assert!(
            message(Kind::Binary, b"\xde\xad")
                .starts_with("12:01:02.123 ← binary 2 B\n  00000000  de ad")
        );
    }

    #[test]
    fn a_line_with_a_time_is_wrapped_at_the_width_of_the_terminal() {
        let (mut human, start) = human();
        human.fit(40);
        let mut out = String::new();
        let text = "! the server is not there yet; next attempt in 0.5 s";
        human.note(&mut out, Role::Warning, text, start);
        let rows = [
            "12:01:02.123 ! the server is not there",
            "  yet; next attempt in 0.5 s",
        ];
        assert_eq!(out.lines().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn long_messages_are_cut_and_say_so() {
        let long = message(Kind::Text, &vec![b'x'; TEXT_SHOWN + 2048]);
        assert!(long.ends_with("… 2.0 KiB more\n"));
    }

    #[test]
    fn control_frames_show_what_happens_next() {
        let ping = shown(&connection::Event::Ping {
            payload: b"abcd",
            answer: AutoPong::Sent,
        });
        assert_eq!(ping, "12:01:02.123 ← ping 4 B \"abcd\"   (pong sent)\n");
        let close = CloseFrame::new(CloseCode::GOING_AWAY, "restarting\x1b[2J");
        assert_eq!(
            shown(&connection::Event::Close(Some(close))),
            "12:01:02.123 ← close 1001 going away \"restarting\\x1b[2J\"\n"
        );
    }

    fn text(payload: &str) -> Message<'_> {
        Message::whole(Kind::Text, payload.as_bytes(), None)
    }

    #[test]
    fn the_time_in_front_takes_every_form() {
        for (form, lines) in [
            (Timestamps::None, ["→ text 1 B   a", "→ text 1 B   b"]),
            (
                Timestamps::Iso,
                [
                    "2026-11-20T12:01:02.123250Z → text 1 B   a",
                    "2026-11-20T12:01:03.623250Z → text 1 B   b",
                ],
            ),
            (
                Timestamps::Rel,
                ["   0.000250 → text 1 B   a", "   1.500250 → text 1 B   b"],
            ),
            (
                Timestamps::Delta,
                ["   0.000250 → text 1 B   a", "   1.500000 → text 1 B   b"],
            ),
        ] {
            let (mut human, start) = human();
            human.show.time = form;
            let mut out = String::new();
            let now = start + Duration::from_micros(250);
            human.sent(&mut out, &text("a"), now);
            human.sent(&mut out, &text("b"), now + Duration::from_millis(1500));
            assert_eq!(out.lines().collect::<Vec<_>>(), lines);
        }
    }

    #[test]
    fn a_reply_says_how_long_it_took() {
        let (mut human, start) = human();
        let mut out = String::new();
        human.show.time = Timestamps::None;
        human.sent(&mut out, &text("{\"id\":1}"), start);
        let reply = connection::Event::Message(text("{\"id\":1,\"result\":2}"));
        let now = start + Duration::from_millis(12);
        human.event(&mut out, &Event::Connection(&reply), now);
        assert_eq!(
            out,
            "→ text 8 B   { \"id\": 1 }\n\
             ← text 19 B (reply after 12.0 ms)   { \"id\": 1, \"result\": 2 }\n"
        );
    }

    #[test]
    fn binary_messages_are_decoded_or_dumped() {
        let pack = b"\x81\xa1a\x92\x01\xc4\x01\xff";
        let shown = |decode, hex| {
            let (mut human, start) = human();
            human.show.decode = decode;
            human.show.hex = hex;
            let mut out = String::new();
            human.sent(&mut out, &Message::whole(Kind::Binary, pack, None), start);
            out.strip_prefix("12:01:02.123 → binary 8 B")
                .expect("a line")
                .to_owned()
        };
        let decoded = "   { \"a\": [1, h'ff'] }\n";
        assert_eq!(
            shown(Decode::Auto, true),
            format!(" (looks like MessagePack){decoded}")
        );
        assert_eq!(
            shown(Decode::MessagePack, false),
            format!(" (MessagePack){decoded}")
        );
        assert!(shown(Decode::Hex, true).starts_with("\n  00000000  81 a1 61 92"));
        assert_eq!(shown(Decode::Hex, false), "\n");
        let failed = shown(Decode::Protobuf, true);
        assert!(
            failed.starts_with("   (not protobuf: ") && failed.contains("\n  00000000  81"),
            "{failed}"
        );
    }

    #[test]
    fn filter_output_replaces_the_payload() {
        let (mut human, start) = human();
        let mut out = String::new();
        let outputs = [b"{\"a\":1}".to_vec(), b"raw\x1b".to_vec()];
        human.filtered(&mut out, &text("[1]"), &outputs, start);
        assert_eq!(
            out,
            "12:01:02.123 ← text 3 B   { \"a\": 1 }\n  ⋯   raw\\x1b\n"
        );
    }

    #[test]
    fn a_cut_is_not_inside_a_character() {
        let long = format!("{}é{}", "x".repeat(TEXT_SHOWN - 1), "y".repeat(10));
        let shown = message(Kind::Text, long.as_bytes());
        assert!(
            shown.ends_with("x\n  … 12 B more\n"),
            "{}",
            &shown[shown.len() - 40..]
        );
    }

    #[test]
    fn frames_show_every_bit_of_their_header() {
        let (mut human, start) = human();
        human.show.frames = true;
        let (header, size) = Header::decode(&[0xc1, 0xfe, 0, 5, 1, 2, 3, 4]).unwrap();
        let mut bytes = [0; Header::MAX];
        bytes[..8].copy_from_slice(&[0xc1, 0xfe, 0, 5, 1, 2, 3, 4]);
        let frame = WireHeader {
            header,
            bytes,
            size,
            offset: 120,
        };
        let mut out = String::new();
        human.event(
            &mut out,
            &Event::Connection(&connection::Event::FrameReceived(Box::new(frame))),
            start,
        );
        assert_eq!(
            out,
            "12:01:02.123 ← frame FIN RSV1 text, mask 01020304, 5 B (16-bit, not minimal), \
             header c1 fe 00 05 01 02 03 04 at offset 120\n"
        );
    }
}
