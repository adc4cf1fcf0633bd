//! What must not even be loaded. It is refused by name, and what is served goes on.

use pipefitter_tests::hostile::{NEVER_SERVED, Refused};
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, Vitals, Worker, binary};

/// Memory that a worker may keep after loading.
const SLACK: u64 = 48 << 20;

#[tokio::test]
async fn guests_that_are_never_served() {
    let probe = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&probe]).await;
    // Compiled before the compiler's limits are too small for it.
    rig.worker().await.stop_cleanly().await;
    let mut wrong = Vec::new();
    for (at, group) in NEVER_SERVED
        .chunk_by(|one, other| one.limits == other.limits)
        .enumerate()
    {
        rig.setup.tables = format!("[limits]\n{}", group[0].limits);
        let worker = rig.worker().await;
        works(&rig, &probe, &format!("before-{at}")).await;
        let held = Vitals::of(worker.process.id());
        for refused in group {
            wrong.extend(drop_in(&rig, &worker, refused).await);
        }
        works(&rig, &probe, &format!("after-{at}")).await;
        let after = format!("refusing group {at}");
        held.returned(worker.process.id(), SLACK, &after).await;
        worker.stop_cleanly().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn works(rig: &Rig, probe: &Plugin, name: &str) {
    let good = Action::new("Good", probe).input("Source").output("Out");
    let result = rig.outcome(name, good).await;
    assert_eq!(result.status, "Succeeded", "{name}: {result:?}");
}

/// Copy it into the folder that a worker watches; returns what the refusal should have said and did not.
async fn drop_in(rig: &Rig, worker: &Worker, refused: &Refused) -> Option<String> {
    let name = refused.guest.replace('_', "-");
    let mut plugin = Plugin::probe(&name).named(&name);
    plugin.wasm = binary::guest(&format!("hostile/{}", refused.guest));
    let mark = worker.process.mark();
    plugin.install(&rig.setup.plugins_dir);
    let file = format!("{name}.wasm");
    let refusal = |line: &str| {
        let of_it = line.contains("\"level\":\"ERROR\"") && line.contains(&file);
        of_it.then(|| line.replace("\\\"", "\"").replace("\\n", "\n"))
    };
    let said = worker
        .process
        .find(mark, &format!("a line that refuses {name}"), refusal)
        .await;
    println!("{said}");
    let served = worker.process.lines_with("lugin is served");
    assert!(
        !served.iter().any(|line| line.contains(&name)),
        "{served:?}"
    );
    let unsaid = refused.says.iter().find(|words| !said.contains(**words))?;
    Some(format!("{unsaid:?} is not said of {name}: {said}"))
}
