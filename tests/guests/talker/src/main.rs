//! Does what the lines of the configuration value `script` say, one after the other:
//!
//! | line | |
//! |---|---|
//! | `out TEXT`, `err TEXT` | writes it with a line end; `$ID` stands for the job's id |
//! | `raw TEXT` | to standard output without one; `\n`, `\r` and `\xNN` are bytes |
//! | `say MEMBERS` | a line of the protocol with these members of its object |
//! | `read` | reads a line of standard input and writes it as text |
//! | `rest` | reads standard input to its end and says how many bytes that were |
//! | `file` | writes whether `/job/job.json` is the line that standard input began with |
//! | `show PATH` | writes a file's text |
//! | `make PATH` | writes whether a file can be made there |
//! | `until-stop` | asks until there is a stop request, and writes the answer |
//! | `times N LINE` | does LINE so often |
//! | `exit N`, `trap`, `spin` | ends, or does not |

use std::io::{self, BufRead, Write};

use serde_json::Value;

/// What is said between reading and writing.
struct Talk {
    first: String,
    id: Value,
}

fn main() -> io::Result<()> {
    let mut first = String::new();
    io::stdin().read_line(&mut first)?;
    let document: Value = serde_json::from_str(&first)?;
    let job = &document["job"];
    let script = job["configuration"]["script"].as_str().unwrap_or_default();
    let talk = Talk {
        id: job["id"].clone(),
        first: first.clone(),
    };
    for line in script.lines() {
        talk.obey(line)?;
    }
    Ok(())
}

impl Talk {
    fn obey(&self, line: &str) -> io::Result<()> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.replace("$ID", self.id.as_str().unwrap_or_default());
        let mut stdout = io::stdout().lock();
        match verb {
            "out" => writeln!(stdout, "{rest}")?,
            "err" => eprintln!("{rest}"),
            "raw" => stdout.write_all(&bytes(&rest))?,
            "say" => self.say(&mut stdout, &rest)?,
            "read" => {
                let answer = read()?;
                writeln!(stdout, "read: {}", answer.trim_end())?;
            }
            "rest" => {
                let read = io::copy(&mut io::stdin().lock(), &mut io::sink())?;
                writeln!(stdout, "rest: {read}")?;
            }
            "file" => {
                let same = std::fs::read_to_string("/job/job.json")? == self.first;
                writeln!(stdout, "the same: {same}")?;
            }
            "show" => writeln!(stdout, "{}", std::fs::read_to_string(&rest)?)?,
            "make" => {
                let made = std::fs::write(&rest, "made").is_ok();
                writeln!(stdout, "made: {made}")?;
            }
            "until-stop" => loop {
                self.say(&mut stdout, "\"stop_requested\":{}")?;
                let answer = read()?;
                if !answer.contains("null") {
                    writeln!(stdout, "stop: {}", answer.trim_end())?;
                    break;
                }
            },
            "times" => {
                drop(stdout);
                let (count, line) = rest.split_once(' ').unwrap_or((&rest, ""));
                for _ in 0..count.parse().map_err(io::Error::other)? {
                    self.obey(line)?;
                }
                return Ok(());
            }
            "exit" => std::process::exit(rest.parse().map_err(io::Error::other)?),
            "trap" => std::process::abort(),
            "spin" => loop {
                std::hint::black_box(0);
            },
            _ => return Err(io::Error::other(format!("unknown verb {verb}"))),
        }
        stdout.flush()
    }

    fn say(&self, stdout: &mut impl Write, members: &str) -> io::Result<()> {
        writeln!(
            stdout,
            "{{\"pipefitter\":1,\"job_id\":{},{members}}}",
            self.id
        )?;
        stdout.flush()
    }
}

fn read() -> io::Result<String> {
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer)? {
        0 => Ok("(end)".to_owned()),
        _ => Ok(answer),
    }
}

/// The text with its escapes as bytes.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let hex = after.get(1..3).map(|hex| u8::from_str_radix(hex, 16));
        let (byte, length) = match (after.as_bytes().first(), hex) {
            (Some(b'n'), _) => (b'\n', 1),
            (Some(b'r'), _) => (b'\r', 1),
            (Some(b'x'), Some(Ok(byte))) => (byte, 3),
            _ => (b'\\', 0),
        };
        bytes.push(byte);
        rest = &after[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
