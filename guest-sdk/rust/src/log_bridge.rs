//! The `log` crate's records, written to the job's log.

use ::log::{LevelFilter, Log, Metadata, Record};

use crate::log::{Level, threshold, write};

struct JobLog;

/// Makes the job's log the `log` crate's logger, unless the plugin has set one.
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "the exported function calls it")
)]
pub(crate) fn install() {
    // An error means that there is a logger already: the plugin's choice.
    if ::log::set_logger(&JobLog).is_ok() {
        ::log::set_max_level(filter(threshold()));
    }
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Trace => LevelFilter::Trace,
        Level::Debug => LevelFilter::Debug,
        Level::Info => LevelFilter::Info,
        Level::Warn => LevelFilter::Warn,
        Level::Error => LevelFilter::Error,
    }
}

fn level(level: ::log::Level) -> Level {
    match level {
        ::log::Level::Trace => Level::Trace,
        ::log::Level::Debug => Level::Debug,
        ::log::Level::Info => Level::Info,
        ::log::Level::Warn => Level::Warn,
        ::log::Level::Error => Level::Error,
    }
}

impl Log for JobLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        level(metadata.level()) >= threshold()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let fields = [("target".to_owned(), record.target().to_owned())];
            write(level(record.level()), record.args().to_string(), &fields);
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use crate::log::Level;
    use crate::testing;

    #[test]
    fn records_of_the_log_crate_reach_the_jobs_log() {
        super::install();
        testing::take_log();
        ::log::warn!("two of {}", 3);
        let log = testing::take_log();
        assert_eq!(log.len(), 1);
        assert_eq!(
            (log[0].level, log[0].text.as_str()),
            (Level::Warn, "two of 3")
        );
    }
}
