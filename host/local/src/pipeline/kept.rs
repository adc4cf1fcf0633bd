//! Collections that remember what was changed in them, so that it can be kept on disk before anybody
//! hears of it.
//!
//! Who changes an entry need not say so: the collections see it. What was only looked at costs
//! nothing; what was reached for with `get_mut` and left as it was is written again to no effect.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What becomes of one entry on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Which collection.
    pub(super) kind: &'static str,
    /// The entry's key, as JSON.
    pub(super) key: String,
    /// The entry, as JSON; None once it is gone.
    pub(super) value: Option<Vec<u8>>,
}

/// An entry as it was kept: collection, key, value.
pub(super) type Row = (String, String, Vec<u8>);

/// A map.
pub(super) struct Kept<K, V> {
    map: BTreeMap<K, V>,
    changed: BTreeSet<K>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self {
            map: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl<K, V> Deref for Kept<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

impl<K: Ord + Clone, V> Kept<K, V> {
    pub(super) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let (owned, _) = self.map.get_key_value(key)?;
        self.changed.insert(owned.clone());
        self.map.get_mut(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.changed.insert(key.clone());
        self.map.insert(key, value)
    }

    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    pub(super) fn remove_entry<Q>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let (key, value) = self.map.remove_entry(key)?;
        self.changed.insert(key.clone());
        Some((key, value))
    }

    pub(super) fn retain(&mut self, mut stays: impl FnMut(&K, &V) -> bool) {
        let changed = &mut self.changed;
        self.map.retain(|key, value| {
            let stays = stays(key, value);
            if !stays {
                changed.insert(key.clone());
            }
            stays
        });
    }
}

impl<K, V> Kept<K, V>
where
    K: Ord + Clone + Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    /// Adds what changed since the last call.
    pub(super) fn take(
        &mut self,
        kind: &'static str,
        into: &mut Vec<Change>,
    ) -> Result<(), serde_json::Error> {
        for key in std::mem::take(&mut self.changed) {
            let value = self.map.get(&key).map(serde_json::to_vec).transpose()?;
            let key = serde_json::to_string(&key)?;
            into.push(Change { kind, key, value });
        }
        Ok(())
    }

    /// Counts every entry as changed.
    #[cfg(test)]
    pub(super) fn touch_all(&mut self) {
        self.changed.extend(self.map.keys().cloned());
    }

    /// Puts back an entry that was kept.
    pub(super) fn restore(&mut self, key: &str, value: &[u8]) -> Result<(), serde_json::Error> {
        let key = serde_json::from_str(key)?;
        self.map.insert(key, serde_json::from_slice(value)?);
        Ok(())
    }
}
