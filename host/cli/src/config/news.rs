//! `events` and `check-executions` of a source: how jobs are heard of, besides by polling.

use std::time::Duration;

use pipefitter_events::QueueUrl;
use pipefitter_plugins::toml_table::Table;

use super::model::{EventsConfig, NewsConfig};

/// Ten times the usual `poll-interval-max`: what an event that was never delivered costs.
const IDLE: Duration = Duration::from_secs(300);

/// One request for each running job at this interval is plenty.
const LEAST_CHECK: Duration = Duration::from_secs(1);

pub(super) fn read(source: &Table<'_>) -> NewsConfig {
    let check_executions = source.duration("check-executions");
    if check_executions.is_some_and(|every| every < LEAST_CHECK) {
        source.problem(
            "check-executions",
            "`check-executions` is less than a second",
            "give an interval such as \"1m\", or take the line out",
        );
    }
    NewsConfig {
        events: source.table("events", read_events).flatten(),
        check_executions,
    }
}

fn read_events(table: &Table<'_>) -> Option<EventsConfig> {
    table.require(
        "queue-url",
        "add `queue-url = \"https://sqs.REGION.amazonaws.com/ACCOUNT/NAME\"`, as `aws sqs create-queue` answers it",
    );
    let poll_interval_max = table.duration("poll-interval-max").unwrap_or(IDLE);
    let queue = QueueUrl::parse(&table.text("queue-url")?);
    let queue = queue
        .map_err(|fault| {
            table.problem(
                "queue-url",
                format!("this is not the URL of a queue: {fault}"),
                "give the URL of a standard queue, as `aws sqs create-queue` answers it",
            );
        })
        .ok()?;
    Some(EventsConfig {
        queue,
        poll_interval_max,
    })
}
