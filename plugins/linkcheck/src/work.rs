//! The job around the check: configuration, artifacts, result.

use std::collections::BTreeMap;
use std::fs;

use pipefitter_sdk::control::{self, StopReason};
use pipefitter_sdk::{Context, Failure, Job, Outcome, log};

use crate::check;
use crate::config::Config;
use crate::html::{self, Page};
use crate::report::{self, Report};
use crate::site::Site;

/// Checks the links of the first input artifact; with an output artifact, writes `report.json` there.
///
/// # Errors
/// `JobFailed` naming page, line and link of what is broken, where it is more than allowed; a
/// `ConfigurationError` naming the key.
pub fn run(job: Job) -> Result<Outcome, Failure> {
    let config = Config::of(&job)?;
    let input = job.first_input()?;
    if input.file.is_some() {
        return Err(Failure::job_failed(format!(
            "input artifact `{}` is one file, not an archive of a site: give a zip or tar",
            input.name
        )));
    }
    let mut site = Site::read(&input.path)?;
    let paths: Vec<String> = site.pages().map(str::to_owned).collect();
    if paths.is_empty() {
        return Err(Failure::job_failed(format!(
            "input artifact `{}` has no .html file: is it the artifact with the site?",
            input.name
        )));
    }
    let mut pages: BTreeMap<&str, Page> = BTreeMap::new();
    for (at, path) in paths.iter().enumerate() {
        step(at, paths.len(), 0, "reading")?;
        let mut page = html::read(
            &fs::read(input.path.join(path)).with_context(|| format!("reading `{path}`"))?,
        );
        site.anchors
            .insert(path.clone(), std::mem::take(&mut page.anchors));
        pages.insert(path, page);
    }
    let mut report = Report {
        pages: paths.len(),
        ..Report::default()
    };
    for (at, (path, page)) in pages.iter().enumerate() {
        step(at, paths.len(), 50, "checking")?;
        for link in &page.links {
            let verdict = check::follow(&config, &site, path, page, link);
            report.count(path, link.line, &link.address, verdict);
        }
    }
    tell(&job, &config, &report)
}

fn tell(job: &Job, config: &Config, report: &Report) -> Result<Outcome, Failure> {
    for broken in &report.broken {
        log::warn!("{}", report::line(broken, usize::MAX));
    }
    let summary = report.summary();
    log::info!("{summary}");
    if report.broken.len() > config.allow_broken {
        return Err(report.failure(config.allow_broken));
    }
    if let Some(output) = job.outputs.first() {
        output.write("report.json", serde_json::to_vec_pretty(report)?)?;
    }
    Ok(Outcome::succeeded()
        .variable("broken", report.broken.len())
        .variable("links", report.links)
        .variable("pages", report.pages)
        .variable("external", report.external)
        .summary(summary)
        .percent(100))
}

/// Tells how far the work is, and ends it where nobody wants it any more.
fn step(at: usize, of: usize, from: usize, doing: &str) -> Result<(), Failure> {
    match control::stop_requested() {
        None => {}
        Some(StopReason::Cancelled) => return Err(Failure::job_failed("cancelled")),
        Some(StopReason::HandOver) => {
            return Err(Failure::system_unavailable(
                "the worker shuts down before all links are checked: retry the action",
            ));
        }
    }
    let percent = u8::try_from(from + 50 * at / of.max(1)).unwrap_or(100);
    control::progress(percent, format!("{doing} page {} of {of}", at + 1));
    Ok(())
}
