//! What will go wrong, and with which requests.
//!
//! A fault waits until requests that it is for have met it as often as it says. A request meets the
//! oldest fault that would keep it from its answer, and besides all that make it late.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};

use super::command::Where;

/// The faults to come; a clone is the same list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<RwLock<Vec<Fault>>>);

#[derive(Debug)]
struct Fault {
    place: Where,
    left: u32,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Late(Duration),
    Mishap(Mishap),
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// Refused for now.
    Throttled,
    /// Status 500.
    Failed,
    /// Done, but nobody hears of it.
    Unanswered,
    /// Somebody else was first.
    Beaten,
}

/// What one request meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meeting {
    /// How late it is looked at.
    pub(crate) late: Duration,
    /// What happens to it then.
    pub(crate) mishap: Option<Mishap>,
}

impl Faults {
    pub(crate) fn add(&self, place: Where, mishap: Mishap) {
        self.push(place, What::Mishap(mishap));
    }

    pub(crate) fn add_late(&self, place: Where, late: Duration) {
        self.push(place, What::Late(late));
    }

    fn push(&self, place: Where, what: What) {
        let left = place.count.unwrap_or(1);
        let fault = Fault { place, left, what };
        let mut faults = self.0.write().unwrap_or_else(PoisonError::into_inner);
        faults.push(fault);
    }

    /// Forgets all; how many there were.
    pub(crate) fn clear(&self) -> usize {
        let mut faults = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *faults).len()
    }

    /// What a request for `operation`, about `job`, meets. It is counted.
    pub(crate) fn meet(&self, operation: &str, job: Option<&str>) -> Meeting {
        let nothing = self.0.read().is_ok_and(|faults| faults.is_empty());
        if nothing {
            return Meeting::default();
        }
        let mut met = Meeting::default();
        let mut faults = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for fault in faults.iter_mut().filter(|f| f.is_for(operation, job)) {
            match fault.what {
                What::Late(late) => met.late += late,
                What::Mishap(mishap) if met.mishap.is_none() => met.mishap = Some(mishap),
                What::Mishap(_) => continue,
            }
            fault.left -= 1;
        }
        faults.retain(|fault| fault.left > 0);
        met
    }

    /// The list, for whoever asks.
    pub(crate) fn list(&self) -> Value {
        let faults = self.0.read().unwrap_or_else(PoisonError::into_inner);
        faults.iter().map(Fault::shown).collect()
    }
}

impl Fault {
    fn is_for(&self, operation: &str, job: Option<&str>) -> bool {
        let Where {
            operation: wanted,
            job: wanted_job,
            ..
        } = &self.place;
        let is_possible = match self.what {
            What::Mishap(Mishap::Beaten) => operation.starts_with("Acknowledge"),
            _ => true,
        };
        self.left > 0
            && is_possible
            && wanted
                .as_deref()
                .is_none_or(|wanted| is_named(wanted, operation))
            && (wanted_job.is_none() || wanted_job.as_deref() == job)
    }

    fn shown(&self) -> Value {
        let what = match self.what {
            What::Late(_) => "slow",
            What::Mishap(Mishap::Throttled) => "throttle",
            What::Mishap(Mishap::Failed) => "fail",
            What::Mishap(Mishap::Unanswered) => "drop",
            What::Mishap(Mishap::Beaten) => "lose-race",
        };
        let mut shown = json!({ "do": what, "count": self.left });
        if let Some(operation) = &self.place.operation {
            shown["operation"] = json!(operation);
        }
        if let Some(job) = &self.place.job {
            shown["job"] = json!(job);
        }
        if let What::Late(late) = self.what {
            shown["seconds"] = json!(late.as_secs_f64());
        }
        shown
    }
}

/// Whether a name is the wanted one, in which each `*` stands for anything.
fn is_named(wanted: &str, name: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            let ends = |at| left.get(at..).is_some_and(|end| is_named(rest, end));
            (0..=left.len()).any(ends)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_in_an_operation_stands_for_anything() {
        let any = "Put*Job*Result";
        for result in [
            "PutJobSuccessResult",
            "PutJobFailureResult",
            "PutThirdPartyJobSuccessResult",
            "PutThirdPartyJobFailureResult",
        ] {
            assert!(is_named(any, result), "{result}");
        }
        for other in [
            "PutApprovalResult",
            "PutJobSuccessResults",
            "PutObject",
            "",
            "Putä",
        ] {
            assert!(!is_named(any, other), "{other}");
        }
        assert!(is_named("*", "GetObject") && is_named("*", ""));
        assert!(is_named("Get*", "GetObject") && !is_named("Get*", "PutObject"));
        assert!(is_named("GetObject", "GetObject") && !is_named("GetObject", "GetObjects"));
    }

    fn at(operation: Option<&str>, job: Option<&str>, count: u32) -> Where {
        Where {
            operation: operation.map(str::to_owned),
            job: job.map(str::to_owned),
            count: Some(count),
        }
    }

    #[test]
    fn a_fault_is_met_as_often_as_it_says_by_those_it_is_for() {
        let faults = Faults::default();
        faults.add(at(Some("PollForJobs"), None, 2), Mishap::Throttled);
        faults.add(at(None, Some("j"), 1), Mishap::Failed);
        faults.add_late(at(None, None, 3), Duration::from_secs(2));
        let late = Duration::from_secs(2);
        let met = |mishap| Meeting { late, mishap };
        assert_eq!(faults.meet("AcknowledgeJob", Some("k")), met(None));
        assert_eq!(
            faults.meet("PollForJobs", Some("j")),
            met(Some(Mishap::Throttled)),
            "the older one, and the other waits"
        );
        assert_eq!(
            faults.meet("AcknowledgeJob", Some("j")),
            met(Some(Mishap::Failed))
        );
        let last = json!([{ "do": "throttle", "operation": "PollForJobs", "count": 1 }]);
        assert_eq!(faults.list(), last);
        faults.add(at(None, None, 1), Mishap::Beaten);
        assert_eq!(faults.meet("PutJobSuccessResult", Some("j")).mishap, None);
        let beaten = faults.meet("AcknowledgeThirdPartyJob", Some("j"));
        assert_eq!(beaten.mishap, Some(Mishap::Beaten));
        assert_eq!(faults.clear(), 1);
        assert_eq!(faults.meet("PollForJobs", None), Meeting::default());
    }
}
