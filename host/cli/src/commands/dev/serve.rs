//! The course of `dev`.
//!
//! ```text
//! service up -> action types -> buckets -> source uploaded -> pipeline created -> worker up
//!     -> show what happens; new source -> upload; new plugin -> action type   (until a signal)
//!     -> --once: until the first execution has ended
//! ```

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pipefitter_local::{ControlToken, LocalConfig, Server, Switches, ThirdParty};
use pipefitter_plugins::{Catalogue, Custody};
use tokio_util::sync::CancellationToken;

use super::definition::Definition;
use super::keys::{self, Keys};
use super::pipeline::{self, Pipeline};
use super::rebuild::Rebuilds;
use super::session::{Ended, Session, register};
use super::setup::{Clients, KEY, REGION};
use super::show::Show;
use super::source::{send_source, source_location};
use super::sources::Sources;
use super::worker::start_worker;
use crate::args::DevArgs;
use crate::commands::check::against_plugins;
use crate::config::{Config, load_or_empty, load_third_party, print_problems};
use crate::exit::Exit;
use crate::plugin_files::report_plugin_problems;
use crate::print;
use crate::signals::Signals;
use crate::temporary::TemporaryDir;
use crate::wiring::{self, Engine, ServedPlugins, StateDir};

/// docs/LOCAL.md tells what it takes.
const CONTROL_PATH: &str = "/_pipefitter/control";

/// A plugin that is built while it is served.
#[derive(Clone)]
pub(crate) struct OwnPlugin {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// What counts of that.
    pub(crate) sources: Sources,
    /// Their digest, when what is served was built.
    pub(crate) built_from: [u8; 32],
    /// The .wasm that a build leaves.
    pub(crate) built: PathBuf,
    /// The .wasm that is served.
    pub(crate) served: PathBuf,
    /// Of its action in a pipeline that is made.
    pub(crate) configuration: BTreeMap<String, String>,
}

pub(crate) fn main(args: DevArgs) -> Result<Exit> {
    begin(args, None)
}

/// `plugin dev`.
pub(crate) fn of_plugin(args: DevArgs, own: OwnPlugin) -> Result<Exit> {
    begin(args, Some(own))
}

fn begin(args: DevArgs, own: Option<OwnPlugin>) -> Result<Exit> {
    let config = match load_or_empty(args.config.as_deref()) {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return Ok(Exit::Config);
        }
    };
    let third_party = match args
        .third_party
        .as_deref()
        .map(load_third_party)
        .transpose()
    {
        Ok(third_party) => third_party.unwrap_or_default(),
        Err(problems) => {
            print_problems(&problems);
            return Ok(Exit::Config);
        }
    };
    let temporary;
    let state_dir = match &args.state_dir {
        Some(dir) => dir.as_path(),
        None => {
            temporary = TemporaryDir::new()?;
            temporary.path()
        }
    };
    let state = StateDir::open(state_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let ended = runtime.block_on(serve(&args, config, third_party, &state, own));
    // A plugin may still be compiled, for nobody.
    runtime.shutdown_background();
    ended
}

async fn serve(
    args: &DevArgs,
    mut config: Config,
    third_party: ThirdParty,
    state: &StateDir,
    own: Option<OwnPlugin>,
) -> Result<Exit> {
    let mut signals = Signals::new()?;
    // A laptop waits for nobody: a poll is a local call.
    config.worker.poll_interval_min = Duration::from_millis(50);
    config.worker.poll_interval_max = Duration::from_millis(500);
    let worker_config = wiring::worker_config(&config, state);
    // A developer's own files, which a group of the developer's own often may write.
    config.supply.policy.custody = Custody::Advised;
    let engine = Engine::new(state, &config, &worker_config)?;
    let stop = CancellationToken::new();
    let mut plugins = tokio::select! {
        opened = ServedPlugins::open(&args.plugins, &engine, stop.clone()) => opened?,
        _ = signals.next() => return Ok(interrupted(args)),
    };
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
    let configuration = own.as_ref().map(|own| &own.configuration);
    let pipeline = choose_pipeline(args, &catalogue, configuration)?;

    let control = control_token(args)?;
    let server = start_server(args, third_party.clone(), state, control.clone()).await?;
    let mut show = Show::new();
    greet(&mut show, args, &server);
    if let Some(token) = control.filter(|_| args.control) {
        show.say(&format!(
            "The control path is {}{CONTROL_PATH}, its token {}",
            server.endpoint_url(),
            token.reveal()
        ));
    }
    let mut events = server.events();
    let clients = Clients::new(&server.endpoint_url());
    let mut registered = clients.registered(&catalogue, &mut show).await?;
    register(&clients, &catalogue, &mut registered).await?;

    let source = source_location(args, pipeline.as_ref())?;
    // From before it is packed: what changes from then on is sent again.
    let changes = match (&source, args.once) {
        (Some(source), false) => Some(source.watch()?),
        _ => None,
    };
    let mut sent = None;
    let definition = Definition::of(state)?;
    if let Some(pipeline) = &pipeline {
        clients.create_buckets(pipeline).await?;
        let is_there = clients.has_pipeline(&pipeline.name).await?;
        if is_there && definition.is_other(pipeline)? {
            clients.update_pipeline(pipeline).await?;
        }
        if let Some(source) = &source {
            sent = Some(send_source(&clients, source, None, &mut show).await?);
        }
        if !is_there {
            clients.create_pipeline(pipeline).await?;
        }
        definition.keep(pipeline)?;
        // A pipeline that is there sees the new source by itself.
        let is_begun = is_there && source.is_some() && pipeline.polls_for_changes;
        if !is_begun && (source.is_some() || pipeline.sources.is_empty()) {
            clients.start(&pipeline.name).await?;
        } else if !is_begun {
            say_how_to_begin(&mut show, pipeline);
        }
    }

    let worker = match args.no_worker {
        true => None,
        false => {
            let started = start_worker(
                args,
                &config,
                state,
                &engine,
                &plugins,
                &server,
                &third_party,
            );
            Some(started.await?)
        }
    };
    let keys = if args.once { None } else { Keys::open() };
    if keys.is_some() {
        show.say(&keys::help());
    }
    let ended = Session {
        args,
        show,
        control: server.control(),
        keys,
        clients,
        registered,
        source,
        changes,
        sent,
        rebuilds: own.map(Rebuilds::of).transpose()?,
        polls: pipeline
            .as_ref()
            .is_none_or(|pipeline| pipeline.polls_for_changes),
        pipeline: pipeline.map(|pipeline| pipeline.name),
    }
    .watch(&mut events, worker.as_ref(), &mut plugins, &mut signals)
    .await;

    stop.cancel();
    if let Some(worker) = worker {
        match ended {
            // Nothing runs any more.
            Ok(Ended::WithExecution(_)) => worker.drain(),
            _ => worker.cancel(),
        }
        worker.join().await.context("the worker failed")?;
    }
    server.shutdown().await;
    while plugins.watching.join_next().await.is_some() {}
    match ended? {
        Ended::WithExecution(exit) => Ok(exit),
        Ended::BySignal => Ok(interrupted(args)),
    }
}

/// Whoever asked for one execution did not get it.
fn interrupted(args: &DevArgs) -> Exit {
    if !args.once {
        return Exit::Success;
    }
    print::error_line("error: interrupted before the execution ended");
    Exit::Failure
}

fn choose_pipeline(
    args: &DevArgs,
    catalogue: &Catalogue,
    configuration: Option<&BTreeMap<String, String>>,
) -> Result<Option<Pipeline>> {
    if let Some(file) = &args.pipeline {
        return Pipeline::load(file).map(Some);
    }
    if args.no_worker {
        return Ok(None);
    }
    let mut made = pipeline::made_from(catalogue);
    if let Some(configuration) = configuration {
        pipeline::configure(&mut made, configuration);
    }
    let missing = pipeline::unfilled(&made);
    if !missing.is_empty() && configuration.is_some() {
        bail!(
            "the plugin needs configuration that only you know: {}. Write it into its job.json, as \
             `{{ \"configuration\": {{ \"key\": \"value\" }} }}`",
            missing.join(", ")
        );
    }
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

fn control_token(args: &DevArgs) -> Result<Option<ControlToken>> {
    if args.control {
        return Ok(Some(ControlToken::random()));
    }
    let token = args.control_token_file.as_deref();
    let token = token.map(ControlToken::from_file).transpose();
    token.context("--control-token-file")
}

fn switches(args: &DevArgs) -> Result<Switches> {
    let mut switches = Switches {
        reoffer_after: args.reoffer_after,
        credential_lifetime: args.credential_lifetime,
        action_timeout: args.action_timeout,
        ..Switches::default()
    };
    for (name, value) in &args.assume {
        switches.set(name, value).context("--assume")?;
    }
    Ok(switches)
}

async fn start_server(
    args: &DevArgs,
    third_party: ThirdParty,
    state: &StateDir,
    control: Option<ControlToken>,
) -> Result<Server> {
    // Without a folder that stays there is nothing to keep anything for.
    let state_dir = args
        .state_dir
        .as_ref()
        .map(|_| state.service())
        .transpose()?;
    let local = LocalConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        state_dir,
        region: REGION.to_owned(),
        continuation_delay: args.continuation_delay,
        start_on_create: args.start_on_create,
        switches: switches(args)?,
        clock_skew: args.clock_skew,
        control,
        third_party,
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
    if !args.once {
        show.say(&format!(
            "A CodePipeline and S3 for this machine only. Any AWS SDK or the AWS CLI reaches it with\n  \
             export AWS_ENDPOINT_URL={} AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY={KEY} \
             AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}\nCtrl-C ends.",
            server.endpoint_url(),
        ));
    }
    show.say(&format!(
        "A continuation is offered again after {} (30s on AWS).",
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
