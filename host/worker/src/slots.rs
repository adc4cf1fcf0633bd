//! Slots: how many jobs may be under way, in all, per source, per action type, and by memory.
//!
//! A permit is taken before a poll and given back when it is dropped, whoever drops it and why: a slot
//! cannot leak. Permits are counted by semaphores and nobody ever waits for one; the dispatcher asks
//! again when something has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipefitter_plugins::ActionTypeKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is counted in pieces of this size, so that a count fits a permit.
const PIECE: u64 = 1 << 20;

/// Room for one job. Dropping it gives the room back.
#[derive(Debug)]
pub(crate) struct Permit {
    _all: OwnedSemaphorePermit,
    _source: Option<OwnedSemaphorePermit>,
    _action_type: Option<OwnedSemaphorePermit>,
    memory: Option<OwnedSemaphorePermit>,
}

/// A poll that wants room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) source: &'a str,
    pub(crate) action_type: &'a ActionTypeKey,
    /// For one job.
    pub(crate) memory_bytes: u64,
    /// Slots that it may have.
    pub(crate) most: usize,
}

pub(crate) struct Slots {
    total: usize,
    all: Arc<Semaphore>,
    sources: BTreeMap<String, Arc<Semaphore>>,
    action_types: BTreeMap<ActionTypeKey, Arc<Semaphore>>,
    memory: Option<(Arc<Semaphore>, u32)>,
}

impl Slots {
    pub(crate) fn new(
        total: usize,
        per_source: &BTreeMap<String, usize>,
        per_action_type: &BTreeMap<ActionTypeKey, usize>,
        memory_budget: Option<u64>,
    ) -> Slots {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        let memory = memory_budget.map(|bytes| {
            let pieces = u32::try_from(bytes / PIECE).unwrap_or(u32::MAX).max(1);
            (Arc::new(Semaphore::new(pieces as usize)), pieces)
        });
        Slots {
            total,
            all: Arc::new(Semaphore::new(total)),
            sources: bounds(per_source, total),
            action_types: bounds(per_action_type, total),
            memory,
        }
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn free(&self) -> usize {
        self.all.available_permits()
    }

    /// Whether a source has a bound of its own.
    pub(crate) fn bounds_source(&self, source: &str) -> bool {
        self.sources.contains_key(source)
    }

    /// Room for one job of this source and action type that may use so many bytes of memory. A job that wants
    /// more than the whole budget gets room when it is alone.
    pub(crate) fn take(
        &self,
        source: &str,
        key: &ActionTypeKey,
        memory_bytes: u64,
    ) -> Option<Permit> {
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let source = taken(self.sources.get(source))?;
        let action_type = taken(self.action_types.get(key))?;
        let memory = match &self.memory {
            Some((semaphore, budget)) => {
                let pieces = pieces(memory_bytes, *budget);
                Some(Arc::clone(semaphore).try_acquire_many_owned(pieces).ok()?)
            }
            None => None,
        };
        Some(Permit {
            _all: all,
            _source: source,
            _action_type: action_type,
            memory,
        })
    }

    /// Make room for a job of so many bytes of memory out of room that was taken for less; false where there is no more.
    pub(crate) fn widen(&self, permit: &mut Permit, memory_bytes: u64) -> bool {
        let (Some((semaphore, budget)), Some(held)) = (&self.memory, &mut permit.memory) else {
            return true;
        };
        let has = u32::try_from(held.num_permits()).unwrap_or(u32::MAX);
        let lacks = pieces(memory_bytes, *budget).saturating_sub(has);
        let Ok(more) = Arc::clone(semaphore).try_acquire_many_owned(lacks) else {
            return false;
        };
        held.merge(more);
        true
    }

    /// Room for polls: one slot to each in turn, until none is left that anybody could take. So all get the same,
    /// but for bounds and the remainder, which goes to the first; and what a bound keeps from one is the others'.
    pub(crate) fn deal(&self, polls: &[Asked<'_>]) -> Vec<Vec<Permit>> {
        let mut dealt: Vec<Vec<Permit>> = polls.iter().map(|_| Vec::new()).collect();
        loop {
            let before = self.free();
            for (asked, permits) in polls.iter().zip(&mut dealt) {
                if permits.len() < asked.most {
                    permits.extend(self.take(asked.source, asked.action_type, asked.memory_bytes));
                }
            }
            if self.free() == before {
                return dealt;
            }
        }
    }
}

fn pieces(memory_bytes: u64, budget: u32) -> u32 {
    let pieces = u32::try_from(memory_bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
    pieces.clamp(1, budget)
}

fn bounds<K: Ord + Clone>(most: &BTreeMap<K, usize>, total: usize) -> BTreeMap<K, Arc<Semaphore>> {
    let bound = |most: usize| Arc::new(Semaphore::new(most.min(total)));
    most.iter()
        .map(|(key, most)| (key.clone(), bound(*most)))
        .collect()
}

/// Of no bound, no permit is needed.
fn taken(bound: Option<&Arc<Semaphore>>) -> Option<Option<OwnedSemaphorePermit>> {
    match bound {
        Some(semaphore) => Arc::clone(semaphore).try_acquire_owned().ok().map(Some),
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(provider: u8) -> ActionTypeKey {
        ActionTypeKey {
            category: "Build".to_owned(),
            provider: format!("P{provider}"),
            version: "1".to_owned(),
        }
    }

    proptest! {
        #[test]
        fn no_bound_is_passed_and_nothing_leaks(
            total in 1usize..12,
            most in 0usize..5,
            of_source in 0usize..5,
            budget in proptest::option::of(1u64..64),
            moves in proptest::collection::vec((0u8..3, 0u64..20, 0usize..6, any::<bool>(), any::<bool>()), 0..60),
        ) {
            let slots = Slots::new(
                total,
                &BTreeMap::from([("P1".to_owned(), of_source)]),
                &BTreeMap::from([(key(0), most)]),
                budget.map(|pieces| pieces * PIECE),
            );
            let mut held: Vec<(u8, u64, Permit)> = Vec::new();
            for (provider, pieces, wanted, give_back, widen) in moves {
                if let (true, Some((_, has, permit))) = (widen, held.last_mut()) {
                    let free = slots.memory.as_ref().map(|(free, _)| free.available_permits() as u64);
                    let most = |pieces: u64| budget.map_or(pieces, |budget| pieces.min(budget));
                    let lacks = most(pieces).saturating_sub(most(*has));
                    let widened = slots.widen(permit, pieces * PIECE);
                    prop_assert_eq!(widened, free.is_none_or(|free| lacks <= free));
                    if widened {
                        *has = pieces.max(*has);
                    }
                } else if give_back && !held.is_empty() {
                    held.remove(wanted % held.len());
                } else {
                    let memory = pieces * PIECE;
                    for _ in 0..wanted {
                        held.extend(slots.take(&format!("P{provider}"), &key(provider), memory).map(|permit| {
                            (provider, pieces.max(1), permit)
                        }));
                    }
                }
                prop_assert!(held.len() <= total);
                prop_assert!(held.iter().filter(|(p, ..)| *p == 0).count() <= most);
                prop_assert!(held.iter().filter(|(p, ..)| *p == 1).count() <= of_source);
                if let Some(budget) = budget {
                    let used: u64 = held.iter().map(|(_, pieces, _)| pieces.min(&budget)).sum();
                    prop_assert!(used <= budget);
                }
                prop_assert_eq!(slots.free(), total - held.len());
            }
            held.clear();
            prop_assert_eq!(slots.free(), total);
        }

        #[test]
        fn slots_are_dealt_evenly_and_to_the_last(
            total in 1usize..20,
            bounds in proptest::collection::btree_map(0u8..4, 0usize..6, 0..4),
            budget in proptest::option::of(1u64..40),
            polls in proptest::collection::vec((0u8..4, 0u64..6, 1usize..30), 0..8),
        ) {
            let keys: Vec<ActionTypeKey> = (0..4).map(key).collect();
            let per_type = bounds.iter().map(|(provider, most)| (key(*provider), *most)).collect();
            let slots = Slots::new(total, &BTreeMap::new(), &per_type, budget.map(|pieces| pieces * PIECE));
            let asked: Vec<_> = polls
                .iter()
                .map(|(provider, pieces, most)| Asked {
                    source: "main",
                    action_type: &keys[usize::from(*provider)],
                    memory_bytes: pieces * PIECE,
                    most: *most,
                })
                .collect();
            let dealt: Vec<usize> = slots.deal(&asked).iter().map(Vec::len).collect();
            prop_assert_eq!(slots.free(), total, "dropped permits are given back");

            let sum = |of: &dyn Fn(usize) -> u64| -> u64 {
                (0..polls.len()).map(|at| dealt[at] as u64 * of(at)).sum()
            };
            let pieces = |at: usize| {
                let pieces = polls[at].1.max(1);
                budget.map_or(pieces, |budget| pieces.min(budget))
            };
            let used = sum(&|_| 1);
            let bounded = |at: usize| {
                let provider = polls[at].0;
                let of_type = sum(&|other| u64::from(polls[other].0 == provider));
                dealt[at] == polls[at].2
                    || bounds.get(&provider).is_some_and(|most| of_type >= (*most).min(total) as u64)
                    || budget.is_some_and(|budget| sum(&pieces) + pieces(at) > budget)
            };
            for at in 0..polls.len() {
                prop_assert!(dealt[at] <= polls[at].2, "{dealt:?} passes a bound at {at}");
                prop_assert!(used == total as u64 || bounded(at), "a slot is left over: {dealt:?}");
                // Who has two less than another, or one less than a later one, was kept from more by a bound.
                let most = dealt.iter().max().copied().unwrap_or(0);
                let later = dealt[at..].iter().max().copied().unwrap_or(0);
                let short = dealt[at] + 2 <= most || dealt[at] < later;
                prop_assert!(!short || bounded(at), "{dealt:?} is not even at {at}");
            }
        }
    }
}
