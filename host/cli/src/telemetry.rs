//! Log lines on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::Command;
use crate::config::LogFormat;

/// What is said where nobody asked: a daemon tells what it does, a tool only what is odd.
fn default_filter(command: &Command) -> &'static str {
    match command {
        Command::Run(_) => "info",
        // s3s logs every refused request as an error of its own; the client is told anyway.
        Command::Dev(_) => "warn,s3s=off",
        _ => "warn",
    }
}

/// Start logging. A filter that does not parse is said and replaced by the default.
pub(crate) fn start(filter: Option<&str>, command: &Command) {
    let default = default_filter(command);
    let parsed = EnvFilter::try_new(filter.unwrap_or(default));
    let (filter, wrong) = match parsed {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(default), Some(error)),
    };
    let json = match command {
        Command::Run(args) => crate::config::log_format(&args.config) == LogFormat::Json,
        _ => false,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if json {
        registry.with(layer.json()).init();
    } else {
        registry.with(layer).init();
    }
    if let Some(error) = wrong {
        tracing::warn!(%error, default, "--log is not a filter: the default is taken");
    }
}
