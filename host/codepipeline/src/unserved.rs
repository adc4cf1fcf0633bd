//! Partners' clients whose jobs are not taken.
//!
//! A client without a token is asked for once in [`REMEMBERED`], not with every poll that offers its jobs: who
//! has the tokens may be a program that takes a second to answer. Where the tokens themselves say that they
//! have changed (a file does), what was remembered counts no more. A token that the service refused is not
//! sent again by this process, however often it is found and whatever came between; another one for the same client
//! is tried. Of refused tokens a keyed hash is remembered, of the last [`MOST_REMEMBERED`] of them.
//!
//! Jobs of one client come several at a time. A token that the service has not taken yet goes out with one request, and
//! the others wait for what becomes of it: else a wrong one would be sent with each of them. Where that one has no answer
//! those that have waited for it are not sent either: one after the other, each would wait as long.
//!
//! ```text
//!            token                               refused by the service
//!   asked ------------> served  --------------------------------------------.
//!     | none, refused one, or nobody could tell                             v
//!     '----------------------------------------------> remembered --time, or tokens changed--> asked
//! ```

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::Instant;

use crate::ids::{ActionTypeId, ClientId, ClientToken, JobId};

/// How long a client without a token is not asked for again.
pub const REMEMBERED: Duration = Duration::from_secs(5 * 60);

/// The same where nobody could tell: whoever has the tokens may be back soon.
const NOT_TOLD: Duration = Duration::from_secs(30);

/// How long after that it is still told of: the poll that has it asked for again, and remembered again, may be an idle
/// worker's, 30 seconds by default.
const TOLD_AFTER: Duration = Duration::from_secs(30);

/// Two polls this close together are offered the same job only by a service that does not hide jobs from polls. Half of
/// the shortest time after which one that does is assumed to offer a job again (docs/AWS-ASSUMPTIONS.md).
const CLOSE: Duration = Duration::from_secs(30);

/// How many refused tokens are remembered, of all clients together, and how many that were taken: 32 KiB each. A refused one
/// that is forgotten is sent once more; one that was taken is sent with one request first.
const MOST_REMEMBERED: usize = 4096;

/// Why a client's jobs are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyUnserved {
    /// It has no token.
    Unknown,
    /// The service refused the token that it has.
    Refused,
    /// The tokens could not be read; the log says why.
    NotTold,
}

impl fmt::Display for WhyUnserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WhyUnserved::Unknown => "it has no client token",
            WhyUnserved::Refused => "CodePipeline refused its client token",
            WhyUnserved::NotTold => "its client token could not be read",
        })
    }
}

/// A client whose jobs are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnservedClient {
    /// Which.
    pub client: ClientId,
    /// Why.
    pub why: WhyUnserved,
    /// When its token was asked for last.
    pub since: Instant,
    /// Offers of its jobs since the start that were passed over.
    pub offers: u64,
}

/// What a source's polls have met of clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientsView {
    /// Clients whose jobs are not taken now, by id.
    pub unserved: Vec<UnservedClient>,
    /// Offers since the start that were passed over for want of a token.
    pub passed_over: u64,
}

struct Entry {
    why: WhyUnserved,
    since: Instant,
    until: Instant,
    revision: u64,
    offers: u64,
}

/// Tokens, those that were added last at the end, each as a hash of it with its client.
#[derive(Default)]
struct Tokens {
    // With random keys: what is kept tells nothing of a token.
    hasher: RandomState,
    hashes: VecDeque<u64>,
}

impl Tokens {
    fn hash(&self, client: &ClientId, token: &ClientToken) -> u64 {
        self.hasher.hash_one((client.as_str(), token.expose()))
    }

    fn has(&self, client: &ClientId, token: &ClientToken) -> bool {
        self.hashes.contains(&self.hash(client, token))
    }

    fn add(&mut self, client: &ClientId, token: &ClientToken) {
        let hash = self.hash(client, token);
        self.hashes.retain(|known| *known != hash);
        self.hashes.push_back(hash);
        if self.hashes.len() > MOST_REMEMBERED {
            self.hashes.pop_front();
        }
    }

    fn remove(&mut self, client: &ClientId, token: &ClientToken) {
        let hash = self.hash(client, token);
        self.hashes.retain(|known| *known != hash);
    }
}

/// A request whose token is on trial: others of the client wait until this is dropped.
#[derive(Debug)]
pub(crate) struct Trial {
    turn: Arc<Turn>,
    _alone: OwnedMutexGuard<()>,
}

impl Trial {
    /// There was no answer: those that wait need not try for themselves.
    pub(crate) fn failed(&self) {
        self.turn.failures.fetch_add(1, Ordering::Release);
    }
}

#[derive(Debug, Default)]
struct Turn {
    alone: Arc<Mutex<()>>,
    /// Trials without an answer: tells those who waited during one from those who came later.
    failures: AtomicU64,
}

#[derive(Default)]
struct Known {
    unserved: BTreeMap<ClientId, Entry>,
    refused: Tokens,
    taken: Tokens,
    /// Of clients whose token has not been taken yet.
    trials: BTreeMap<ClientId, Arc<Turn>>,
    passed_over: u64,
    in_the_way: BTreeMap<ActionTypeId, InTheWay>,
}

/// Jobs passed over by the last poll of an action type.
struct InTheWay {
    jobs: BTreeSet<JobId>,
    at: Instant,
    /// The poll shortly before it had passed over one of them, too: the service does not hide what it has offered.
    again: bool,
}

/// The memory of one source.
#[derive(Default)]
pub(crate) struct Unserved {
    // A cell that is never awaited.
    known: watch::Sender<Known>,
}

impl Unserved {
    /// Why a client is not to be asked for now; `revision` is that of the tokens.
    pub(crate) fn remembered(&self, client: &ClientId, revision: u64) -> Option<WhyUnserved> {
        let known = self.known.borrow();
        let entry = known.unserved.get(client)?;
        let holds = Instant::now() < entry.until && entry.revision == revision;
        holds.then_some(entry.why)
    }

    pub(crate) fn remember(&self, client: &ClientId, why: WhyUnserved, revision: u64) {
        let since = Instant::now();
        let window = match why {
            WhyUnserved::NotTold => NOT_TOLD,
            WhyUnserved::Unknown | WhyUnserved::Refused => REMEMBERED,
        };
        self.known.send_modify(|known| {
            // Those that are not asked for any more: their customers have gone, or their pipelines rest.
            known
                .unserved
                .retain(|id, entry| since < entry.until + REMEMBERED || id == client);
            let unserved = &known.unserved;
            known
                .trials
                .retain(|id, trial| Arc::strong_count(trial) > 1 || unserved.contains_key(id));
            let offers = known.unserved.get(client).map_or(0, |entry| entry.offers);
            let entry = Entry {
                why,
                since,
                until: since + window,
                revision,
                offers,
            };
            known.unserved.insert(client.clone(), entry);
        });
    }

    pub(crate) fn served(&self, client: &ClientId) {
        self.known
            .send_if_modified(|known| known.unserved.remove(client).is_some());
    }

    /// The service does not take this token.
    pub(crate) fn refuse(&self, client: &ClientId, token: &ClientToken, revision: u64) {
        self.known.send_modify(|known| {
            known.refused.add(client, token);
            known.taken.remove(client, token);
        });
        self.remember(client, WhyUnserved::Refused, revision);
    }

    pub(crate) fn is_refused(&self, client: &ClientId, token: &ClientToken) -> bool {
        self.known.borrow().refused.has(client, token)
    }

    /// The service takes this token.
    pub(crate) fn taken(&self, client: &ClientId, token: &ClientToken) {
        self.known.send_if_modified(|known| {
            let new = !known.taken.has(client, token);
            if new {
                known.taken.add(client, token);
                known.trials.remove(client);
            }
            new
        });
    }

    pub(crate) fn is_taken(&self, client: &ClientId, token: &ClientToken) -> bool {
        self.known.borrow().taken.has(client, token)
    }

    /// Waits until no other request tries a token of this client; and whether one had no answer meanwhile.
    pub(crate) async fn trial(&self, client: &ClientId) -> (Trial, bool) {
        let mut turn: Arc<Turn> = Arc::default();
        self.known.send_if_modified(|known| {
            turn = Arc::clone(known.trials.entry(client.clone()).or_default());
            false
        });
        let failures = turn.failures.load(Ordering::Acquire);
        let alone = Arc::clone(&turn.alone).lock_owned().await;
        let failed = turn.failures.load(Ordering::Acquire) != failures;
        let trial = Trial {
            turn,
            _alone: alone,
        };
        (trial, failed)
    }

    pub(crate) fn passed_over(&self, client: &ClientId) {
        self.known.send_modify(|known| {
            known.passed_over += 1;
            if let Some(entry) = known.unserved.get_mut(client) {
                entry.offers += 1;
            }
        });
    }

    /// How many jobs the next poll of an action type will probably offer in vain.
    pub(crate) fn in_the_way(&self, action_type: &ActionTypeId) -> u32 {
        let known = self.known.borrow();
        let last = known.in_the_way.get(action_type).filter(|last| last.again);
        last.map_or(0, |last| u32::try_from(last.jobs.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn were_in_the_way(&self, action_type: &ActionTypeId, jobs: BTreeSet<JobId>) {
        self.known.send_modify(|known| {
            let at = Instant::now();
            let last = known.in_the_way.get(action_type);
            let again = last.is_some_and(|last| {
                !last.jobs.is_disjoint(&jobs) && at.duration_since(last.at) < CLOSE
            });
            let now = InTheWay { jobs, at, again };
            known.in_the_way.insert(action_type.clone(), now);
        });
    }

    pub(crate) fn view(&self) -> ClientsView {
        let known = self.known.borrow();
        let now = Instant::now();
        let met = known
            .unserved
            .iter()
            .filter(|(_, entry)| now < entry.until + TOLD_AFTER);
        let unserved = met.map(|(client, entry)| UnservedClient {
            client: client.clone(),
            why: entry.why,
            since: entry.since,
            offers: entry.offers,
        });
        ClientsView {
            unserved: unserved.collect(),
            passed_over: known.passed_over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(at: usize) -> ClientToken {
        ClientToken::new(&format!("token-{at}")).unwrap()
    }

    #[test]
    fn the_last_refused_tokens_are_remembered_each_once_and_for_its_own_client() {
        let mut refused = Tokens::default();
        let (client, other) = (ClientId::new("client"), ClientId::new("other"));
        refused.add(&client, &token(0));
        for at in 1..=MOST_REMEMBERED {
            assert!(refused.has(&client, &token(0)), "forgotten after {at}");
            refused.add(&client, &token(at));
            refused.add(&client, &token(at));
        }
        assert_eq!(refused.hashes.len(), MOST_REMEMBERED);
        assert!(!refused.has(&client, &token(0)));
        assert!(refused.has(&client, &token(1)) && refused.has(&client, &token(MOST_REMEMBERED)));
        assert!(!refused.has(&other, &token(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_not_met_any_more_is_not_told_of() {
        let unserved = Unserved::default();
        unserved.remember(&ClientId::new("gone"), WhyUnserved::Unknown, 0);
        for (passed, told) in [(REMEMBERED, 1), (TOLD_AFTER, 0)] {
            tokio::time::advance(passed).await;
            assert_eq!(unserved.view().unserved.len(), told);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_polls_close_together_tell_that_jobs_are_not_hidden() {
        let unserved = Unserved::default();
        let action_type = ActionTypeId {
            category: "Deploy".into(),
            owner: crate::ids::Owner::ThirdParty,
            provider: "Ship".into(),
            version: "1".into(),
        };
        let jobs = || BTreeSet::from([JobId::new("job")]);
        for (passed, in_the_way) in [(Duration::ZERO, 0), (CLOSE, 0), (CLOSE / 2, 1), (CLOSE, 0)] {
            tokio::time::advance(passed).await;
            unserved.were_in_the_way(&action_type, jobs());
            assert_eq!(unserved.in_the_way(&action_type), in_the_way, "{passed:?}");
        }
    }
}
