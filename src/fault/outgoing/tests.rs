use super::*;
use crate::proto::frame::CloseCode;

/// An outgoing direction with the faults that are written.
fn outgoing(faults: &[&str]) -> Outgoing {
    let faults: Vec<crate::fault::Fault> = faults.iter().map(|it| it.parse().unwrap()).collect();
    let mut outgoing = Outgoing::new(Instant::now());
    for (index, fault) in faults.iter().enumerate() {
        outgoing.add(&fault.kind, Dice::new(9).of(index as u64));
    }
    outgoing
}

fn text(payload: &str) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap();
    [&[0x81, len], payload.as_bytes()].concat()
}

/// What passes of messages, each written and flushed on its own.
fn passed(outgoing: &mut Outgoing, messages: &[&str]) -> Vec<u8> {
    let (now, mut out) = (Instant::now(), Vec::new());
    for message in messages {
        outgoing.write(&text(message), &mut out, now);
        outgoing.flush(&mut out, now);
    }
    out
}

fn texts(messages: &[&str]) -> Vec<u8> {
    messages.iter().flat_map(|message| text(message)).collect()
}

#[test]
fn fin_strikes_after_the_messages_and_nothing_passes_after_it() {
    let mut outgoing = outgoing(&["fin after 2 messages"]);
    assert_eq!(passed(&mut outgoing, &["a", "b", "c"]), texts(&["a", "b"]));
    outgoing.note_withheld();
    assert_eq!(
        outgoing.take_notes(),
        ["fin after 2 messages", "1 message after that was not sent"]
    );
    assert!(matches!(
        outgoing.take_stop(),
        Some(CloseMode::Abandon { reset: false })
    ));
}

#[test]
fn rst_strikes_at_the_very_byte() {
    let mut outgoing = outgoing(&["rst after 4 bytes"]);
    assert_eq!(passed(&mut outgoing, &["abc", "d"]), b"\x81\x03ab");
    assert!(matches!(
        outgoing.take_stop(),
        Some(CloseMode::Abandon { reset: true })
    ));
}

#[test]
fn of_a_close_only_the_close_frame_passes() {
    let mut outgoing = outgoing(&["close 1012 after 1 message"]);
    let mut out = passed(&mut outgoing, &["a", "b"]);
    let Some(CloseMode::Close { frame, .. }) = outgoing.take_stop() else {
        panic!("no close");
    };
    assert_eq!(frame.unwrap().code, CloseCode(1012));
    outgoing.write(b"\x88\x02\x03\xf4", &mut out, Instant::now());
    assert_eq!(out, b"\x81\x01a\x88\x02\x03\xf4");
}

#[test]
fn time_counts_from_the_opening() {
    let mut outgoing = outgoing(&["silent after 1s"]);
    let (now, mut out) = (Instant::now(), Vec::new());
    outgoing.open(now);
    assert_eq!(outgoing.deadline(), Some(now + Duration::from_secs(1)));
    outgoing.handle_timeout(&mut out, now + Duration::from_millis(999));
    assert!(!outgoing.holds());
    outgoing.handle_timeout(&mut out, now + Duration::from_secs(1));
    assert_eq!(
        outgoing.take_notes(),
        ["silent after 1s, nothing is sent from now on"]
    );
    assert!(outgoing.holds() && outgoing.deadline().is_none());
    assert!(passed(&mut outgoing, &["a"]).is_empty());
}

#[test]
fn a_cut_leaves_half_of_the_message() {
    let mut outgoing = outgoing(&["cut in message 2"]);
    assert_eq!(
        passed(&mut outgoing, &["abcd", "efgh", "i"]),
        b"\x81\x04abcd\x81\x04e"
    );
    assert_eq!(outgoing.take_notes(), ["cut in message 2"]);
}

#[test]
fn what_passes_follows_from_the_seed_and_not_from_the_writes() {
    let faults = ["drop 30%", "duplicate 20%", "corrupt 30%", "truncate 20%"];
    let messages: Vec<String> = (0..200).map(|number| format!("message {number}")).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    let mut one = outgoing(&faults);
    let by_message = passed(&mut one, &messages);
    let (mut other, mut out) = (outgoing(&faults), Vec::new());
    for byte in texts(&messages) {
        other.write(&[byte], &mut out, Instant::now());
    }
    assert_eq!(by_message, out);
    assert_eq!(one.take_notes(), other.take_notes());
    assert_ne!(out, texts(&messages));
}

#[test]
fn drop_and_duplicate_leave_the_others_alone() {
    let mut outgoing = outgoing(&["drop 100%"]);
    assert!(passed(&mut outgoing, &["a", "b"]).is_empty());
    assert_eq!(outgoing.take_notes(), ["drop message 1", "drop message 2"]);
    let mut outgoing = self::outgoing(&["duplicate 100%"]);
    assert_eq!(
        passed(&mut outgoing, &["a", "b"]),
        texts(&["a", "a", "b", "b"])
    );
}

#[test]
fn a_reordered_message_goes_after_the_next_or_when_none_comes() {
    let mut outgoing = outgoing(&["reorder 100%"]);
    assert_eq!(passed(&mut outgoing, &["a", "b", "c"]), texts(&["b", "a"]));
    assert_eq!(
        outgoing.take_notes(),
        ["reorder, message 1 goes after message 2"]
    );
    let (deadline, mut out) = (outgoing.deadline().unwrap(), Vec::new());
    outgoing.handle_timeout(&mut out, deadline);
    assert_eq!(out, text("c"));
    // A Close frame does not overtake.
    let mut out = passed(&mut outgoing, &["d"]);
    outgoing.write(b"\x88\0", &mut out, Instant::now());
    assert_eq!(out, [&text("d")[..], b"\x88\0"].concat());
}

#[test]
fn corrupt_text_stays_utf8_and_is_another() {
    for message in ["{\"a\":1}", "größer 🦀", "\u{ffff}", "\u{d7ff}\u{e000}"] {
        let mut outgoing = outgoing(&["corrupt 100%"]);
        let out = passed(&mut outgoing, &[message]);
        let out = str::from_utf8(&out[2..]).expect("UTF-8");
        assert_eq!(out.len(), message.len());
        assert_ne!(out, message);
    }
    assert_eq!(passed(&mut outgoing(&["corrupt 100%"]), &[""]), text(""));
}

#[test]
fn truncated_text_is_shorter_and_utf8() {
    for message in ["abcdef", "🦀🦀🦀"] {
        let out = passed(&mut outgoing(&["truncate 100%"]), &[message]);
        let out = str::from_utf8(&out[2..]).expect("UTF-8");
        assert!(
            message.starts_with(out) && out.len() < message.len(),
            "{out}"
        );
    }
}

#[test]
fn bad_utf8_is_in_text_only() {
    let mut outgoing = outgoing(&["bad-utf8 100%"]);
    for message in ["abc", ""] {
        let out = passed(&mut outgoing, &[message]);
        assert!(str::from_utf8(&out[2..]).is_err());
        assert_eq!(usize::from(out[1]), out.len() - 2);
    }
    let mut out = Vec::new();
    outgoing.write(b"\x82\x01b", &mut out, Instant::now());
    assert_eq!(out, b"\x82\x01b");
}

#[test]
fn fragments_have_pings_between_them() {
    let out = passed(&mut outgoing(&["fragments"]), &["abcdef"]);
    assert_eq!(out, b"\x01\x02ab\x89\0\0\x02cd\x89\0\x80\x02ef");
}

#[test]
fn masked_messages_are_changed_below_their_mask() {
    let mut outgoing = outgoing(&["truncate 100%"]);
    let mut out = Vec::new();
    outgoing.write(
        b"\x82\x82\x01\x02\x03\x04\x61\x61",
        &mut out,
        Instant::now(),
    );
    let len = usize::from(out[1] & 0x7f);
    assert!(len < 2 && out[1] & 0x80 != 0);
    assert_eq!(out[..2 + 4 + len][2..6], [1, 2, 3, 4]);
    assert_eq!(out[6..], [0x61, 0x61][..len]);
}

#[test]
fn bytes_that_are_no_frame_pass_when_they_are_flushed() {
    let mut outgoing = outgoing(&["drop 100%"]);
    let (now, mut out) = (Instant::now(), Vec::new());
    outgoing.write(b"\x81\x7fnot a frame", &mut out, now);
    assert!(out.is_empty());
    outgoing.flush(&mut out, now);
    assert_eq!(out, b"\x81\x7fnot a frame");
}

#[test]
fn only_answers_to_a_close_are_withheld() {
    let (now, mut out) = (Instant::now(), Vec::new());
    let mut first = outgoing(&["no-close"]);
    first.write(b"\x88\0", &mut out, now);
    assert_eq!(out, b"\x88\0");
    let mut second = outgoing(&["no-close"]);
    second.is_closed_by_peer = true;
    second.write(b"\x88\0", &mut out, now);
    assert_eq!(out, b"\x88\0");
    assert!(second.holds());
}

#[test]
fn what_the_server_wants_to_send_is_known_to_pass_before_it_is_written() {
    let now = Instant::now();
    let message = Message::whole(crate::proto::message::Kind::Text, b"hello", None);
    let mut counted = outgoing(&["silent after 1 message"]);
    let announced = [(); 2].map(|()| counted.announce(&message, now));
    assert_eq!(announced, [true, false]);
    let mut timed = outgoing(&["silent after 1s"]);
    timed.open(now);
    assert!(timed.announce(&message, now) && !timed.withholds(true));
    let later = now + Duration::from_secs(1);
    timed.handle_timeout(&mut Vec::new(), later);
    timed.take_notes();
    for _ in 0..3 {
        assert!(!timed.announce(&message, later));
    }
    assert!(timed.withholds(true) && timed.withholds(false));
    assert_eq!(timed.take_notes(), ["text 5 B is not sent"]);
}
