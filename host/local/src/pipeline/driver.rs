//! The task that owns the engine, and the handle that others ask it by.
//!
//! One loop takes inputs in turn: requests, the ends of effects, timers, notices of published
//! objects. What they changed is kept on disk, where there is a disk, before they are answered, before
//! watchers hear of it and before effects begin; requests that wait together are kept together.
//! Effects run in a [`JoinSet`] beside the loop. A source is looked at when its object is
//! published, and every `source_poll` besides, since a receiver that lags loses notices.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::control::Order;
use super::engine::{Effect, Engine, Settings, WatchedSource};
use super::error::ApiError;
use super::event::{ErrorDetails, Event};
use super::keeper::{KeepError, Keeper};
use super::kept::Row;
use super::operation::Operation;
use super::runs::Fetched;
use super::{saved, source};
use crate::auth::{Clock, Registry, later};
use crate::s3::{ObjectStore, Published};

/// Requests that wait for the engine before their senders are held up.
const INBOX: usize = 256;

/// Requests that share a transaction at most.
const TOGETHER: usize = 64;

/// Events kept for a watcher that is slow.
const EVENTS: usize = 4096;

/// A handle on the running service; cheap to clone.
#[derive(Clone)]
pub(crate) struct CodePipeline {
    inbox: mpsc::Sender<Message>,
    events: broadcast::Sender<Event>,
    store: ObjectStore,
    /// Why the service answers no more, where its state could not be written.
    broken: Arc<OnceLock<String>>,
}

/// State on disk, opened.
pub(crate) struct Saved {
    keeper: Keeper,
    rows: Vec<Row>,
    ahead: Duration,
}

impl Saved {
    /// Opens the file of `owner`, made if it is missing. Blocks.
    ///
    /// # Errors
    /// A file that cannot be opened or read, or is of another format or owner.
    pub(crate) fn open(path: &Path, owner: &str) -> Result<Self, KeepError> {
        let (keeper, rows) = Keeper::open(path, owner)?;
        let ahead = saved::ahead(&rows)?;
        Ok(Self {
            keeper,
            rows,
            ahead,
        })
    }

    /// How far the service's time was moved ahead.
    pub(crate) fn ahead(&self) -> Duration {
        self.ahead
    }
}

type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

enum Message {
    Handle {
        operation: Box<Operation>,
        reply: Reply<Value>,
    },
    /// Whether a pipeline may be made or updated; the operation comes back for the next step.
    Check {
        operation: Box<Operation>,
        reply: Reply<Box<Operation>>,
    },
    Declare {
        operation: Box<Operation>,
        seen: BTreeMap<String, Option<String>>,
        reply: Reply<Value>,
    },
    Order {
        order: Order,
        reply: Reply<usize>,
    },
    OpenJobs {
        reply: Reply<Value>,
    },
}

impl CodePipeline {
    /// Starts the service's task, from where it was left where there is something saved; it ends when
    /// `stop` is cancelled.
    ///
    /// # Errors
    /// A saved row that cannot be read.
    pub(crate) fn start(
        settings: Settings,
        source_poll: Duration,
        store: ObjectStore,
        registry: Registry,
        saved: Option<Saved>,
        (tasks, stop): (&TaskTracker, CancellationToken),
    ) -> Result<Self, KeepError> {
        let (inbox, messages) = mpsc::channel(INBOX);
        let events = broadcast::Sender::new(EVENTS);
        let broken = Arc::<OnceLock<String>>::default();
        let clock = registry.clock().clone();
        let (engine, keeper) = match saved {
            None => (Engine::new(settings, registry), None),
            Some(Saved { keeper, rows, .. }) => {
                let engine = Engine::restored(settings, registry, &rows)?;
                for (kind, pipelines) in engine.not_connected() {
                    let pipelines: Vec<&str> = pipelines.into_iter().collect();
                    tracing::warn!(
                        action_type = kind,
                        pipelines = pipelines.join(", "),
                        "kept pipelines use a partner's action type that this start does not connect them to: \
                         its jobs are not offered, and their client tokens are refused. Start it again with \
                         the `--third-party` file of before"
                    );
                }
                (engine, Some(keeper))
            }
        };
        let driver = Driver {
            engine,
            keeper,
            clock,
            store: store.clone(),
            events: events.clone(),
            effects: JoinSet::new(),
            replies: Vec::new(),
            broken: Arc::clone(&broken),
        };
        tasks.spawn(driver.run(messages, source_poll, stop));
        Ok(Self {
            inbox,
            events,
            store,
            broken,
        })
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Carries out the operation named `name` with the request in `body`.
    ///
    /// # Errors
    /// The service's exception.
    pub(crate) async fn call(&self, name: &str, body: &[u8]) -> Result<Value, ApiError> {
        let operation = Box::new(Operation::parse(name, body)?);
        if operation.declared().is_some() {
            return self.declare(operation).await;
        }
        self.ask(|reply| Message::Handle { operation, reply }).await
    }

    /// Makes or updates a pipeline.
    async fn declare(&self, operation: Box<Operation>) -> Result<Value, ApiError> {
        let operation = self
            .ask(|reply| Message::Check { operation, reply })
            .await?;
        let mut seen = BTreeMap::new();
        if let Some(pipeline) = operation.declared() {
            let store = pipeline.artifact_store.as_ref();
            let bucket = store.map_or("", |store| store.location.as_str());
            if self.store.bucket(bucket).await.is_err() {
                return Err(ApiError::validation(format!(
                    "The artifact store's bucket '{bucket}' does not exist; create it first: aws \
                     s3api create-bucket --bucket {bucket}"
                )));
            }
            for (action, object) in Engine::sources_of(pipeline) {
                seen.insert(action, source::look(&self.store, &object).await);
            }
        }
        self.ask(|reply| Message::Declare {
            operation,
            seen,
            reply,
        })
        .await
    }

    /// Has the engine do what no request could ask for.
    ///
    /// # Errors
    /// A job that is not there, or that it cannot be done to.
    pub(crate) async fn order(&self, order: Order) -> Result<usize, ApiError> {
        self.ask(|reply| Message::Order { order, reply }).await
    }

    /// How open jobs stand.
    ///
    /// # Errors
    /// The service is stopping.
    pub(crate) async fn open_jobs(&self) -> Result<Value, ApiError> {
        self.ask(|reply| Message::OpenJobs { reply }).await
    }

    async fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T, ApiError> {
        let stopping = || {
            let why = self
                .broken
                .get()
                .map_or("The service is stopping", String::as_str);
            ApiError::new("ServiceUnavailableException", why)
        };
        let (reply, answer) = oneshot::channel();
        self.inbox
            .send(message(reply))
            .await
            .map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }
}

struct Driver {
    engine: Engine,
    keeper: Option<Keeper>,
    clock: Clock,
    store: ObjectStore,
    events: broadcast::Sender<Event>,
    effects: JoinSet<Done>,
    /// Answers that wait until what they tell of is kept.
    replies: Vec<Box<dyn FnOnce() + Send>>,
    broken: Arc<OnceLock<String>>,
}

/// The end of an effect.
enum Done {
    Fetched {
        run: String,
        result: Result<Fetched, ErrorDetails>,
    },
    Verified {
        run: String,
        result: Result<(), ErrorDetails>,
    },
    Looked {
        source: WatchedSource,
        version: Option<String>,
    },
}

impl Driver {
    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Message>,
        source_poll: Duration,
        stop: CancellationToken,
    ) {
        let mut published = self.store.changes();
        let mut next_poll = later(self.clock.now(), source_poll);
        // What begins again with a service that was there before.
        self.carry_out();
        loop {
            let deadline = self.engine.next_deadline();
            let clock = self.clock.clone();
            tokio::select! {
                () = stop.cancelled() => return,
                message = inbox.recv() => match message {
                    Some(message) => self.answer_all(message, &mut inbox),
                    None => return,
                },
                Some(done) = self.effects.join_next() => match done {
                    Ok(done) => self.done(done),
                    Err(error) => tracing::error!(%error, "an effect ended without a result"),
                },
                () = reach(&clock, deadline) => self.engine.tick(clock.now()),
                notice = published.recv() => match notice {
                    Ok(notice) => self.look_at(|source| is_of(source, &notice)),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.look_at(|_| true),
                    // The store lives as long as this task, so this is never reached.
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                () = clock.sleep_until(next_poll) => {
                    next_poll = later(clock.now(), source_poll);
                    self.look_at(|_| true);
                }
            }
            if let Err(error) = self.keep().await {
                let why = format!(
                    "The state could not be written, so nothing is answered any more: {}",
                    told(&error)
                );
                tracing::error!("{why}");
                // Set once, by the one task there is.
                let _ = self.broken.set(why);
                return;
            }
            self.replies.drain(..).for_each(|reply| reply());
            self.carry_out();
        }
    }

    /// Writes what changed.
    async fn keep(&mut self) -> Result<(), KeepError> {
        let changes = self.engine.take_changes()?;
        match &self.keeper {
            Some(keeper) if !changes.is_empty() => keeper.write(changes).await,
            _ => Ok(()),
        }
    }

    fn answer_all(&mut self, first: Message, inbox: &mut mpsc::Receiver<Message>) {
        self.answer(first);
        for _ in 1..TOGETHER {
            match inbox.try_recv() {
                Ok(message) => self.answer(message),
                Err(_) => return,
            }
        }
    }

    fn reply<T: Send + 'static>(&mut self, reply: Reply<T>, answer: Result<T, ApiError>) {
        self.replies.push(Box::new(move || {
            // A caller that hung up does not undo what was done.
            let _ = reply.send(answer);
        }));
    }

    fn answer(&mut self, message: Message) {
        let now = self.clock.now();
        match message {
            Message::Handle { operation, reply } => {
                let answer = self.engine.handle(*operation, now);
                self.reply(reply, answer);
            }
            Message::Check { operation, reply } => {
                let checked = self.engine.check_declaration(&operation);
                self.reply(reply, checked.map(|()| operation));
            }
            Message::Declare {
                operation,
                seen,
                reply,
            } => {
                let name = operation.declared().map(|pipeline| pipeline.name.clone());
                let made = self.engine.handle(*operation, now);
                if let (Ok(_), Some(name)) = (&made, name) {
                    self.engine.note_sources(&name, seen);
                }
                self.reply(reply, made);
            }
            Message::Order { order, reply } => {
                self.engine.tick(now);
                let done = self.engine.carry_out(order, &self.clock);
                self.reply(reply, done);
            }
            Message::OpenJobs { reply } => {
                let jobs = self.engine.open_jobs();
                self.reply(reply, Ok(jobs));
            }
        }
    }

    fn done(&mut self, done: Done) {
        self.engine.tick(self.clock.now());
        match done {
            Done::Fetched { run, result } => self.engine.source_fetched(&run, result),
            Done::Verified { run, result } => self.engine.outputs_verified(&run, result),
            Done::Looked { source, version } => {
                if self.engine.source_seen(&source, version) {
                    self.look_at(|other| {
                        other.pipeline == source.pipeline && other.action == source.action
                    });
                }
            }
        }
    }

    fn look_at(&mut self, is_wanted: impl Fn(&WatchedSource) -> bool) {
        for source in self.engine.watched_sources().into_iter().filter(is_wanted) {
            let store = self.store.clone();
            self.effects.spawn(async move {
                let version = source::look(&store, &source.object).await;
                Done::Looked { source, version }
            });
        }
    }

    fn carry_out(&mut self) {
        for effect in self.engine.take_effects() {
            let store = self.store.clone();
            match effect {
                Effect::Emit(event) => {
                    // Nobody watching is no error.
                    let _ = self.events.send(event);
                }
                Effect::FetchSource { run, from, to, key } => {
                    self.effects.spawn(async move {
                        let result = source::fetch(&store, &from, &to, key).await;
                        Done::Fetched { run, result }
                    });
                }
                Effect::VerifyOutputs { run, objects } => {
                    self.effects.spawn(async move {
                        let result = source::verify(&store, &objects).await;
                        Done::Verified { run, result }
                    });
                }
            }
        }
    }
}

fn is_of(source: &WatchedSource, notice: &Published) -> bool {
    source.object.0 == notice.bucket && source.object.1 == notice.key
}

/// An error and its causes.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

async fn reach(clock: &Clock, deadline: Option<Timestamp>) {
    match deadline {
        Some(deadline) => clock.sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
