//! What is served: an immutable snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::contract::{ActionTypeKey, Plugin, Problem};

/// The plugins that are served, one per action type, and what is wrong with the others.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    pub(crate) plugins: BTreeMap<ActionTypeKey, Arc<Plugin>>,
    pub(crate) problems: Vec<Problem>,
}

impl Catalogue {
    /// A catalogue of these plugins; of two for one action type, the later.
    #[must_use]
    pub fn of(plugins: impl IntoIterator<Item = Arc<Plugin>>) -> Catalogue {
        let plugins = plugins
            .into_iter()
            .map(|plugin| (plugin.manifest.key().clone(), plugin))
            .collect();
        Catalogue {
            plugins,
            problems: Vec::new(),
        }
    }

    /// Every plugin, by action type.
    pub fn plugins(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.plugins.values()
    }

    /// The plugin that serves an action type.
    #[must_use]
    pub fn get(&self, key: &ActionTypeKey) -> Option<&Arc<Plugin>> {
        self.plugins.get(key)
    }

    /// A plugin by its name, which is its file's stem.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<Plugin>> {
        self.plugins().find(|plugin| plugin.name == name)
    }

    /// What is not served as its author wants, by file.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether it serves the same and has the same problems: nothing to tell anyone.
    pub(crate) fn is_same_as(&self, other: &Catalogue) -> bool {
        let versions = |catalogue: &Catalogue| -> Vec<_> {
            catalogue
                .plugins
                .iter()
                .map(|(key, plugin)| (key.clone(), plugin.path.clone(), plugin.digest.clone()))
                .collect()
        };
        versions(self) == versions(other) && self.problems == other.problems
    }
}
