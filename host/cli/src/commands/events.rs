//! `pipefitter events`: the rule, its target and the queue's policy, for each source that has `events`.

use anyhow::{Result, bail};
use pipefitter_codepipeline::partition;
use pipefitter_events::{RuleFor, setup};
use pipefitter_plugins::{ActionTypeKey, load_manifest};

use crate::args::EventsArgs;
use crate::config::{Config, load, print_problems};
use crate::exit::Exit;
use crate::plugin_files::{plugin_files, report_plugin_problems};
use crate::print;
use crate::wiring::Looking;

pub(crate) fn main(args: &EventsArgs) -> Result<Exit> {
    let config = match load(&args.config) {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return Ok(Exit::Config);
        }
    };
    if let Some(id) = &args.source
        && !config.sources.iter().any(|source| source.id == *id)
    {
        bail!("{} has no source `{id}`", args.config.display());
    }
    let Some(served) = served(&config)? else {
        return Ok(Exit::Failure);
    };
    let mut printed = 0;
    for source in &config.sources {
        let meant = args.source.as_ref().is_none_or(|id| *id == source.id);
        let Some(events) = source.news.events.as_ref().filter(|_| meant) else {
            continue;
        };
        let rule = RuleFor {
            queue: &events.queue,
            partition: partition(&source.region),
            region: &source.region,
            owner: &source.owner.to_string(),
            action_types: served
                .iter()
                .filter(|key| source.serves(key))
                .map(|key| (key.category.clone(), key.provider.clone()))
                .collect(),
        };
        print::line(format_args!("{:#}", setup(&rule)))?;
        printed += 1;
    }
    if printed == 0 {
        bail!(
            "no source of {} has a queue: create one and add `events = {{ queue-url = \"...\" }}` to a [[source]]",
            args.config.display()
        );
    }
    Ok(Exit::Success)
}

/// Each plugin's action type; nothing where one has problems, which are printed.
fn served(config: &Config) -> Result<Option<Vec<ActionTypeKey>>> {
    let Some(dir) = &config.plugins_dir else {
        return Ok(Some(Vec::new()));
    };
    let mut served = Vec::new();
    let mut problems = Vec::new();
    let looking = Looking::start()?;
    for file in plugin_files(dir)? {
        match load_manifest(&file, &looking) {
            Ok(manifest) => served.push(manifest.key().clone()),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        return Ok(Some(served));
    }
    report_plugin_problems(&problems);
    Ok(None)
}
