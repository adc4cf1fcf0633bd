//! Log lines on standard error.
//!
//! Whatever filter is given, libraries are heard from `info` up only. Below that the AWS SDK prints whole
//! answers, and signing prints every header: secret configuration, session tokens and nonces among them. The
//! lines of Pipefitter's own crates have no such values at any level.

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Command, PluginCommand};
use crate::config::{LogFormat, takes_colours};

/// What is said where nobody asked: a daemon tells what it does, a tool only what is odd.
pub(crate) fn default_filter(command: &Command) -> &'static str {
    match command {
        Command::Run(_) => "info",
        // s3s logs every refused request as an error of its own; the client is told anyway. What is wrong with
        // plugins is shown in full by the command itself.
        Command::Dev(_) | Command::Plugin(PluginCommand::Dev(_)) => {
            "warn,s3s=off,pipefitter_plugins::directory=off"
        }
        Command::Check(_) => "warn,pipefitter_plugins::directory=off",
        _ => "warn",
    }
}

/// Start logging. A filter that does not parse is said and replaced by the default.
pub(crate) fn start(filter: Option<&str>, default: &'static str, format: LogFormat) {
    let parsed = parse(filter.unwrap_or(default));
    let (filter, wrong) = match parsed {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(default), Some(error)),
    };
    let colours = takes_colours(&std::io::stderr());
    lines(filter, colours, format == LogFormat::Json, std::io::stderr).init();
    if let Some(error) = wrong {
        tracing::warn!(
            default,
            "--log is not a filter ({error}): the default is taken"
        );
    }
}

/// A word alone that is no level would be taken for a module's name, and silence everything else.
fn parse(filter: &str) -> Result<EnvFilter, String> {
    for part in filter.split(',').map(str::trim) {
        let word = !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if word && part != "pipefitter" && part.parse::<LevelFilter>().is_err() {
            return Err(format!(
                "`{part}` is none of off, error, warn, info, debug, trace"
            ));
        }
    }
    EnvFilter::try_new(filter).map_err(|error| error.to_string())
}

fn lines<W>(
    filter: EnvFilter,
    colours: bool,
    json: bool,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let registry = tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(without_secrets));
    let mut layer = tracing_subscriber::fmt::layer().with_writer(writer);
    // Colours in a file or a collector are noise.
    if !colours {
        layer = layer.with_ansi(false);
    }
    if json {
        Box::new(registry.with(layer.json()))
    } else {
        Box::new(registry.with(layer))
    }
}

fn without_secrets(line: &Metadata<'_>) -> bool {
    line.target().starts_with("pipefitter") || *line.level() <= LevelFilter::INFO
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    /// What comes out of two libraries and of our own crates under a filter.
    fn said(filter: &str) -> String {
        let mut file = tempfile::tempfile().unwrap();
        let writer = std::sync::Arc::new(file.try_clone().unwrap());
        let subscriber = lines(parse(filter).unwrap(), false, false, writer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", "sdk-answer");
            tracing::trace!(target: "aws_sigv4::http_request::sign", "sdk-headers");
            tracing::debug!(target: "s3s::ops", "server-request");
            tracing::info!(target: "aws_config", "sdk-news");
            tracing::trace!(target: "pipefitter_worker::dispatch", "own-step");
        });
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn no_filter_makes_a_library_print_what_it_sends() {
        for filter in [
            "trace",
            "debug,aws_smithy_runtime=trace,aws_sigv4=trace,s3s=trace",
        ] {
            let text = said(filter);
            for secret in ["sdk-answer", "sdk-headers", "server-request"] {
                assert!(!text.contains(secret), "{filter}: {text}");
            }
            assert!(text.contains("sdk-news"), "{filter}: {text}");
        }
        assert!(said("trace").contains("own-step"));
        assert!(!said("trace").contains('\u{1b}'));
    }

    #[test]
    fn a_misspelt_level_is_not_a_module() {
        for wrong in ["inof", "warn,debgu", "a=b=c"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for right in [
            "warn",
            "INFO",
            "off",
            "pipefitter=debug",
            "warn,pipefitter_worker=trace",
            "",
        ] {
            assert!(parse(right).is_ok(), "{right}");
        }
    }
}
