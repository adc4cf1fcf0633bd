//! `pipefitter probe-aws`: what AWS does where its documentation is silent, found out in the user's account.
//!
//! ```text
//!   intentions and policy are printed -> the user agrees -> leftovers of earlier probes -> the run -> report
//! ```

use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use pipefitter_probe::{
    Bucket, Experiment, Left, Pace, Plan, Probe, Report, Role, RunName, Thing, intentions, policy,
    role_policy,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::args::ProbeAwsArgs;
use crate::exit::Exit;
use crate::print;
use crate::signals::Signals;

/// Bounds a network in trouble: no operation that is used here waits for anything.
const CONNECT: Duration = Duration::from_secs(5);
const ATTEMPT: Duration = Duration::from_secs(20);

/// The embedded service bears this; AWS, whose rates are not documented, hardly.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(20);

pub(crate) fn main(args: ProbeAwsArgs) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(probe(&args))
}

async fn probe(args: &ProbeAwsArgs) -> Result<Exit> {
    let sdk = sdk_config(args).await;
    let Some(region) = sdk.region().map(|region| region.as_ref().to_owned()) else {
        bail!("no Region: give --region, or set AWS_REGION, or one in the profile");
    };
    let endpoint = sdk.endpoint_url().map(str::to_owned);
    let probe = Probe::new(sdk, region.clone(), endpoint.clone());
    if args.remove_leftovers {
        return remove_leftovers(&probe, args.yes, &region, endpoint.as_deref()).await;
    }
    let plan = plan(args)?;
    if args.policy {
        let policy = policy(&region, &plan.role, &plan.bucket);
        print::line(format_args!("{policy:#}"))?;
        return Ok(Exit::Success);
    }
    let name = format!("pipefitter-probe-{}", plan.run.as_str());
    let files = Files::new(args.report.clone().unwrap_or_else(|| name.into()))?;
    tell(&plan, &region)?;
    if !args.yes && !agreed("Do this?", "to agree without a terminal, give --yes")? {
        print::line("Nothing was done.")?;
        return Ok(Exit::Failure);
    }
    files.create()?;
    let mut signals = Signals::new()?;
    let (stop, give_up) = (CancellationToken::new(), CancellationToken::new());
    let began = Instant::now();
    let told = |experiment: Option<Experiment>, text: &str| {
        let what = experiment.map_or("probe", Experiment::name);
        print::error_line(format_args!(
            "[{:>4}s] {what}: {text}",
            began.elapsed().as_secs()
        ));
    };
    let work = async {
        offer_removal(&probe, args.yes, &region, endpoint.as_deref()).await?;
        anyhow::Ok(probe.run(&plan, &told, &stop, &give_up).await)
    };
    let interrupted = async {
        signals.next().await;
        print::error_line(
            "Interrupted: what was made is being removed. Once more leaves it, and says what it is.",
        );
        stop.cancel();
        signals.next().await;
        give_up.cancel();
        std::future::pending::<()>().await;
    };
    let report = tokio::select! {
        report = work => report?,
        () = interrupted => bail!("interrupted"),
    };
    // First what is left: it must be known even where the report cannot be written.
    report_left(&report.left, &region, endpoint.as_deref());
    files.write(&report)?;
    conclude(&report, &files)
}

async fn sdk_config(args: &ProbeAwsArgs) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
    if let Some(region) = &args.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &args.profile {
        // Variables of the environment do not win over a profile that was named.
        let provider = ProfileFileCredentialsProvider::builder()
            .profile_name(profile)
            .build();
        loader = loader.profile_name(profile).credentials_provider(provider);
    }
    if let Some(url) = &args.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

fn plan(args: &ProbeAwsArgs) -> Result<Plan> {
    let Some(role) = &args.role_arn else {
        bail!(
            "the pipelines need a service role: give --role-arn. CodePipeline must be able to assume it \
             (principal codepipeline.amazonaws.com), and it must allow reading and writing the artifact \
             bucket; any role of a pipeline that uses the bucket will do"
        );
    };
    let bucket = match &args.bucket {
        Some(name) => Bucket::Given(name.clone()),
        None if args.create_bucket => Bucket::Create,
        None => bail!(
            "artifacts need a bucket in the pipelines' Region: give --bucket NAME, or --create-bucket to \
             have one made and removed"
        ),
    };
    if args.interval < SHORTEST_INTERVAL {
        bail!(
            "an --interval of less than {} milliseconds would only be throttled",
            SHORTEST_INTERVAL.as_millis()
        );
    }
    let experiments = Experiment::ALL.into_iter();
    let wanted = |experiment: &Experiment| {
        args.only.is_empty() || args.only.iter().any(|name| name == experiment.name())
    };
    Ok(Plan {
        run: RunName::random(),
        bucket,
        role: role.parse::<Role>()?,
        pace: Pace {
            interval: args.interval,
            patience: args.patience,
            long: args.long,
        },
        experiments: experiments.filter(wanted).collect(),
    })
}

/// What is going to happen, and what it needs.
fn tell(plan: &Plan, region: &str) -> Result<()> {
    print::line("This makes, and removes at the end:")?;
    for intention in intentions(plan, region) {
        print::line(format_args!("  - {intention}"))?;
    }
    print::line("AWS bills the pipelines and the S3 requests as any others.\n")?;
    print::line("Your credentials must allow at least this, and need no more:")?;
    print::line(format_args!(
        "{:#}\n",
        policy(region, &plan.role, &plan.bucket)
    ))?;
    print::line(format_args!(
        "CodePipeline must be able to assume {} (its trust policy names codepipeline.amazonaws.com), which \
         must allow:",
        plan.role.arn()
    ))?;
    print::line(format_args!(
        "{:#}\n",
        role_policy(&plan.role, &plan.bucket)
    ))?;
    print::line(
        "Where the bucket is encrypted with a KMS key of your own, the role also needs kms:Decrypt and \
         kms:GenerateDataKey on it.\n",
    )
}

/// Asks on the terminal.
fn agreed(question: &str, otherwise: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("there is no terminal to ask on: {otherwise}");
    }
    let mut out = std::io::stdout().lock();
    write!(out, "{question} Type yes to go on: ").context("could not write to the terminal")?;
    out.flush().context("could not write to the terminal")?;
    drop(out);
    let mut typed = String::new();
    std::io::stdin()
        .read_line(&mut typed)
        .context("could not read from the terminal")?;
    Ok(typed.trim().eq_ignore_ascii_case("yes"))
}

/// Before a run: somebody who agreed to the run has not agreed to this.
async fn offer_removal(
    probe: &Probe,
    yes: bool,
    region: &str,
    endpoint: Option<&str>,
) -> Result<()> {
    let (found, notes) = probe.leftovers().await;
    for note in notes {
        print::error_line(format_args!("leftovers of earlier probes: {note}"));
    }
    if found.is_empty() {
        return Ok(());
    }
    list(
        "An earlier probe left, or another that runs now has made:",
        &found,
    );
    if yes || !std::io::stdin().is_terminal() {
        print::error_line("`pipefitter probe-aws --remove-leftovers` removes it.");
        return Ok(());
    }
    if agreed("Remove it?", "")? {
        report_left(&removed(probe, found).await, region, endpoint);
    }
    Ok(())
}

async fn remove_leftovers(
    probe: &Probe,
    yes: bool,
    region: &str,
    endpoint: Option<&str>,
) -> Result<Exit> {
    let (found, notes) = probe.leftovers().await;
    let searched = notes.is_empty();
    for note in notes {
        print::error_line(format_args!("error: {note}"));
    }
    if found.is_empty() {
        print::line("No leftovers were found.")?;
        return Ok(if searched {
            Exit::Success
        } else {
            Exit::Failure
        });
    }
    list("Leftovers of probes (none may be running):", &found);
    if !yes && !agreed("Remove them?", "give --yes to remove them")? {
        print::line("Nothing was removed.")?;
        return Ok(Exit::Failure);
    }
    let left = removed(probe, found).await;
    report_left(&left, region, endpoint);
    if left.is_empty() && searched {
        print::line("All were removed.")?;
        return Ok(Exit::Success);
    }
    Ok(Exit::Failure)
}

async fn removed(probe: &Probe, things: Vec<Thing>) -> Vec<Left> {
    let told = |_: Option<Experiment>, text: &str| print::error_line(text);
    probe.remove(things, &told).await
}

fn list(heading: &str, things: &[Thing]) {
    print::error_line(heading);
    for thing in things {
        print::error_line(format_args!("  - {thing}"));
    }
}

fn report_left(left: &[Left], region: &str, endpoint: Option<&str>) {
    for left in left {
        print::error_line(format_args!(
            "error: {} is left ({}); remove it with\n  {}",
            left.thing,
            left.why,
            left.thing.removal(region, endpoint)
        ));
    }
}

fn conclude(report: &Report, files: &Files) -> Result<Exit> {
    let open = report.findings.values().filter(|f| f.is_err()).count();
    print::line(format_args!(
        "{} of {} questions are answered; the report says how: {} and {}",
        report.findings.len() - open,
        report.findings.len(),
        files.markdown.display(),
        files.json.display()
    ))?;
    let arguments = report.arguments();
    if !arguments.is_empty() {
        print::line(format_args!("pipefitter dev {arguments}"))?;
    }
    Ok(match report.is_complete() {
        true => Exit::Success,
        false => Exit::Failure,
    })
}

/// The report's two files. Neither replaces one that is there.
struct Files {
    markdown: PathBuf,
    json: PathBuf,
}

impl Files {
    fn new(name: PathBuf) -> Result<Self> {
        let with = |extension: &str| {
            let mut file = name.clone().into_os_string();
            file.push(extension);
            PathBuf::from(file)
        };
        let files = Self {
            markdown: with(".md"),
            json: with(".json"),
        };
        for file in [&files.markdown, &files.json] {
            if file.exists() {
                bail!("{} is there already: give another --report", file.display());
            }
        }
        Ok(files)
    }

    /// A folder that cannot be written is known before anything is done.
    fn create(&self) -> Result<()> {
        let create = |file: &Path| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(file)
                .with_context(|| format!("could not make the report's file {}", file.display()))
        };
        create(&self.markdown)?;
        create(&self.json)?;
        Ok(())
    }

    fn write(&self, report: &Report) -> Result<()> {
        let write = |file: &Path, text: String| {
            std::fs::write(file, text)
                .with_context(|| format!("could not write the report {}", file.display()))
        };
        write(&self.markdown, report.markdown())?;
        write(&self.json, format!("{:#}\n", report.json()))
    }
}
