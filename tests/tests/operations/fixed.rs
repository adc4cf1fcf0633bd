//! `fixed-clock` and `random-seed`: what a plugin sees of time and chance is the same in every run.

use std::collections::BTreeMap;

use pipefitter_tests::Rig;
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;

const KINDS: [&str; 2] = ["process", "shared"];

/// Two plugins for each kind of isolation: one that is fixed, and one that is not.
fn plugins() -> Vec<Plugin> {
    KINDS
        .into_iter()
        .flat_map(|kind| ["fixed", "free"].map(|what| format!("{what}-{kind}")))
        .map(|name| Plugin::probe(&name).named(&name))
        .collect()
}

fn tables() -> String {
    let table = |kind| {
        format!(
            "[plugins.fixed-{kind}]\nisolation = \"{kind}\"\nfixed-clock = 1700000000\nrandom-seed = 42\n\
             [plugins.free-{kind}]\nisolation = \"{kind}\"\n"
        )
    };
    KINDS.map(table).concat()
}

/// What came of one run: the time that each saw, and the archive that it made.
type Run = BTreeMap<String, (String, Vec<u8>)>;

async fn run(rig: &Rig, plugins: &[Plugin], name: &str) -> Run {
    let actions = plugins.iter().map(|plugin| {
        let action = Action::new(&plugin.name, plugin).doing("chance");
        action.output(&format!("{}-out", plugin.name))
    });
    let mut run = Run::new();
    for (name, result) in rig.outcomes(name, actions).await {
        assert_eq!(result.status, "Succeeded", "{name}: {result:?}");
        let place = result.outputs.values().next().unwrap();
        let seconds = result.variables["seconds"].clone();
        run.insert(name, (seconds, rig.service.object(place).await));
    }
    run
}

#[tokio::test]
async fn a_fixed_clock_and_a_seed_make_the_bytes_of_two_runs_the_same() {
    let plugins = plugins();
    let mut rig = Rig::with(&plugins.iter().collect::<Vec<_>>()).await;
    rig.setup.tables = tables();
    let mut runs = Vec::new();
    for name in ["one", "two"] {
        // By another worker, so that nothing of the first is left.
        let worker = rig.worker().await;
        runs.push(run(&rig, &plugins, name).await);
        worker.stop_cleanly().await;
    }
    let [one, two] = &runs[..] else {
        panic!("there are two runs");
    };
    let fixed = &one["fixed-process"];
    assert_eq!(fixed.0, "1700000000");
    for same in [
        &one["fixed-shared"],
        &two["fixed-process"],
        &two["fixed-shared"],
    ] {
        assert!(same == fixed, "{} bytes, {} seconds", same.1.len(), same.0);
    }
    for kind in KINDS {
        let free = format!("free-{kind}");
        assert_ne!(one[&free].1, two[&free].1, "{kind}");
        assert!(one[&free].0.parse::<u64>().unwrap() > 1_700_000_000);
    }
}
