//! `wsee report`: writes a recording as a page.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{complain, fmt};
use crate::atomic_file::Replacement;
use crate::cli::RecordingReportArgs;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::record::{FileError, ReadError, Report, ReportError, recognize};
use crate::render::escape::escape_line;
use crate::render::{Secrets, Style, message, quantity};
use crate::term;

pub(super) fn report(args: &RecordingReportArgs) -> Exit {
    match write(args) {
        Ok(()) => Exit::Done,
        Err(exit) => exit,
    }
}

fn write(args: &RecordingReportArgs) -> Result<(), Exit> {
    let secrets = if args.show_secrets {
        Secrets::Shown
    } else {
        Secrets::Masked
    };
    let (path, is_named) = match &args.output {
        Some(path) => (path.clone(), true),
        None => (args.file.with_extension("html"), false),
    };
    let format = recognize(&args.file).map_err(|error| unread(&error.into(), secrets))?;
    if path == Path::new("-") {
        let report = Report::read(&args.file, format, secrets);
        let report = report.map_err(|error| unread(&error, secrets))?;
        return to_stdout(&report, secrets);
    }
    let mut file = create(&args.file, &path, is_named)?;
    let report = Report::read(&args.file, format, secrets);
    let report = report.map_err(|error| unread(&error, secrets))?;
    let mut size = 0;
    let written = report.write(&mut |piece| {
        size += piece.len() as u64;
        file.append(piece)
    });
    match written.and_then(|()| Ok(file.finish()?)) {
        Ok(()) => {}
        Err(ReportError::Write(error)) => return Err(cannot_write(&path, &error)),
        Err(error) => return Err(unread(&error, secrets)),
    }
    let (messages, size) = (report.messages(), quantity::size(size));
    let messages = quantity::plural(messages, "message");
    let line = format!("{messages} in {} ({size})", path.display());
    term::stderr(&format!("{}\n", escape_line(&line)));
    Ok(())
}

/// Opens the report before the recording is read, which may take some time.
fn create(recording: &Path, path: &PathBuf, is_named: bool) -> Result<Replacement, Exit> {
    if !is_named && fs::symlink_metadata(path).is_ok() {
        complain(&format!("{} exists already", path.display()));
        hint(&format!("-o {} replaces it", path.display()));
        return Err(Exit::Usage);
    }
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if is_link {
        // The file that it leads to would become this user's alone.
        let error = FileError::Link(path.clone());
        complain(&error.to_string());
        if let Some(text) = error.hint() {
            hint(&text);
        }
        return Err(Exit::Write);
    }
    let found = |path| fs::canonicalize(path).ok();
    if found(recording).is_some_and(|recording| found(path) == Some(recording)) {
        complain(&format!("-o {} is the recording itself", path.display()));
        return Err(Exit::Usage);
    }
    Replacement::private(path).map_err(|error| cannot_write(path, &error))
}

fn to_stdout(report: &Report, secrets: Secrets) -> Result<(), Exit> {
    match report.write(&mut |piece| term::stdout(piece)) {
        Ok(()) => Ok(()),
        // The reader has enough.
        Err(ReportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(ReportError::Write(error)) => Err(cannot_write(Path::new("stdout"), &error)),
        Err(error) => Err(unread(&error, secrets)),
    }
}

pub(super) fn unread(error: &ReportError, secrets: Secrets) -> Exit {
    if let ReportError::Mistakes { path, mistakes } = error {
        fmt::report(&path.display().to_string(), mistakes, secrets);
        return Exit::Usage;
    }
    complain(&error.to_string());
    match error {
        ReportError::Read(error) => {
            if let Some(text) = error.hint() {
                hint(&text);
            }
            match error {
                ReadError::NotRecording { .. } => Exit::Usage,
                _ => Exit::Input,
            }
        }
        _ => Exit::Input,
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Exit {
    complain(&format!("cannot write {}: {error}", path.display()));
    Exit::Write
}

fn hint(text: &str) {
    term::stderr(&message::hint(text, Style::PLAIN));
}
