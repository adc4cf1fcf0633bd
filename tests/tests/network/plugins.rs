//! The plugin of the network, once in a process of its own and once in the worker's.

use std::collections::BTreeMap;

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{ActionResult, Rig};

/// Both kinds of isolation.
pub(crate) const BOTH: [&str; 2] = ["process", "shared"];

/// A plugin for each kind of isolation, with the same limits and grants.
pub(crate) struct Pair {
    plugins: Vec<Plugin>,
    grant: String,
}

impl Pair {
    /// `NAME-process` and `NAME-shared`; `grant` are the items of the list.
    pub(crate) fn new(name: &str, grant: &str) -> Pair {
        let plugins = BOTH
            .iter()
            .map(|kind| Plugin::net(&format!("{name}-{kind}")));
        Pair {
            plugins: plugins.collect(),
            grant: grant.to_owned(),
        }
    }

    pub(crate) fn limited(mut self, limits: &str) -> Pair {
        for plugin in &mut self.plugins {
            plugin.limits = limits.to_owned();
        }
        self
    }

    pub(crate) fn tables(&self) -> String {
        let table = |(plugin, kind): (&Plugin, &str)| {
            format!(
                "[plugins.{0}]\nisolation = \"{kind}\"\n[plugins.{0}.grant]\nnetwork = [{1}]\n",
                plugin.name, self.grant
            )
        };
        self.plugins.iter().zip(BOTH).map(table).collect()
    }

    /// An action of each plugin: `what`, with these values.
    pub(crate) fn actions(&self, what: &str, values: &[(&str, &str)]) -> Vec<Action> {
        let action = |(plugin, kind): (&Plugin, &str)| {
            let action = Action::new(&format!("{what}-{kind}"), plugin);
            values
                .iter()
                .fold(action, |action, (key, value)| action.with(key, value))
        };
        self.plugins.iter().zip(BOTH).map(action).collect()
    }
}

/// A rig with these plugins, and their grants.
pub(crate) async fn rig(pairs: &[&Pair]) -> Rig {
    let plugins: Vec<&Plugin> = pairs.iter().flat_map(|pair| &pair.plugins).collect();
    let mut rig = Rig::with(&plugins).await;
    for pair in pairs {
        rig.setup.tables.push_str(&pair.tables());
    }
    rig
}

/// What came of an action in both kinds of isolation.
pub(crate) fn both<'a>(
    results: &'a BTreeMap<String, ActionResult>,
    what: &str,
) -> [&'a ActionResult; 2] {
    BOTH.map(|kind| &results[&format!("{what}-{kind}")])
}

/// That an action succeeded in both, with these variables among others.
pub(crate) fn expect(
    results: &BTreeMap<String, ActionResult>,
    what: &str,
    variables: &[(&str, &str)],
) {
    for result in both(results, what) {
        assert_eq!(result.status, "Succeeded", "{what}: {result:?}");
        for (name, value) in variables {
            let found = result.variables.get(*name).map(String::as_str);
            assert_eq!(found, Some(*value), "{what}, {name}: {result:?}");
        }
    }
}
