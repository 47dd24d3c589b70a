//! Runs the wsee binary in a terminal, and looks at its screen.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use vt100::{Parser, Screen};

use super::run::peak_memory_of;
use super::{DEADLINE, binary};

const ROWS: u16 = 40;
const COLUMNS: u16 = 100;
/// How often a process is looked at while its end is awaited.
const POLL: Duration = Duration::from_millis(3);
/// What is drawn at once of a flood, in bytes; much more than the screen holds.
const MAX_DRAWN: usize = 64 << 10;
/// Ends what is painted in one go (DEC mode 2026): only there is the screen sure to be whole.
const PAINTED: &[u8] = b"\x1b[?2026l";
/// Asks where the cursor is.
const ASKED: &[u8] = b"\x1b[6n";

/// A wsee with these arguments, to be run in a terminal; its environment is clean.
pub fn terminal(args: &[&str]) -> Setup {
    let home = tempfile::tempdir().expect("a directory for HOME");
    let mut command = CommandBuilder::new(binary());
    command.args(args);
    command.env_clear();
    command.env("TERM", "xterm-256color");
    let path = home.path().to_owned();
    let size = (ROWS, COLUMNS);
    Setup {
        command,
        home,
        size,
    }
    .home(&path)
}

/// A shell that runs `script`, in which `$WSEE` is the binary, in a terminal.
pub fn shell(script: &str) -> Setup {
    let mut setup = terminal(&[]).env("WSEE", binary());
    let argv = setup.command.get_argv_mut();
    *argv = ["/bin/sh", "-c", script].map(Into::into).into();
    setup
}

/// A wsee that is not started yet.
#[derive(Debug)]
pub struct Setup {
    command: CommandBuilder,
    home: TempDir,
    /// Rows and columns.
    size: (u16, u16),
}

impl Setup {
    /// The size of the terminal.
    pub fn sized(self, rows: u16, columns: u16) -> Self {
        let size = (rows, columns);
        Self { size, ..self }
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives it a home that outlives it.
    pub fn home(self, home: &Path) -> Self {
        let home = home.to_str().expect("a path in UTF-8");
        self.env("HOME", home)
            .env("XDG_STATE_HOME", &format!("{home}/state"))
    }

    /// Starts it.
    pub fn start(self) -> Terminal {
        let (rows, columns) = self.size;
        let pair = native_pty_system()
            .openpty(size(rows, columns))
            .expect("a terminal");
        let modes = modes(&*pair.master);
        let child = pair.slave.spawn_command(self.command).expect("wsee starts");
        let output = Output::collect(pair.master.try_clone_reader().expect("a terminal"));
        Terminal {
            keys: RefCell::new(pair.master.take_writer().expect("a terminal")),
            master: pair.master,
            _slave: pair.slave,
            child,
            output,
            view: RefCell::new(View {
                bytes: Vec::new(),
                parser: emulator(rows, columns),
                answers: String::new(),
            }),
            before_answer: RefCell::default(),
            modes,
            _home: self.home,
        }
    }

    /// Starts it, and waits for the prompt.
    #[track_caller]
    pub fn prompt(self) -> Terminal {
        let terminal = self.start();
        // Lines of a request begin like a prompt, but the editor asks for pastes in brackets.
        terminal.wait("a prompt", |screen, _| {
            screen.bracketed_paste() && cursor_line(screen) == "> "
        });
        terminal
    }
}

/// A terminal with a wsee in it, which is killed when this is dropped.
pub struct Terminal {
    keys: RefCell<Box<dyn Write + Send>>,
    master: Box<dyn MasterPty + Send>,
    /// Open, so that the terminal outlives wsee and its modes can be looked at.
    _slave: Box<dyn SlavePty + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Output,
    view: RefCell<View>,
    /// Keys that are pressed just before the terminal answers a question.
    before_answer: RefCell<String>,
    modes: String,
    _home: TempDir,
}

impl Terminal {
    /// Presses keys, as bytes: `\r` is Enter, `\x03` Ctrl-C, `\x04` Ctrl-D.
    pub fn press(&mut self, keys: &str) {
        self.write(keys);
    }

    fn write(&self, keys: &str) {
        let mut writer = self.keys.borrow_mut();
        writer.write_all(keys.as_bytes()).expect("a terminal");
        writer.flush().expect("a terminal");
    }

    /// Draws what was written, and answers what was asked.
    fn draw(&self, view: &mut View) {
        self.output.draw(view);
        let answers = std::mem::take(&mut view.answers);
        if !answers.is_empty() {
            self.write(&(self.before_answer.take() + &answers));
        }
    }

    /// Presses keys as soon as the terminal was asked for something, before it answers.
    pub fn press_before_answer(&mut self, keys: &str) {
        self.before_answer = RefCell::new(keys.to_owned());
    }

    /// Pastes a text, as terminals do when an application asks for brackets around it.
    pub fn paste(&mut self, text: &str) {
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Waits until the screen, and all bytes up to then, are as wanted.
    #[track_caller]
    pub fn wait(&self, what: &str, is_wanted: impl Fn(&Screen, &[u8]) -> bool) {
        let end = Instant::now() + DEADLINE;
        let mut view = self.view.borrow_mut();
        self.draw(&mut view);
        while !is_wanted(view.parser.screen(), &view.bytes) {
            let screen = view.parser.screen().contents();
            let more = self.output.wait_for_more(end);
            assert!(more, "{what:?} never came; screen:\n{screen}");
            self.draw(&mut view);
        }
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait(text, |screen, _| self::text(screen).contains(text));
    }

    /// Waits until the cursor is at the end of the row `line`.
    #[track_caller]
    pub fn wait_for_line(&self, line: &str) {
        self.wait(line, |screen, _| cursor_line(screen) == line);
    }

    /// Leaves an empty prompt with Ctrl-D; claims that all is well.
    #[track_caller]
    pub fn leave(&mut self) {
        self.wait_for_line("> ");
        self.press("\x04");
        assert_eq!(self.finish(), 0);
    }

    /// Waits for the end of wsee; claims that it leaves the terminal as it was. The exit status.
    #[track_caller]
    pub fn finish(&mut self) -> u32 {
        let status = self.wait_for_exit();
        assert_eq!(modes(&*self.master), self.modes, "modes of the terminal");
        self.read_all();
        self.wait("an empty line below all else", |screen, _| {
            !screen.bracketed_paste() && !screen.hide_cursor() && cursor_line(screen).is_empty()
        });
        status
    }

    /// Reads everything that wsee wrote: a NUL behind it, which terminals ignore, marks the end.
    #[track_caller]
    fn read_all(&self) {
        let name = self.master.tty_name().expect("a terminal");
        fs::write(name, b"\0").expect("a terminal");
        self.wait("all output", |_, bytes| bytes.ends_with(b"\0"));
        self.view.borrow_mut().bytes.pop();
    }

    /// The same, and claims that it ends within `limit`.
    #[track_caller]
    pub fn finish_within(&mut self, limit: Duration) -> u32 {
        let called = Instant::now();
        self.wait_for_exit();
        let took = called.elapsed();
        assert!(took < limit, "ends after {took:?}");
        self.finish()
    }

    /// Closes the terminal's window; the exit status of wsee.
    #[track_caller]
    pub fn hang_up(mut self) -> u32 {
        self.output.stop();
        // What it draws lets the collector go, which has the terminal open too. The start of a paste keeps
        // the newline and Ctrl-D, which the writer sends when it is dropped, from ending the session.
        self.press("{\x1b[200~");
        self.output.wait_for_end();
        let pair = native_pty_system().openpty(size(1, 1)).expect("a terminal");
        self.keys = RefCell::new(Box::new(std::io::sink()));
        self.master = pair.master;
        self.wait_for_exit()
    }

    /// Leaves a prompt that stays after the end of its connection.
    #[track_caller]
    pub fn wait_for_exit(&mut self) -> u32 {
        let (end, mut has_left) = (Instant::now() + DEADLINE, false);
        loop {
            if !has_left && self.is_offline() {
                self.press("\x04");
                has_left = true;
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.exit_code();
            }
            assert!(
                Instant::now() < end,
                "does not end; screen:\n{}",
                self.contents()
            );
            thread::sleep(POLL);
        }
    }

    fn is_offline(&self) -> bool {
        let contents = self.contents();
        let words: Vec<&str> = contents.split_whitespace().collect();
        words.join(" ").contains("; /reconnect or Ctrl-D")
    }

    /// The screen's text, without the names in prompts.
    pub fn contents(&self) -> String {
        let mut view = self.view.borrow_mut();
        self.draw(&mut view);
        text(view.parser.screen())
    }

    /// The last line, which may have several rows.
    pub fn last_line(&self) -> String {
        let contents = self.contents().trim_end().replace("\n  ", " ");
        contents.lines().last().unwrap_or_default().to_owned()
    }

    /// All that was ever written to the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        let mut view = self.view.borrow_mut();
        self.draw(&mut view);
        view.bytes.clone()
    }

    /// The row of the cursor up to the cursor, each time that the screen was painted.
    pub fn painted_lines(&self) -> Vec<String> {
        let mut parser = emulator(ROWS, COLUMNS);
        let bytes = self.bytes();
        let mut rest = bytes.as_slice();
        let mut lines = Vec::new();
        while let Some(at) = find(rest, PAINTED) {
            let (paint, others) = rest.split_at(at + PAINTED.len());
            parser.process(paint);
            lines.push(cursor_line(parser.screen()));
            rest = others;
        }
        lines
    }

    /// Makes the terminal's window larger or smaller.
    pub fn resize(&self, rows: u16, columns: u16) {
        let mut view = self.view.borrow_mut();
        self.draw(&mut view);
        let screen = view.parser.screen_mut();
        screen.set_size(cells(rows), cells(columns));
        self.master.resize(size(rows, columns)).expect("a terminal");
    }

    /// The same for a terminal that wraps its rows again, as most do.
    pub fn resize_and_reflow(&self, rows: u16, columns: u16) {
        let mut view = self.view.borrow_mut();
        self.draw(&mut view);
        view.parser = reflowed(view.parser.screen(), rows, columns);
        self.master.resize(size(rows, columns)).expect("a terminal");
    }

    /// The most memory that wsee took for itself so far, in bytes.
    pub fn peak(&self) -> u64 {
        self.child.process_id().map_or(0, peak_memory_of)
    }

    /// Sends wsee a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self.child.process_id().expect("a process");
        let pid = Pid::from_raw(id.cast_signed()).expect("a process");
        // An error means that it has ended.
        let _ = kill_process(pid, signal);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Where wsee keeps its history below a home.
pub fn history_of(home: &Path) -> PathBuf {
    home.join("state/wsee/history")
}

/// What a person would see.
struct View {
    bytes: Vec<u8>,
    parser: Parser,
    /// What the terminal has to say, as if it were keys.
    answers: String,
}

/// What was written and not drawn yet: a terminal takes output faster than it is drawn here.
struct Output(Arc<(Mutex<Written>, Condvar)>);

#[derive(Debug, Default)]
struct Written {
    bytes: Vec<u8>,
    /// What comes next is the last that is collected.
    is_last: bool,
    is_over: bool,
}

impl Output {
    fn collect(mut reader: Box<dyn Read + Send>) -> Self {
        let output = Arc::<(Mutex<Written>, Condvar)>::default();
        let shared = Arc::clone(&output);
        thread::spawn(move || {
            let mut block = [0; 4 << 10];
            while let Ok(n @ 1..) = reader.read(&mut block) {
                let mut written = lock(&shared.0);
                written.bytes.extend_from_slice(&block[..n]);
                shared.1.notify_all();
                if written.is_last {
                    break;
                }
            }
            drop(reader);
            lock(&shared.0).is_over = true;
            shared.1.notify_all();
        });
        Self(output)
    }

    fn draw(&self, view: &mut View) {
        let bytes = std::mem::take(&mut lock(&self.0.0).bytes);
        let mut rest = visible(&bytes);
        while let Some(at) = find(rest, ASKED) {
            let (before, after) = rest.split_at(at + ASKED.len());
            view.parser.process(before);
            let (row, column) = view.parser.screen().cursor_position();
            let _ = write!(view.answers, "\x1b[{};{}R", row + 1, column + 1);
            rest = after;
        }
        view.parser.process(rest);
        view.bytes.extend(bytes);
    }

    /// Waits until there is something to draw; false if there was nothing until `end`.
    fn wait_for_more(&self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        let written = self.wait_while(left, |written| written.bytes.is_empty());
        !written.bytes.is_empty()
    }

    fn wait_for_end(&self) {
        let written = self.wait_while(DEADLINE, |written| !written.is_over);
        assert!(written.is_over, "the terminal stays open");
    }

    fn stop(&self) {
        lock(&self.0.0).is_last = true;
    }

    fn wait_while(
        &self,
        limit: Duration,
        condition: impl Fn(&Written) -> bool,
    ) -> MutexGuard<'_, Written> {
        let (written, changed) = &*self.0;
        let waited = changed.wait_timeout_while(lock(written), limit, |written| condition(written));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The lines at the end, without those that have left the screen before anybody looks.
fn visible(bytes: &[u8]) -> &[u8] {
    let (before, last) = bytes.split_at(bytes.len().saturating_sub(MAX_DRAWN));
    match last.iter().position(|&byte| byte == b'\n') {
        Some(end) if !before.is_empty() => &last[end..],
        _ => bytes,
    }
}

fn emulator(rows: u16, columns: u16) -> Parser {
    Parser::new(cells(rows), cells(columns), 0)
}

/// A screen of another size with the same lines.
fn reflowed(screen: &Screen, rows: u16, columns: u16) -> Parser {
    let (_, width) = screen.size();
    let (cursor_row, cursor_column) = screen.cursor_position();
    let (mut lines, mut cursor) = (vec![String::new()], (0, 0));
    for (row, text) in (0..=cursor_row).zip(screen.rows(0, width.get())) {
        let line = lines.last_mut().expect("a line");
        if row == cursor_row {
            let before = line.chars().count();
            cursor = (lines.len() - 1, before + usize::from(cursor_column));
        }
        let line = lines.last_mut().expect("a line");
        line.push_str(&text);
        if !screen.row_wrapped(row) && row < cursor_row {
            lines.push(String::new());
        }
    }
    let mut parser = emulator(rows, columns);
    parser.process(lines.join("\r\n").as_bytes());
    let columns = usize::from(columns);
    let height = |line: &String| line.chars().count().max(1).div_ceil(columns);
    let above: usize = lines[..cursor.0].iter().map(height).sum();
    let total: usize = lines.iter().map(height).sum();
    let scrolled = total.saturating_sub(usize::from(rows));
    let (row, column) = (above + cursor.1 / columns, cursor.1 % columns);
    let place = format!("\x1b[{};{}H\x1b[?2004h", row + 1 - scrolled, column + 1);
    parser.process(place.as_bytes());
    parser
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a size")
}

fn size(rows: u16, columns: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal"))
}

/// The text from the start of the cursor's row to the cursor, without the name in the prompt.
fn cursor_line(screen: &Screen) -> String {
    let (row, column) = screen.cursor_position();
    let line = screen.contents_between(row, 0, row, column);
    unnamed(&line).to_owned()
}

/// A row without the name in its prompt, which differs from run to run.
fn unnamed(row: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".:[]-_@".contains(c);
    let rest = row.trim_start_matches(is_name);
    if rest.starts_with('>') { rest } else { row }
}

/// The screen's text without the names in prompts.
fn text(screen: &Screen) -> String {
    let contents = screen.contents();
    let rows: Vec<&str> = contents.split('\n').map(unnamed).collect();
    rows.join("\n")
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// A test that failed elsewhere does not make this one fail.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
