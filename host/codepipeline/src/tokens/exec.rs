//! Tokens that a program knows.
//!
//! It is run with the client's id in place of `{client-id}`, without a shell, and prints the token as its only
//! line; printing nothing says that there is none. Its standard error goes nowhere, since it may hold what the
//! standard output should. An answer is kept for as long as a client without a token is not asked for again,
//! so that a token that was changed is seen after that time.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::ids::{ClientId, ClientToken};
use crate::limits;
use crate::unserved::REMEMBERED;

use super::source::{ClientTokens, ClientTokensError};

const PLACE: &str = "{client-id}";

/// The longest token as UTF-8, a line end, and one byte that shows that there is more.
const MOST_OUTPUT: u64 = limits::CLIENT_TOKEN as u64 * 3 + 3;

/// Answers that are kept; beyond this all that nobody waits for are forgotten.
const MOST_KEPT: usize = 10_000;

/// What is known of one client.
#[derive(Default)]
struct Place {
    /// Runs that have ended: tells those who waited during one from those who came later.
    runs: AtomicU64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    kept: Option<(Instant, ClientToken)>,
    /// Of the last run, for those who waited for it: a program that hangs is waited for once by all, not by one after
    /// the other.
    told: Option<Told>,
}

type Told = Result<Option<ClientToken>, ClientTokensError>;

/// Tokens that a program tells.
pub struct ExecTokens {
    program: String,
    arguments: Vec<String>,
    time: Duration,
    kept: Mutex<HashMap<ClientId, Arc<Place>>>,
}

impl ExecTokens {
    /// A program and its arguments, one of which has `{client-id}` in it, and how long it may take.
    ///
    /// # Errors
    /// There is no program, or no place for the client's id.
    pub fn new(command: &[String], time: Duration) -> Result<ExecTokens, ClientTokensError> {
        match command {
            [program, arguments @ ..]
                if !program.is_empty()
                    && arguments.iter().any(|argument| argument.contains(PLACE)) =>
            {
                Ok(ExecTokens {
                    program: program.clone(),
                    arguments: arguments.to_vec(),
                    time,
                    kept: Mutex::default(),
                })
            }
            _ => Err(ClientTokensError::Arguments),
        }
    }

    async fn ask(&self, client: &ClientId) -> Result<Option<ClientToken>, ClientTokensError> {
        let program = || self.program.clone();
        let not_started = |source| ClientTokensError::Start {
            program: self.program.clone(),
            source: Arc::new(source),
        };
        let arguments = self
            .arguments
            .iter()
            .map(|argument| argument.replace(PLACE, client.as_str()));
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .map_err(not_started)?;
        let mut group = Group::of(&child);
        let mut output = Vec::new();
        let run = async {
            if let Some(stdout) = child.stdout.take() {
                stdout.take(MOST_OUTPUT).read_to_end(&mut output).await?;
            }
            // Of one that prints on and on the rest is not waited for.
            if output.len() as u64 >= MOST_OUTPUT {
                return Ok(None);
            }
            child.wait().await.map(Some)
        };
        let status = match timeout(self.time, run).await {
            Ok(ended) => ended.map_err(not_started)?,
            Err(_) => {
                return Err(ClientTokensError::Time {
                    program: program(),
                    after: self.time,
                });
            }
        };
        let wrong = ClientTokensError::Output {
            program: program(),
            most: limits::CLIENT_TOKEN,
        };
        let Some(status) = status else {
            return Err(wrong);
        };
        group.has_ended();
        if !status.success() {
            return Err(ClientTokensError::Failed {
                program: program(),
                status,
            });
        }
        let Ok(text) = std::str::from_utf8(&output) else {
            return Err(wrong);
        };
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return Ok(None);
        }
        match ClientToken::new(line) {
            Some(token) if !line.contains(char::is_control) => Ok(Some(token)),
            _ => Err(wrong),
        }
    }

    /// The place of one client's answer: who asks for the same client waits for the program that runs.
    async fn place(&self, client: &ClientId) -> Arc<Place> {
        let mut kept = self.kept.lock().await;
        if kept.len() >= MOST_KEPT && !kept.contains_key(client) {
            kept.retain(|_, place| Arc::strong_count(place) > 1);
        }
        Arc::clone(kept.entry(client.clone()).or_default())
    }
}

/// The program and what it has started. Dropped before the program has ended, all of them are killed: one that
/// hangs would be joined by another with each try.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Group {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Group(id.and_then(Pid::from_raw))
    }

    fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself this moment.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// What may stand in a command line, whatever the command makes of it: an id is a UUID by the service's model,
/// and this is as far from it as a command should have to deal with.
fn is_plain(client: &ClientId) -> bool {
    let text = client.as_str();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    text.len() <= 64 && text.bytes().all(plain) && !text.starts_with('-') && !text.is_empty()
}

#[async_trait]
impl ClientTokens for ExecTokens {
    async fn token(&self, client: &ClientId) -> Result<Option<ClientToken>, ClientTokensError> {
        if !is_plain(client) {
            return Ok(None);
        }
        let place = self.place(client).await;
        let runs = place.runs.load(Ordering::Acquire);
        let mut held = place.held.lock().await;
        if let Some((since, token)) = &held.kept
            && since.elapsed() < REMEMBERED
        {
            return Ok(Some(token.clone()));
        }
        if let Some(told) = &held.told
            && place.runs.load(Ordering::Acquire) != runs
        {
            return told.clone();
        }
        let asked = Instant::now();
        let told = self.ask(client).await;
        held.kept = told.clone().ok().flatten().map(|token| (asked, token));
        held.told = Some(told.clone()).filter(|_| held.kept.is_none());
        place.runs.fetch_add(1, Ordering::Release);
        told
    }
}
