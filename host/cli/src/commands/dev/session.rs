//! What happens while `dev` runs: news of the service and of the worker, a changed source, a changed plugin,
//! a signal.

use std::sync::Arc;

use anyhow::{Result, bail};
use pipefitter_local::{Control, Event, EventKind, Status};
use pipefitter_plugins::{ActionTypeKey, Catalogue};
use pipefitter_sandbox::Level;
use pipefitter_worker::{WorkerEvent, WorkerHandle};
use tokio::sync::broadcast::{self, error::RecvError};

use super::changes::Changes;
use super::keys::{self, Keys};
use super::rebuild::{BuildNews, Rebuilds};
use super::setup::Clients;
use super::show::Show;
use super::source::{Source, send_source};
use crate::args::DevArgs;
use crate::exit::Exit;
use crate::signals::Signals;
use crate::wiring::ServedPlugins;

/// Register what has no action type yet.
pub(super) async fn register(
    clients: &Clients,
    catalogue: &Catalogue,
    registered: &mut Vec<ActionTypeKey>,
) -> Result<()> {
    for plugin in catalogue.plugins() {
        let key = plugin.manifest.key();
        if !registered.contains(key) {
            clients.create_action_type(plugin).await?;
            registered.push(key.clone());
        }
    }
    Ok(())
}

/// Why a session is over.
pub(super) enum Ended {
    /// `--once`, and the execution ended so.
    WithExecution(Exit),
    BySignal,
}

/// What is watched once everything is up.
pub(super) struct Session<'a> {
    pub(super) args: &'a DevArgs,
    pub(super) show: Show,
    pub(super) control: Control,
    pub(super) keys: Option<Keys>,
    pub(super) clients: Clients,
    pub(super) registered: Vec<ActionTypeKey>,
    pub(super) source: Option<Source>,
    /// Of the source, since before it was sent first.
    pub(super) changes: Option<Changes>,
    pub(super) sent: Option<[u8; 32]>,
    pub(super) pipeline: Option<String>,
    pub(super) polls: bool,
    pub(super) rebuilds: Option<Rebuilds>,
}

impl Session<'_> {
    pub(super) async fn watch(
        mut self,
        events: &mut broadcast::Receiver<Event>,
        worker: Option<&WorkerHandle>,
        plugins: &mut ServedPlugins,
        signals: &mut Signals,
    ) -> Result<Ended> {
        let mut of_worker = worker.map(WorkerHandle::events);
        loop {
            tokio::select! {
                // What a job says comes before what the service makes of its result.
                biased;
                event = next(&mut of_worker) => self.of_worker(&event),
                event = events.recv() => match event {
                    Ok(event) => {
                        if let Some(exit) = self.of_service(&event) {
                            return Ok(Ended::WithExecution(exit));
                        }
                    }
                    Err(RecvError::Lagged(missed)) => {
                        self.show.warn(&format!("({missed} events were not shown)"));
                    }
                    Err(RecvError::Closed) => bail!("the service ended"),
                },
                () = changed(&mut self.changes) => self.source_changed().await,
                more = plugins.catalogue.changed() => {
                    if more.is_err() {
                        bail!("the plugins folder is watched no more");
                    }
                    let catalogue = Arc::clone(&plugins.catalogue.borrow_and_update());
                    self.plugins_changed(&catalogue).await;
                }
                news = built(&mut self.rebuilds) => self.of_build(news),
                key = pressed(&mut self.keys) => self.press(key).await,
                _ = signals.next() => return Ok(Ended::BySignal),
            }
        }
    }

    /// Does what a key is for, and tells; another key is told what there is.
    async fn press(&mut self, key: u8) {
        let Some(command) = keys::command(key) else {
            self.show.say(&keys::help());
            return;
        };
        match self.control.carry_out(command).await {
            Ok(done) => self.show.say(&format!("Key {}: {done}", char::from(key))),
            Err(error) => {
                let text = format!("Key {}: {error}", char::from(key));
                self.show.warn(&text);
            }
        }
    }

    fn of_build(&mut self, news: BuildNews) {
        match news {
            BuildNews::Began => self.show.say("\nThe plugin's sources changed: it is built"),
            BuildNews::Line(line) => self.show.log("build", Level::Info, line.trim_end()),
            BuildNews::Good => self.show.say("Built; it is loaded again"),
            BuildNews::Same => self.show.say("Built; nothing is different"),
            BuildNews::Failed(why) => {
                let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
                let text =
                    format!("The build failed{why}: the plugin that was built before is served on");
                self.show.warn(&text);
            }
        }
    }

    fn of_worker(&mut self, event: &WorkerEvent) {
        match event {
            WorkerEvent::Log {
                job,
                level,
                text,
                fields,
                ..
            } => {
                let fields: String = fields
                    .iter()
                    .map(|(name, value)| format!(" {name}={value}"))
                    .collect();
                self.show
                    .log(&job.action, *level, &format!("{text}{fields}"));
            }
            WorkerEvent::Progress {
                job,
                percent,
                summary,
            } => {
                self.show.progress(&job.action, *percent, summary);
            }
            WorkerEvent::Notice { level, text } => self.show.log("worker", *level, text),
            _ => {}
        }
    }

    fn of_service(&mut self, event: &Event) -> Option<Exit> {
        self.show.event(event);
        let EventKind::ExecutionFinished { status, .. } = &event.kind else {
            return None;
        };
        let ours = self.pipeline.as_ref() == Some(&event.pipeline);
        (self.args.once && ours).then_some(match status {
            Status::Succeeded => Exit::Success,
            _ => Exit::Failure,
        })
    }

    async fn source_changed(&mut self) {
        let Some(source) = &self.source else {
            return;
        };
        let before = self.sent;
        match send_source(&self.clients, source, before, &mut self.show).await {
            Ok(digest) => self.sent = Some(digest),
            Err(error) => self
                .show
                .warn(&format!("the source was not uploaded: {error:#}")),
        }
        // A source action that polls starts an execution by itself.
        if let (Some(pipeline), false) = (&self.pipeline, self.polls)
            && self.sent != before
            && let Err(error) = self.clients.start(pipeline).await
        {
            self.show.warn(&format!("{error:#}"));
        }
    }

    async fn plugins_changed(&mut self, catalogue: &Catalogue) {
        for problem in catalogue.problems() {
            self.show
                .warn(&format!("{}; {}", problem.message, problem.remedy));
        }
        let names: Vec<&str> = catalogue
            .plugins()
            .map(|plugin| plugin.name.as_str())
            .collect();
        self.show.say(&format!("Plugins: {}", names.join(", ")));
        if let Err(error) = register(&self.clients, catalogue, &mut self.registered).await {
            self.show.warn(&format!("{error:#}"));
            return;
        }
        // The same source through the new code: that is what whoever builds a plugin wants to see.
        if let (Some(pipeline), Some(_), false) = (&self.pipeline, &self.source, self.args.once)
            && let Err(error) = self.clients.start(pipeline).await
        {
            self.show.warn(&format!("{error:#}"));
        }
    }
}

async fn next(events: &mut Option<broadcast::Receiver<WorkerEvent>>) -> WorkerEvent {
    let Some(events) = events else {
        return std::future::pending().await;
    };
    loop {
        match events.recv().await {
            Ok(event) => return event,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

async fn built(rebuilds: &mut Option<Rebuilds>) -> BuildNews {
    match rebuilds {
        Some(rebuilds) => rebuilds.next().await,
        None => std::future::pending().await,
    }
}

async fn pressed(keys: &mut Option<Keys>) -> u8 {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

async fn changed(changes: &mut Option<Changes>) {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}
