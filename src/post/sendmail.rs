//! Letters given to a local program that speaks as sendmail does: `PROGRAM -i -f SENDER -- RECIPIENT…`, the letter on its standard input.
//!
//! The letter is whole before the program runs: its input is a file, already unlinked. Through a pipe the end of this process would be
//! the end of the letter, and half a letter, or an empty one, would be sent. So the point from which on the letter may have been taken is
//! the program's start, and not the last byte.
//!
//! Lines end in LF there, as programs write them to each other on Unix: Postfix makes LF of CRLF by itself (`sendmail_fix_line_endings`,
//! since 2.9), qmail's and others take a CR for a part of the line.

use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::smtp::{clean, envelope};
use super::{Outcome, Parcel};
use crate::crash::crash_point;

/// A program that takes letters as sendmail does, and how to call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sendmail {
    /// An absolute path; no shell and no search is between.
    pub program: PathBuf,
    /// Words before those that every letter has.
    pub arguments: Vec<String>,
    /// How long it may take for a letter; then it is ended, and the letter is in doubt.
    pub time_out: Duration,
}

/// The environment of the program, and all of it.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C")];
/// Of what the program writes, the first bytes are kept.
const WORDS: u64 = 2048;

pub(super) async fn hand_over(
    sendmail: &Sendmail,
    parcel: &Parcel<'_>,
    before_dot: impl Future<Output = Result<(), String>> + Send,
) -> Outcome {
    if let Err(said) = envelope(parcel) {
        return Outcome::Refused { said };
    }
    let (input, output) = match files(parcel.bytes) {
        Ok(files) => files,
        Err(error) => return Outcome::Deferred { said: format!("The letter could not be laid out for {}: {error}.", name(sendmail)) },
    };
    let (Ok(stdout), Ok(stderr)) = (output.try_clone(), output.try_clone()) else {
        return Outcome::Deferred { said: format!("There are too many open files to run {}.", name(sendmail)) };
    };
    let mut command = Command::new(&sendmail.program);
    command.args(&sendmail.arguments).args(["-i", "-f", parcel.from, "--"]).args(parcel.to);
    command.env_clear().envs(ENVIRONMENT).current_dir("/").process_group(0);
    command.stdin(Stdio::from(input)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
    if let Err(said) = before_dot.await {
        return Outcome::Deferred { said };
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            return Outcome::Deferred { said: format!("{} could not be started: {error}. Correct `program` in [mail].", name(sendmail)) };
        }
    };
    crash_point!("carrier:after-dot");
    let ended = timeout(sendmail.time_out, child.wait()).await;
    if ended.is_err() {
        end(&mut child).await;
    }
    let words = words(output);
    match ended {
        Ok(Ok(status)) => fate(&name(sendmail), status, &words),
        Ok(Err(error)) => Outcome::Doubt { said: format!("How {} ended is not known: {error}.", name(sendmail)) },
        Err(_) => {
            let time = sendmail.time_out.as_secs_f64();
            Outcome::Doubt { said: format!("{} had not ended within {time} s, and was ended.{words}", name(sendmail)) }
        }
    }
}

fn name(sendmail: &Sendmail) -> String {
    sendmail.program.display().to_string()
}

/// What an exit says (sysexits.h). Programs that speak SMTP themselves (msmtp) end with EX_IOERR or EX_PROTOCOL also where the connection
/// broke after the last dot; an internal fault, and what no table has, may have come at any moment. All of that is in doubt. What is
/// certainly not taken and may be mended, by time or by a person, is tried again.
fn fate(name: &str, status: ExitStatus, words: &str) -> Outcome {
    let Some(code) = status.code() else {
        let signal = status.signal().unwrap_or_default();
        return Outcome::Doubt { said: format!("{name} was ended by signal {signal} before it said what became of the letter.{words}") };
    };
    let what = match code {
        0 => return Outcome::Sent { said: format!("{name} took it.{words}") },
        64 => "EX_USAGE, it does not understand its arguments",
        65 => "EX_DATAERR, something is wrong with the letter",
        66 => "EX_NOINPUT, it could not read the letter",
        67 => "EX_NOUSER, there is no such address",
        68 => "EX_NOHOST, a host is not known",
        69 => "EX_UNAVAILABLE, it could not do it",
        70 => "EX_SOFTWARE, a fault of its own",
        71 => "EX_OSERR, the system refused",
        72 => "EX_OSFILE, a file of the system is missing",
        73 => "EX_CANTCREAT, it could not make a file",
        74 => "EX_IOERR, an error while reading or writing",
        75 => "EX_TEMPFAIL, later",
        76 => "EX_PROTOCOL, its server said something unforeseen",
        77 => "EX_NOPERM, it is not allowed to",
        78 => "EX_CONFIG, its configuration is at fault",
        126 | 127 => "a program inside it could not be started",
        _ => "which says nothing about the letter",
    };
    let said = format!("{name} ended with {code} ({what}).{words}");
    match code {
        65 | 67 => Outcome::Refused { said },
        64 | 66 | 68 | 69 | 71..=73 | 75 | 77 | 78 | 126 | 127 => Outcome::Deferred { said },
        _ => Outcome::Doubt { said },
    }
}

/// The letter as the program reads it, and a file for what the program writes. Both have no name any more.
fn files(bytes: &[u8]) -> io::Result<(File, File)> {
    let mut input = nameless()?;
    input.write_all(&local_lines(bytes))?;
    input.rewind()?;
    Ok((input, nameless()?))
}

/// A file that only open descriptors know. Nobody can guess the name that it has for a moment.
fn nameless() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("convened-{:016x}", RandomState::new().build_hasher().finish()));
    let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// CRLF made LF; there is no other CR in a letter ([`envelope`] has seen to it).
fn local_lines(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != b'\r').collect()
}

/// The first words that the program wrote, behind a space.
fn words(mut output: File) -> String {
    let mut bytes = Vec::new();
    if output.rewind().and_then(|()| output.take(WORDS).read_to_end(&mut bytes)).is_err() {
        return String::new();
    }
    let text = clean(String::from_utf8_lossy(&bytes));
    if text.is_empty() { text } else { format!(" It said: {text}") }
}

/// Ends the program and what it has started.
async fn end(child: &mut Child) {
    if let Some(group) = child.id().and_then(|id| libc::pid_t::try_from(id).ok()) {
        // SAFETY: a signal to the group that this child leads; it was not waited for, so its number is its own.
        unsafe { libc::killpg(group, libc::SIGKILL) };
    }
    let _ = child.wait().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exit_is_sent_refused_put_off_or_in_doubt() {
        let word = |code: i32| fate("sendmail", ExitStatus::from_raw(code << 8), "").word();
        assert_eq!(word(0), "sent");
        for code in [65, 67] {
            assert_eq!(word(code), "refused", "{code}");
        }
        for code in [64, 66, 68, 69, 71, 72, 73, 75, 77, 78, 126, 127] {
            assert_eq!(word(code), "deferred", "{code}");
        }
        for code in [1, 2, 70, 74, 76, 79, 255] {
            assert_eq!(word(code), "doubt", "{code}");
        }
        assert_eq!(fate("sendmail", ExitStatus::from_raw(9), "").word(), "doubt", "killed");
    }

    #[test]
    fn lines_end_as_programs_write_them_to_each_other() {
        assert_eq!(local_lines(b"Subject: a\r\n\r\n.\r\nText.\r\n"), b"Subject: a\n\n.\nText.\n");
    }
}
