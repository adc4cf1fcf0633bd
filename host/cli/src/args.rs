//! What the command line takes. Only clap types: what a command does is in its own file.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, Parser, Subcommand};
use pipefitter_plugins::Language;
use pipefitter_plugins::units::parse_duration;

use crate::commands::plugin::languages::offered;

/// A job worker for AWS CodePipeline custom actions whose logic is sandboxed WebAssembly
#[derive(Parser)]
#[command(
    name = "pipefitter",
    version,
    about,
    after_help = "Start here: `pipefitter plugin new hello --lang rust`, then `pipefitter plugin build hello`\n\
                  and `pipefitter dev --plugins hello --source hello/example`. Nothing needs an AWS account\n\
                  until `pipefitter run`."
)]
pub(crate) struct Cli {
    /// How much is said on standard error: error, warn, info, debug, trace, or a filter such as
    /// `pipefitter_worker=debug`. Libraries are heard from info up: below it they print secrets
    #[arg(long, global = true, value_name = "FILTER", env = "PIPEFITTER_LOG")]
    pub(crate) log: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve jobs of AWS CodePipeline with the plugins of a folder
    Run(RunArgs),
    /// Run a whole CodePipeline and S3 on this machine, with a worker for the plugins of a folder
    Dev(DevArgs),
    /// Run one plugin once, over folders of this machine, with no service at all
    Invoke(InvokeArgs),
    /// Check a configuration and its plugins, and show every problem at once
    Check(CheckArgs),
    /// Make, build, check, sign and verify plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// What AWS must know of a plugin's action type
    #[command(subcommand)]
    ActionType(ActionTypeCommand),
    /// Print the least IAM policies that a configuration needs: of the worker's own credentials and of each role
    Iam(IamArgs),
    /// Print what AWS must be told so that events reach the queue of a source
    Events(EventsArgs),
    /// Find out by experiments in your own account what AWS CodePipeline does where its documentation is silent
    ProbeAws(ProbeAwsArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
pub(crate) struct RunArgs {
    /// The configuration
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pipefitter.toml",
        env = "PIPEFITTER_CONFIG"
    )]
    pub(crate) config: PathBuf,
}

#[derive(Args)]
pub(crate) struct DevArgs {
    /// The folder of plugins: .wasm files with their action.toml
    #[arg(long, value_name = "DIR")]
    pub(crate) plugins: PathBuf,
    /// The pipeline, as `aws codepipeline create-pipeline --cli-input-json` takes it; without one, a
    /// pipeline is made from the plugins
    #[arg(long, value_name = "FILE")]
    pub(crate) pipeline: Option<PathBuf>,
    /// The folder that is the pipeline's source; a change in it starts a new execution
    #[arg(long, value_name = "DIR")]
    pub(crate) source: Option<PathBuf>,
    /// Grants and limits for plugins: the `[plugins.NAME]` tables of a configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Third-party (partner) action types for the service, and the clients that are connected to them
    #[arg(long, value_name = "FILE")]
    pub(crate) third_party: Option<PathBuf>,
    /// The port of the service on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 4510)]
    pub(crate) port: u16,
    /// Keep the service's state, objects, compiled code and logs here instead of in a temporary folder
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Run one execution and exit: 0 if it succeeded, 1 if not
    #[arg(long)]
    pub(crate) once: bool,
    /// The service alone, without a worker
    #[arg(long, conflicts_with = "once")]
    pub(crate) no_worker: bool,
    /// Print the pipeline that would be made from the plugins, and exit
    #[arg(long, conflicts_with_all = ["once", "no_worker", "pipeline"])]
    pub(crate) print_pipeline: bool,
    /// How long after a continuation the next job is offered (30s on AWS)
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    pub(crate) continuation_delay: Duration,
    /// Have CreatePipeline begin a first execution, as on AWS
    #[arg(long, requires = "no_worker")]
    pub(crate) start_on_create: bool,
    /// How long a job may stay unacknowledged before it is offered again
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) reoffer_after: Duration,
    /// How long a job's credentials are valid
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
    pub(crate) credential_lifetime: Duration,
    /// How long an action may take
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    pub(crate) action_timeout: Duration,
    /// How far CodePipeline's clock is ahead of this machine's where it judges signatures; `-10m` for behind
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = skew, allow_hyphen_values = true)]
    pub(crate) clock_skew: i64,
    /// Another answer to a question about AWS that nothing public settles: docs/AWS-ASSUMPTIONS.md lists them
    #[arg(long = "assume", value_name = "SWITCH=ANSWER", value_parser = pair)]
    pub(crate) assume: Vec<(String, String)>,
    /// Open the control path, which moves time and makes things go wrong, and print its token
    #[arg(long)]
    pub(crate) control: bool,
    /// Open the control path with the token on the first line of a file, which is not printed
    #[arg(long, value_name = "FILE", conflicts_with = "control")]
    pub(crate) control_token_file: Option<PathBuf>,
}

impl DevArgs {
    /// What holds where nothing else is said, for a folder of plugins.
    pub(crate) fn of_plugins(plugins: &Path) -> Self {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            dev: DevArgs,
        }
        let words = [
            OsStr::new("dev"),
            OsStr::new("--plugins"),
            plugins.as_os_str(),
        ];
        Alone::parse_from(words).dev
    }
}

/// Whole seconds.
fn skew(text: &str) -> Result<i64, String> {
    let (size, sign) = text.strip_prefix('-').map_or((text, 1), |size| (size, -1));
    let seconds = duration(size)?.as_secs();
    let seconds = i64::try_from(seconds).map_err(|error| error.to_string())?;
    Ok(sign * seconds)
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

#[derive(Args)]
pub(crate) struct InvokeArgs {
    /// The plugin's .wasm, or the folder that holds it
    pub(crate) plugin: PathBuf,
    /// The job as JSON: `configuration`, `pipeline`, `continuation_token`, `id`, `account_id`, all optional
    #[arg(long, value_name = "FILE")]
    pub(crate) job: Option<PathBuf>,
    /// One value of the action's configuration; counts above the job file's
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// An input artifact: a folder, or an archive that is unpacked as a worker would
    #[arg(long = "input", value_name = "NAME=PATH", value_parser = pair)]
    pub(crate) inputs: Vec<(String, String)>,
    /// An output artifact: a folder that is empty or not there yet
    #[arg(long = "output", value_name = "NAME=DIR", value_parser = pair)]
    pub(crate) outputs: Vec<(String, String)>,
    /// Grants and limits for the plugin: the `[plugins.NAME]` tables of a configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(format!(
            "`{text}` is not NAME=VALUE; neither may be empty, as in CodePipeline"
        )),
    }
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The configuration
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pipefitter.toml",
        env = "PIPEFITTER_CONFIG"
    )]
    pub(crate) config: PathBuf,
    /// Ask AWS as well: each source's credentials, its rights to poll, and whether the registered action types are
    /// as the manifests say. No job is taken
    #[arg(long)]
    pub(crate) online: bool,
}

#[derive(Subcommand)]
pub(crate) enum PluginCommand {
    /// Write a new plugin: source, manifest, example input and README
    New {
        /// The plugin's name, which is its folder's too: lower-case letters, digits and `-`
        name: String,
        /// The language
        #[arg(long, value_parser = languages())]
        lang: Language,
        /// Where to make the folder
        #[arg(long, value_name = "DIR", default_value = ".")]
        into: PathBuf,
    },
    /// Build a plugin's folder into one .wasm with its manifest inside
    Build(BuildArgs),
    /// Tell everything at once that keeps a plugin from being served
    Check(PluginCheckArgs),
    /// Show what a plugin is, asks for and is made of
    Inspect(InspectArgs),
    /// List the plugins of a folder, each with its state
    List(ListArgs),
    /// Build a plugin and run its cases through the real worker
    Test(TestArgs),
    /// Build a plugin, serve it in a pipeline on this machine, and build it again on change
    Dev(PluginDevArgs),
    /// Make a pair of keys to sign plugins with, in minisign's format
    Keygen(KeygenArgs),
    /// Sign a plugin and its manifest: writes FILE.minisig beside it
    Sign(SignArgs),
    /// Show a plugin's digest and signature, and whether keys or a configuration accept them
    Verify(VerifyArgs),
}

#[derive(Args)]
pub(crate) struct BuildArgs {
    /// The plugin's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The .wasm to write; by default, the folder's name inside the folder
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The Cargo profile, for a plugin in Rust
    #[arg(long, default_value = "release")]
    pub(crate) profile: String,
    /// Take this component or core module, which other tools have built, instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub(crate) component: Option<PathBuf>,
    /// Build nothing: write the WIT package of the world that the manifest asks for, for other languages' tools
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "profile", "component"])]
    pub(crate) wit: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct PluginCheckArgs {
    /// The plugin's .wasm, or the folder that holds it
    #[arg(default_value = ".")]
    pub(crate) plugin: PathBuf,
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// The plugin's .wasm, or the folder that holds it
    #[arg(default_value = ".")]
    pub(crate) plugin: PathBuf,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ListArgs {
    /// The folder: its .wasm files, and those of the folders in it
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Take the folder that a configuration names, and judge its files by what that demands of files
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    pub(crate) config: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct TestArgs {
    /// The plugin's folder, whose `cases/` are run
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Only cases that have this in their name; may be given more than once
    #[arg(long = "case", value_name = "NAME")]
    pub(crate) cases: Vec<String>,
    /// Write what comes of the cases into their `expected/`
    #[arg(long)]
    pub(crate) update: bool,
    /// Make a case of job.json and example/, run it, and write what comes of it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["cases", "update"])]
    pub(crate) new: Option<String>,
    /// Write the results into a file, as JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Take the .wasm that is there
    #[arg(long)]
    pub(crate) no_build: bool,
    /// Take this .wasm
    #[arg(long, value_name = "FILE", conflicts_with = "no_build")]
    pub(crate) wasm: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct PluginDevArgs {
    /// The plugin's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The folder that is the pipeline's source; by default the plugin's `example`, if it has one
    #[arg(long, value_name = "DIR")]
    pub(crate) source: Option<PathBuf>,
    /// Grants and limits for the plugin: the `[plugins.NAME]` tables of a configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The port of the service on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 4510)]
    pub(crate) port: u16,
}

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// The file to write the secret key to, with mode 0600
    #[arg(long, value_name = "FILE", default_value = "pipefitter.key")]
    pub(crate) key: PathBuf,
    /// The file to write the public key to; by default, the secret key's with `.pub`
    #[arg(long, value_name = "FILE")]
    pub(crate) public: Option<PathBuf>,
    /// Take the password from the first line of a file (mode 0600) instead of asking for it
    #[arg(long, value_name = "FILE", env = "PIPEFITTER_KEY_PASSWORD_FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Do not encrypt the secret key: for a store that keeps secrets itself
    #[arg(long, conflicts_with = "password_file")]
    pub(crate) no_password: bool,
}

#[derive(Args)]
pub(crate) struct SignArgs {
    /// The plugin's .wasm, or the folder that holds it
    pub(crate) plugin: PathBuf,
    /// The secret key, of `plugin keygen` or `minisign -G`
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Take the password from the first line of a file (mode 0600) instead of asking for it
    #[arg(long, value_name = "FILE", env = "PIPEFITTER_KEY_PASSWORD_FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// The plugin's .wasm, or the folder that holds it
    pub(crate) plugin: PathBuf,
    /// A public key whose signature counts (RW..., or its file); may be given more than once
    #[arg(long = "key", value_name = "KEY", conflicts_with = "config")]
    pub(crate) keys: Vec<String>,
    /// Judge the files as a worker with this configuration would
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Those that `plugin new` has a template of.
fn languages() -> impl TypedValueParser<Value = Language> {
    clap::builder::PossibleValuesParser::new(offered()).try_map(|name| {
        let mut all = Language::ALL.into_iter();
        all.find(|language| language.as_str() == name)
            .ok_or("no language of plugins")
    })
}

#[derive(Subcommand)]
pub(crate) enum ActionTypeCommand {
    /// Print what `aws codepipeline create-custom-action-type --cli-input-json` takes
    Json {
        /// The plugin's .wasm, or the folder that holds it
        plugin: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct IamArgs {
    /// The configuration
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pipefitter.toml",
        env = "PIPEFITTER_CONFIG"
    )]
    pub(crate) config: PathBuf,
    /// The account of the worker's own credentials, 12 digits; `*` where it is left out. That of a role is in its ARN
    #[arg(long, default_value = "*")]
    pub(crate) account: String,
}

#[derive(Args)]
pub(crate) struct EventsArgs {
    /// The configuration
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pipefitter.toml",
        env = "PIPEFITTER_CONFIG"
    )]
    pub(crate) config: PathBuf,
    /// The source; all that have `events` where it is left out
    #[arg(long, value_name = "ID")]
    pub(crate) source: Option<String>,
}

#[derive(Args)]
pub(crate) struct ProbeAwsArgs {
    /// The service role of the throw-away pipelines, which CodePipeline must be able to assume
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// The bucket for their artifacts, in the same Region
    #[arg(long, value_name = "NAME", conflicts_with = "create_bucket")]
    pub(crate) bucket: Option<String>,
    /// Make a bucket for the artifacts, and remove it at the end
    #[arg(long)]
    pub(crate) create_bucket: bool,
    /// The Region; by default what the environment or the profile says
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// A profile of `~/.aws/config`
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// Ask here instead of AWS, such as `pipefitter dev`
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Print the least policy that your credentials need, and exit
    #[arg(long)]
    pub(crate) policy: bool,
    /// Do not ask whether to go on
    #[arg(long)]
    pub(crate) yes: bool,
    /// Look for what earlier probes left, remove it, and exit
    #[arg(long, conflicts_with_all = ["policy", "role_arn", "bucket", "create_bucket"])]
    pub(crate) remove_leftovers: bool,
    /// Only this experiment; may be given more than once
    #[arg(long, value_name = "EXPERIMENT", value_parser = experiments())]
    pub(crate) only: Vec<String>,
    /// Also find out after what time an action is timed out, waiting at most so long for it
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "25h",
        value_parser = duration
    )]
    pub(crate) long: Option<Duration>,
    /// The longest wait for any other thing
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = duration)]
    pub(crate) patience: Duration,
    /// How often each experiment asks
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    pub(crate) interval: Duration,
    /// Write the report to PATH.md and PATH.json; by default, `pipefitter-probe-` and the run's name
    #[arg(long, value_name = "PATH")]
    pub(crate) report: Option<PathBuf>,
}

fn experiments() -> clap::builder::PossibleValuesParser {
    pipefitter_probe::Experiment::ALL
        .map(pipefitter_probe::Experiment::name)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows `PutJobSuccessResult` unlike AWS: on AWS the next job comes 30 seconds after a continuation token, as documented
    /// for Lambda; here `pipefitter dev` waits one second, unless `--continuation-delay` says otherwise.
    #[test]
    fn dev_waits_a_second_for_the_job_after_a_continuation() {
        let delay = |arguments: &[&str]| {
            let arguments = ["pipefitter", "dev", "--plugins", "p"]
                .iter()
                .chain(arguments);
            match Cli::try_parse_from(arguments).unwrap().command {
                Command::Dev(dev) => dev.continuation_delay,
                _ => panic!("dev"),
            }
        };
        assert_eq!(delay(&[]), Duration::from_secs(1));
        let aws = delay(&["--continuation-delay", "30s"]);
        assert_eq!(aws, Duration::from_secs(30));
    }
}
