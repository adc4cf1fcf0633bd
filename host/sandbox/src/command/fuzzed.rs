//! What a command may write, as fuzzers make it up.

use std::sync::Arc;
use std::task::{Context, Waker};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::guard::Guard;
use crate::job::{Failure, Outcome};
use crate::limits::{Limit, Limits};
use crate::lines::MAX_LINE;
use crate::log::{JobLog, MAX_SUMMARY};
use crate::runner::{Fault, JobControl, JobHost, Level, LogLine, SecretError};

use super::dialogue::{Dialogue, UNREAD};

const ID: &str = "job-1";

/// Bytes of a line of the protocol: few, since fuzzers write little.
const LONGEST: u64 = 1000;

/// Characters that say why a line is none, or breaks a rule.
const WHY: usize = 500;

/// Take this for the standard output of a command, whole and byte by byte: for fuzzing. Panics where the two are heard
/// differently, or something comes through that no command may say.
pub fn hear_command(output: &[u8]) {
    let heard = Heard::of(std::iter::once(output));
    assert_eq!(heard, Heard::of(output.chunks(1)), "where writes end");
    let safe = |text: &str| !text.chars().any(|c| c.is_control() && c != '\t');
    for line in &heard.log {
        let fields = line.fields.iter().flat_map(|(name, value)| [name, value]);
        assert!(fields.chain([&line.text]).all(|text| safe(text)));
        assert!(line.text.len() <= MAX_LINE);
    }
    for (_, summary) in &heard.progress {
        assert!(safe(summary) && summary.chars().count() <= MAX_SUMMARY);
    }
    let why = match &heard.fault {
        Some(Fault::Protocol(why)) => Some(why),
        Some(Fault::Limit { limit, .. }) => {
            assert_eq!(*limit, Limit::Result);
            None
        }
        Some(other) => panic!("no line ends a job so: {other:?}"),
        None => heard.doubt.as_ref(),
    };
    assert!(why.is_none_or(|why| (1..WHY).contains(&why.chars().count())));
    assert!(heard.owed.len() <= UNREAD);
    // JSON writes a character in other ways, too, with this one.
    let names_the_job = output.windows(ID.len()).any(|part| part == ID.as_bytes());
    if !names_the_job && !output.contains(&b'\\') {
        assert!(heard.answer.is_none() && heard.progress.is_empty() && heard.owed.is_empty());
        assert!(!matches!(heard.fault, Some(Fault::Protocol(_))));
    }
}

/// All that came of an output.
#[derive(Debug, PartialEq)]
struct Heard {
    log: Vec<LogLine>,
    progress: Vec<(Option<u8>, String)>,
    /// Answers on standard input, without the job.
    owed: Vec<Value>,
    answer: Option<Result<Outcome, Failure>>,
    doubt: Option<String>,
    fault: Option<Fault>,
}

impl Heard {
    fn of<'a>(mut writes: impl Iterator<Item = &'a [u8]>) -> Heard {
        let limits = Limits::default()
            .with(Limit::Result, LONGEST)
            .with(Limit::LogRate, u64::MAX);
        let guard = Arc::new(Guard::new(limits.clone(), JobControl::new().1));
        let (sender, mut news) = mpsc::unbounded_channel();
        let host = Arc::new(Host(sender));
        let log = JobLog::new(host.clone(), Level::Trace, &limits);
        let job = b"{}\n".to_vec();
        let dialogue = Dialogue::new(ID, job, true, guard.clone(), log.clone(), host);
        let ended = writes
            .try_for_each(|bytes| dialogue.wrote(bytes))
            .and_then(|()| dialogue.finish());
        log.close();
        let fault = guard.first();
        assert_eq!(ended.is_err(), fault.is_some(), "{fault:?}");
        let (answer, doubt) = ended.map_or((None, None), |ending| (ending.answer, ending.doubt));
        let mut heard = Heard {
            log: Vec::new(),
            progress: Vec::new(),
            owed: owed(&dialogue),
            answer,
            doubt,
            fault,
        };
        while let Ok(news) = news.try_recv() {
            match news {
                News::Log(line) => heard.log.push(line),
                News::Progress(percent, summary) => heard.progress.push((percent, summary)),
            }
        }
        heard
    }
}

/// What standard input has, but for the job: each answer a line of JSON.
fn owed(dialogue: &Dialogue) -> Vec<Value> {
    let mut context = Context::from_waker(Waker::noop());
    let mut text = Vec::new();
    // The host's secrets are there at once.
    while dialogue.poll_readable(&mut context).is_ready()
        && let Some(bytes) = dialogue.read(7)
    {
        text.extend_from_slice(&bytes);
    }
    assert_eq!(text.last(), Some(&b'\n'), "a line ends");
    let lines = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
    let mut answers: Vec<Value> = lines.skip(1).map_while(Result::ok).collect();
    let ends = text.iter().filter(|byte| **byte == b'\n');
    assert_eq!(ends.count(), 1 + answers.len(), "a line is one of JSON");
    for answer in &mut answers {
        // The clock's.
        if let Some(left) = answer.get_mut("time_remaining") {
            assert!(left.take().is_u64());
        }
    }
    answers
}

enum News {
    Log(LogLine),
    Progress(Option<u8>, String),
}

struct Host(mpsc::UnboundedSender<News>);

#[async_trait]
impl JobHost for Host {
    fn log(&self, line: LogLine) {
        // The receiver lives as long as the job.
        let _ = self.0.send(News::Log(line));
    }

    fn progress(&self, percent: Option<u8>, summary: String) {
        let _ = self.0.send(News::Progress(percent, summary));
    }

    async fn secret(&self, name: &str) -> Result<SecretString, SecretError> {
        match name {
            "api-token" => Ok("two\nlines".into()),
            "gone" => Err(SecretError::Missing),
            _ => Err(SecretError::Denied),
        }
    }
}
