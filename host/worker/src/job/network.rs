//! A job's way to the network: the guest's stream on one end, a broker of the egress crate on the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pipefitter_egress::{
    AttachedHeader, Broker, EgressEvent, EgressLimit, EgressUsage, LimitHit, NetworkLimits, Observe,
};
use pipefitter_sandbox::{HostStream, JobEnd, Level, Limit, Limits, LogLine};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::brief::Brief;
use super::log::Item;
use super::sink::Sink;

/// How much of what happens to requests the job's log tells: a guest that asks for what it may not ten thousand times
/// must not push its own lines out.
const TOLD: u64 = 50;

/// A guest's stream, to be served.
pub(crate) struct Connection {
    pub(crate) stream: Box<dyn HostStream>,
    pub(crate) job: JobEnd,
}

/// Serve the job's stream, if it has one, until it ends or `ended` is cancelled.
pub(crate) async fn serve(
    brief: &Arc<Brief>,
    mut connections: mpsc::UnboundedReceiver<Connection>,
    lines: mpsc::UnboundedSender<Item>,
    ended: CancellationToken,
    attached: Vec<AttachedHeader>,
) -> Option<EgressUsage> {
    let connection = tokio::select! {
        connection = connections.recv() => connection?,
        () = ended.cancelled() => return None,
    };
    let broker = broker(brief, lines, connection.job, attached)?;
    Some(broker.serve(connection.stream, ended).await)
}

fn broker(
    brief: &Arc<Brief>,
    lines: mpsc::UnboundedSender<Item>,
    job: JobEnd,
    attached: Vec<AttachedHeader>,
) -> Option<Broker> {
    let parts = &brief.parts;
    let egress = parts.egress.as_ref()?;
    let observer = Observer {
        brief: Arc::clone(brief),
        lines,
        job,
        events: AtomicU64::new(0),
    };
    let broker = egress.broker(
        brief.plugin_name(),
        parts.settings.network.clone(),
        limits(&parts.settings.limits),
        attached,
    );
    Some(broker.observed_by(Arc::new(observer)))
}

/// Those that the operator sets.
pub(crate) fn limits(limits: &Limits) -> NetworkLimits {
    let small = |limit| u32::try_from(limits.get(limit)).unwrap_or(u32::MAX);
    let sent = limits.get(Limit::RequestBytes);
    let received = limits.get(Limit::ResponseBytes);
    let time = |limit| Duration::from_millis(limits.get(limit));
    NetworkLimits {
        in_flight: small(Limit::RequestsInFlight),
        requests: limits.get(Limit::Requests),
        header_bytes: small(Limit::HeaderBytes),
        headers: small(Limit::Headers),
        request_bytes: sent,
        response_bytes: received,
        total_request_bytes: sent,
        total_response_bytes: received,
        connect: time(Limit::ConnectTime),
        first_byte: time(Limit::FirstByteTime),
        between_bytes: time(Limit::BetweenBytesTime),
        whole: time(Limit::RequestTime),
    }
}

/// The limit that stands behind one of the broker's.
fn key_of(limit: EgressLimit) -> Option<Limit> {
    match limit {
        EgressLimit::Requests => Some(Limit::Requests),
        EgressLimit::RequestHeaderBytes | EgressLimit::ResponseHeaderBytes => {
            Some(Limit::HeaderBytes)
        }
        EgressLimit::RequestHeaders | EgressLimit::ResponseHeaders => Some(Limit::Headers),
        EgressLimit::RequestBytes | EgressLimit::TotalRequestBytes => Some(Limit::RequestBytes),
        EgressLimit::ResponseBytes | EgressLimit::TotalResponseBytes => Some(Limit::ResponseBytes),
        EgressLimit::Connect => Some(Limit::ConnectTime),
        EgressLimit::FirstByte => Some(Limit::FirstByteTime),
        EgressLimit::BetweenBytes => Some(Limit::BetweenBytesTime),
        EgressLimit::Whole => Some(Limit::RequestTime),
        _ => None,
    }
}

/// The same where it ends the job. A slow server's time is none of the job's: the guest gets an error and decides.
fn job_limit(limit: EgressLimit) -> Option<Limit> {
    key_of(limit).filter(|_| !limit.is_time())
}

/// A limit that was hit, by the key that raises it where there is one, and its value with its unit.
fn told(hit: LimitHit) -> String {
    match key_of(hit.limit) {
        Some(key) => format!(
            "the {} of {} (`{}`)",
            key.words(),
            key.show(hit.value),
            key.key()
        ),
        None => format!("the worker's own limit {} of {}", hit.limit, hit.value),
    }
}

struct Observer {
    brief: Arc<Brief>,
    lines: mpsc::UnboundedSender<Item>,
    job: JobEnd,
    /// How many there were.
    events: AtomicU64,
}

impl Observe for Observer {
    fn shown(&self, text: &str) -> String {
        self.brief.shown(text)
    }

    fn observe(&self, event: EgressEvent) {
        let plugin = self.brief.plugin_name();
        let said = match event {
            EgressEvent::Denied { target, why } => {
                format!("plugin `{plugin}` was refused a request to {target}: {why}")
            }
            EgressEvent::LimitHit(hit) => {
                if let Some(limit) = job_limit(hit.limit) {
                    self.job.hit(limit);
                }
                format!("a request of plugin `{plugin}` has hit {}", told(hit))
            }
            _ => return,
        };
        let said = match self.events.fetch_add(1, Ordering::Relaxed) {
            ..TOLD => said,
            TOLD => "what else is refused is counted, and told no more".to_owned(),
            _ => return,
        };
        Sink::say(
            &self.brief,
            &self.lines,
            LogLine {
                level: Level::Warn,
                text: said,
                fields: Vec::new(),
                cut: false,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use pipefitter_egress::ErrorCode;
    use pipefitter_plugins::LIMIT_KEYS;
    use pipefitter_sandbox::EGRESS_ERRORS;

    use super::*;

    #[test]
    fn a_limit_is_told_by_the_key_that_raises_it_and_with_its_unit() {
        let told = |limit, value| told(LimitHit { limit, value });
        for (limit, value, expected) in [
            (
                EgressLimit::Whole,
                600,
                "the time limit of a request of 600 ms (`request-time`)",
            ),
            (
                EgressLimit::Requests,
                5,
                "the limit on requests of 5 (`requests`)",
            ),
            (
                EgressLimit::ResponseHeaders,
                100,
                "the limit on the number of headers of 100 (`headers`)",
            ),
            (
                EgressLimit::Connect,
                10_000,
                "the time limit of a connection of 10 s (`connect-time`)",
            ),
        ] {
            assert_eq!(told(limit, value), expected);
        }
        assert!(
            told(EgressLimit::TotalResponseBytes, 1 << 20).ends_with("of 1 MiB (`response-bytes`)")
        );
    }

    #[test]
    fn the_limits_of_a_job_can_be_kept_by_a_broker() {
        limits(&Limits::default()).check().unwrap();
        for key in LIMIT_KEYS {
            let limit = Limit::ALL.iter().find(|limit| limit.key() == key.name);
            for value in [key.least.max(1), key.most] {
                let set = Limits::default().with(*limit.unwrap(), value);
                let kept = limits(&set).check();
                assert!(kept.is_ok(), "{} = {value}: {kept:?}", key.name);
            }
        }
    }

    #[test]
    fn guests_and_brokers_know_the_same_errors() {
        let names: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names, EGRESS_ERRORS);
        for (place, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(code.reset() as usize, 0x5046_0000 + place);
        }
    }
}
