//! One job's conversation with a command: what it is owed on standard input, and what came of the lines that it wrote.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use secrecy::ExposeSecret;

use crate::guard::Guard;
use crate::job::{Failure, Outcome};
use crate::limits::Limit;
use crate::log::{JobLog, Stdio};
use crate::runner::{Fault, JobHost, Level, SecretError};

use super::framer::{Framer, Piece};
use super::wire::{self, Answer, Said, Secret, Unread};

#[expect(
    clippy::disallowed_types,
    reason = "only the guest's own task takes it, so it is never contended, and it is not held over an await"
)]
type Lock<T> = std::sync::Mutex<T>;

/// Answers that a command may leave unread.
pub(super) const UNREAD: usize = 64;

/// Clones are the same conversation.
#[derive(Clone)]
pub(crate) struct Dialogue(Arc<Lock<Inner>>);

struct Inner {
    job_id: String,
    /// Whether secrets are granted at all.
    secrets: bool,
    framer: Framer,
    text: Stdio,
    log: JobLog,
    guard: Arc<Guard>,
    host: Arc<dyn JobHost>,
    owed: VecDeque<Owed>,
    answer: Option<Result<Outcome, Failure>>,
    /// Lines of the protocol so far.
    lines: u64,
    /// Why the last line that looked like one of the protocol was not.
    doubt: Option<String>,
}

/// What is to be read from standard input.
enum Owed {
    Line(Bytes),
    /// Becomes a line.
    Secret(Pin<Box<dyn Future<Output = Vec<u8>> + Send>>),
}

/// What a command has said by its end.
pub(super) struct Ending {
    /// Its outcome or failure.
    pub(super) answer: Option<Result<Outcome, Failure>>,
    /// Why the last line that looked like one of the protocol was not.
    pub(super) doubt: Option<String>,
}

/// The job has ended; why is in the guard.
#[derive(Debug)]
pub(super) struct Over;

impl Dialogue {
    /// `job` is the first line of standard input.
    pub(crate) fn new(
        job_id: &str,
        job: Vec<u8>,
        secrets: bool,
        guard: Arc<Guard>,
        log: JobLog,
        host: Arc<dyn JobHost>,
    ) -> Dialogue {
        let longest = guard.limits().count(Limit::Result);
        Dialogue(Arc::new(Lock::new(Inner {
            job_id: job_id.to_owned(),
            secrets,
            framer: Framer::new(longest),
            text: log.stdout(),
            log,
            guard,
            host,
            owed: VecDeque::from([Owed::Line(job.into())]),
            answer: None,
            lines: 0,
            doubt: None,
        })))
    }

    /// Bytes of standard output.
    pub(super) fn wrote(&self, bytes: &[u8]) -> Result<(), Over> {
        self.with(|inner| inner.framed(|framer, emit| framer.write(bytes, emit)))
    }

    /// Standard output has ended.
    pub(super) fn finish(&self) -> Result<Ending, Over> {
        self.with(|inner| {
            inner.framed(|framer, emit| framer.finish(emit))?;
            Ok(Ending {
                answer: inner.answer.take(),
                doubt: inner.doubt.take(),
            })
        })
    }

    /// What standard input has; nothing at its end, no bytes while an answer is waited for.
    pub(super) fn read(&self, most: usize) -> Option<Bytes> {
        self.with(|inner| match inner.owed.front_mut()? {
            Owed::Secret(_) => Some(Bytes::new()),
            Owed::Line(line) => {
                let read = line.split_to(most.min(line.len()));
                if line.is_empty() {
                    inner.owed.pop_front();
                }
                Some(read)
            }
        })
    }

    /// Until there is something to read, or the end.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.with(|inner| {
            if let Some(front) = inner.owed.front_mut()
                && let Owed::Secret(answer) = front
            {
                let line = ready!(answer.as_mut().poll(cx));
                *front = Owed::Line(line.into());
            }
            Poll::Ready(())
        })
    }

    fn with<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> R {
        // Poisoned means that the log's sink panicked, which ends the job.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn framed(
        &mut self,
        take: impl FnOnce(
            &mut Framer,
            &mut dyn FnMut(Piece<'_>) -> Result<(), Over>,
        ) -> Result<(), Over>,
    ) -> Result<(), Over> {
        let mut framer = std::mem::replace(&mut self.framer, Framer::new(0));
        let taken = take(&mut framer, &mut |piece| match piece {
            Piece::Text(text) => {
                self.text.take(text);
                Ok(())
            }
            Piece::Line(line) => self.line(line),
            Piece::TooLong => {
                self.guard.hit(Limit::Result);
                Err(Over)
            }
        });
        self.framer = framer;
        taken
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Over> {
        match wire::read(line, &self.job_id) {
            Ok(said) => {
                self.lines += 1;
                self.heard(said)
            }
            Err(Unread::Broken(why)) => {
                self.lines += 1;
                Err(self.broken(&why))
            }
            Err(Unread::Text(why)) => {
                self.text.take(line);
                self.text.take(b"\n");
                let doubt = format!(
                    "the line above begins as one of the command protocol and is taken for text: {why}"
                );
                self.log.write(Level::Warn, &doubt, &[]);
                self.doubt = Some(why);
                Ok(())
            }
        }
    }

    fn heard(&mut self, said: Said) -> Result<(), Over> {
        match said {
            Said::Log(entry) => self.log.write(entry.level, &entry.message, &entry.fields.0),
            Said::Progress(progress) => self.log.progress(progress.percent, &progress.summary),
            Said::Answer(answer) => {
                if self.answer.replace(answer).is_some() {
                    let why = "there was an outcome or a failure before, and a job has one";
                    return Err(self.broken(why));
                }
            }
            Said::StopRequested => {
                let reason = self.guard.stop_reason().map(wire::Stop::from);
                return self.owe(Answer::StopRequested(reason));
            }
            Said::TimeRemaining => {
                let left = self.guard.time_remaining().as_millis();
                let left = u32::try_from(left).unwrap_or(u32::MAX);
                return self.owe(Answer::TimeRemaining(left));
            }
            Said::Threshold => {
                return self.owe(Answer::Threshold(self.log.threshold()));
            }
            Said::Secret(_) if !self.secrets => {
                return self.owe(Answer::Secret(Secret::Error(SecretError::Denied)));
            }
            Said::Secret(name) => {
                let host = self.host.clone();
                let answer = Box::pin(async move {
                    match host.secret(&name).await {
                        Ok(secret) => Answer::Secret(Secret::Ok(secret.expose_secret())).line(),
                        Err(error) => Answer::Secret(Secret::Error(error)).line(),
                    }
                });
                return self.owe_later(Owed::Secret(answer));
            }
        }
        Ok(())
    }

    fn owe(&mut self, answer: Answer<'_>) -> Result<(), Over> {
        self.owe_later(Owed::Line(answer.line().into()))
    }

    fn owe_later(&mut self, owed: Owed) -> Result<(), Over> {
        // The job's own line is none.
        if self.owed.len() > UNREAD {
            let why = format!("{UNREAD} lines of standard input are unread; read each answer");
            return Err(self.broken(&why));
        }
        self.owed.push_back(owed);
        Ok(())
    }

    /// Of the line itself nothing is quoted: a secret in it that was cut in two would be told.
    fn broken(&mut self, why: &str) -> Over {
        self.guard.end(Fault::Protocol(format!(
            "broke a rule of the command protocol with its line {} of it: {why}",
            self.lines
        )));
        Over
    }
}
