//! The course of `dev`.
//!
//! ```text
//! service up -> action types -> buckets -> source uploaded -> pipeline created -> worker up
//!     -> show what happens; new source -> upload; new plugin -> action type   (until a signal)
//!     -> --once: until the first execution has ended
//! ```

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pipefitter_claims::Single;
use pipefitter_codepipeline::Owner;
use pipefitter_local::{Event, EventKind, LocalConfig, Server, Status};
use pipefitter_plugins::{ActionTypeKey, Catalogue};
use pipefitter_worker::{Worker, WorkerEvent, WorkerHandle, WorkerParts};
use sha2::{Digest, Sha256};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::pipeline::{self, Pipeline};
use super::setup::{Clients, KEY, REGION};
use super::show::Show;
use super::source::{self, Changes};
use crate::args::DevArgs;
use crate::commands::check::against_plugins;
use crate::config::{Config, SourceConfig, load, parse, print_problems};
use crate::exit::Exit;
use crate::plugin_files::report_plugin_problems;
use crate::print;
use crate::wiring::{self, Engine, ServedPlugins, StateDir};

pub(crate) fn main(args: DevArgs) -> Result<Exit> {
    let config = match &args.config {
        Some(file) => load(file),
        None => parse(Path::new("(no configuration)"), ""),
    };
    let config = match config {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return Ok(Exit::Config);
        }
    };
    let temporary;
    let state_dir = match &args.state_dir {
        Some(dir) => dir.as_path(),
        None => {
            temporary = tempfile::tempdir().context("could not make a temporary folder")?;
            temporary.path()
        }
    };
    let state = StateDir::open(state_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(serve(&args, config, &state))
}

async fn serve(args: &DevArgs, mut config: Config, state: &StateDir) -> Result<Exit> {
    // A laptop waits for nobody: a poll is a local call.
    config.worker.poll_interval_min = Duration::from_millis(50);
    config.worker.poll_interval_max = Duration::from_millis(500);
    let worker_config = wiring::worker_config(&config, state);
    let engine = Engine::new(state, &worker_config)?;
    let stop = CancellationToken::new();
    let mut plugins = ServedPlugins::open(&args.plugins, &engine, stop.clone()).await?;
    let catalogue = Arc::clone(&plugins.catalogue.borrow_and_update());
    report_plugin_problems(catalogue.problems());
    if args.print_pipeline {
        print::line(format_args!("{:#}", pipeline::made_from(&catalogue)))?;
        return Ok(Exit::Success);
    }
    if catalogue.plugins().next().is_none() && !args.no_worker {
        bail!(
            "{} has no plugin that can be served: build one with `pipefitter plugin build`, or start \
             the service alone with --no-worker",
            args.plugins.display()
        );
    }
    print_problems(&against_plugins(&config, &catalogue));
    let pipeline = choose_pipeline(args, &catalogue)?;

    let server = start_server(args, state).await?;
    let mut show = Show::new();
    greet(&mut show, args, &server);
    let mut events = server.events();
    let clients = Clients::new(&server.endpoint_url());
    let mut registered = Vec::new();
    register(&clients, &catalogue, &mut registered).await?;

    let source = source_location(args, pipeline.as_ref())?;
    let mut sent = None;
    if let Some(pipeline) = &pipeline {
        clients.create_buckets(pipeline).await?;
        if let Some(source) = &source {
            sent = Some(send_source(&clients, source, None, &mut show).await?);
        }
        clients.create_pipeline(pipeline).await?;
        if source.is_some() || pipeline.sources.is_empty() {
            clients.start(&pipeline.name).await?;
        } else {
            say_how_to_begin(&mut show, pipeline);
        }
    }

    let worker = match args.no_worker {
        true => None,
        false => Some(start_worker(&config, state, &engine, &plugins, &server).await?),
    };
    let exit = Session {
        args,
        show,
        clients,
        registered,
        source,
        sent,
        polls: pipeline
            .as_ref()
            .is_none_or(|pipeline| pipeline.polls_for_changes),
        pipeline: pipeline.map(|pipeline| pipeline.name),
    }
    .watch(&mut events, worker.as_ref(), &mut plugins)
    .await;

    stop.cancel();
    if let Some(worker) = worker {
        match exit {
            // The execution is over, and nothing runs.
            Ok(_) if args.once => worker.drain(),
            _ => worker.cancel(),
        }
        worker.join().await.context("the worker failed")?;
    }
    server.shutdown().await;
    while plugins.watching.join_next().await.is_some() {}
    exit
}

fn choose_pipeline(args: &DevArgs, catalogue: &Catalogue) -> Result<Option<Pipeline>> {
    if let Some(file) = &args.pipeline {
        return Pipeline::load(file).map(Some);
    }
    if args.no_worker {
        return Ok(None);
    }
    let made = pipeline::made_from(catalogue);
    let missing = pipeline::unfilled(&made);
    if !missing.is_empty() {
        bail!(
            "a pipeline made from these plugins lacks configuration that only you know: {}.\nWrite it \
             with `pipefitter dev --plugins {} --print-pipeline > pipeline.json`, fill in what says \
             FILL-IN, and give it with --pipeline pipeline.json",
            missing.join(", "),
            args.plugins.display()
        );
    }
    Pipeline::from_json(made).map(Some)
}

async fn start_server(args: &DevArgs, state: &StateDir) -> Result<Server> {
    let local = LocalConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        state_dir: Some(state.service()?),
        region: REGION.to_owned(),
        continuation_delay: args.continuation_delay,
        reoffer_after: args.reoffer_after,
        credential_lifetime: args.credential_lifetime,
        ..LocalConfig::default()
    };
    Server::start(local).await.with_context(|| {
        format!(
            "could not start the service on port {}: --port 0 takes any that is free",
            args.port
        )
    })
}

fn greet(show: &mut Show, args: &DevArgs, server: &Server) {
    show.say(&format!("Listening on {}", server.endpoint_url()));
    if args.once {
        return;
    }
    show.say(&format!(
        "A CodePipeline and S3 for this machine only. Any AWS SDK or the AWS CLI reaches it with\n  export \
         AWS_ENDPOINT_URL={} AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY={KEY} \
         AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}\nA \
         continuation is offered again after {} (30s on AWS). Ctrl-C ends.",
        server.endpoint_url(),
        pipefitter_plugins::units::format_duration(args.continuation_delay)
    ));
}

fn say_how_to_begin(show: &mut Show, pipeline: &Pipeline) {
    for (bucket, key) in &pipeline.sources {
        show.say(&format!(
            "Upload a source to begin: aws s3 cp source.zip s3://{bucket}/{key}   (or start with --source \
             DIR)"
        ));
    }
}

/// Register what has no action type yet.
async fn register(
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

/// The source folder and the object that it becomes.
struct Source {
    folder: PathBuf,
    bucket: String,
    key: String,
}

fn source_location(args: &DevArgs, pipeline: Option<&Pipeline>) -> Result<Option<Source>> {
    let Some(folder) = &args.source else {
        let waits = pipeline.is_some_and(|pipeline| !pipeline.sources.is_empty());
        if args.once && waits {
            bail!("--once needs --source DIR: the pipeline begins with an S3 source");
        }
        return Ok(None);
    };
    if !folder.is_dir() {
        bail!("--source: {} is not a folder", folder.display());
    }
    let first = pipeline.and_then(|pipeline| pipeline.sources.first());
    let Some((bucket, key)) = first else {
        bail!("--source is for a pipeline that begins with an S3 source action: this one has none");
    };
    Ok(Some(Source {
        folder: folder.clone(),
        bucket: bucket.clone(),
        key: key.clone(),
    }))
}

/// Upload the source unless it is what was sent last; returns its digest.
async fn send_source(
    clients: &Clients,
    source: &Source,
    last: Option<[u8; 32]>,
    show: &mut Show,
) -> Result<[u8; 32]> {
    let packed = source::pack(source.folder.clone()).await?;
    let bytes = tokio::fs::read(&packed)
        .await
        .context("could not read the packed source")?;
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    if last != Some(digest) {
        let version = source::upload(&clients.s3, &source.bucket, &source.key, &packed).await?;
        show.say(&format!(
            "Source {} is s3://{}/{} version {version}",
            source.folder.display(),
            source.bucket,
            source.key
        ));
    }
    Ok(digest)
}

async fn start_worker(
    config: &Config,
    state: &StateDir,
    engine: &Engine,
    plugins: &ServedPlugins,
    server: &Server,
) -> Result<WorkerHandle> {
    let source = SourceConfig {
        id: "local".to_owned(),
        region: REGION.to_owned(),
        owner: Owner::Custom,
        profile: None,
        role_arn: None,
        external_id: None,
        endpoint_url: Some(server.endpoint_url()),
        static_keys: Some((KEY.to_owned(), KEY.into())),
    };
    let parts = WorkerParts {
        sources: vec![wiring::source_parts(&source, state).await?],
        runner: Arc::clone(&engine.runner) as _,
        // The service's own state goes with the process: a journal that stayed would name its dead jobs.
        journal: Arc::new(pipefitter_journal::Memory::default()),
        claims: Arc::new(Single),
        catalogue: plugins.catalogue.clone(),
    };
    let worker_config = wiring::worker_config(config, state);
    Worker::start(worker_config, parts)
        .await
        .context("the worker does not start")
}

/// What is watched once everything is up.
struct Session<'a> {
    args: &'a DevArgs,
    show: Show,
    clients: Clients,
    registered: Vec<ActionTypeKey>,
    source: Option<Source>,
    sent: Option<[u8; 32]>,
    pipeline: Option<String>,
    polls: bool,
}

impl Session<'_> {
    async fn watch(
        mut self,
        events: &mut broadcast::Receiver<Event>,
        worker: Option<&WorkerHandle>,
        plugins: &mut ServedPlugins,
    ) -> Result<Exit> {
        let mut of_worker = worker.map(WorkerHandle::events);
        let mut changes = match (&self.source, self.args.once) {
            (Some(source), false) => Some(Changes::of(&source.folder)?),
            _ => None,
        };
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .context("could not listen for signals")?;
        loop {
            tokio::select! {
                // What a job says comes before what the service makes of its result.
                biased;
                event = next(&mut of_worker) => self.of_worker(&event),
                event = events.recv() => match event {
                    Ok(event) => {
                        if let Some(exit) = self.of_service(&event) {
                            return Ok(exit);
                        }
                    }
                    Err(RecvError::Lagged(missed)) => {
                        self.show.warn(&format!("({missed} events were not shown)"));
                    }
                    Err(RecvError::Closed) => bail!("the service ended"),
                },
                () = changed(&mut changes) => self.source_changed().await,
                more = plugins.catalogue.changed() => {
                    if more.is_err() {
                        bail!("the plugins folder is watched no more");
                    }
                    let catalogue = Arc::clone(&plugins.catalogue.borrow_and_update());
                    self.plugins_changed(&catalogue).await;
                }
                _ = &mut interrupted => return Ok(Exit::Success),
                _ = terminate.recv() => return Ok(Exit::Success),
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

async fn changed(changes: &mut Option<Changes>) {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}
