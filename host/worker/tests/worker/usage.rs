//! What runs used: in each job's log, in an event of its own, and in the worker's counters.

use std::time::Duration;

use pipefitter_sandbox::{Fault, Limit, Usage, VerdictKind};

use crate::logs::Lines;
use crate::runner::{Script, success};
use crate::world::{World, end};

#[tokio::test(start_paused = true)]
async fn what_runs_used_is_logged_told_and_counted_however_they_ended() {
    let lines = Lines::of_the_process();
    let world = World::new();
    let worker = world.start().await;
    let limit = Fault::Limit {
        limit: Limit::Memory,
        value: "64 MiB".to_owned(),
    };
    let killed = Fault::Crashed("was killed".to_owned());
    let usage = |millis: u64, kib: u64| Usage {
        wall: Duration::from_millis(10 * millis),
        cpu: Duration::from_millis(millis),
        memory_peak: (kib << 20) + 1,
        disk_peak: (2 * kib) << 10,
        log_bytes: (3 * kib) << 10,
        log_dropped: kib << 10,
    };
    for (job, end, usage) in [
        ("succeeds", success(), usage(250, 4)),
        ("limited", VerdictKind::Fault(limit), usage(120, 9)),
        ("killed", VerdictKind::Fault(killed), usage(30, 5)),
    ] {
        world.runner.script.send_replace(Script {
            lines: Vec::new(),
            progress: Vec::new(),
            end,
            usage,
        });
        world.service.add(job, &[("do", "script")], 0, 0).await;
        world.service.until_all_ended().await;
    }
    let counted = end(&world, worker).await.counters;
    assert_eq!((counted.succeeded, counted.failed), (1, 2));
    assert_eq!((counted.runs, counted.limits_hit), (3, 1));
    assert_eq!(
        (counted.run_cpu_millis, counted.run_wall_millis),
        (400, 4000)
    );
    // Of the largest run, and not of all together.
    assert_eq!(counted.run_memory_peak, (9 << 20) + 1);
    assert_eq!(counted.run_disk_peak, 18 << 10);
    assert_eq!(
        (counted.log_bytes, counted.log_dropped),
        (54 << 10, 18 << 10)
    );

    let logs: Vec<String> = std::fs::read_dir(&world.config.log_dir)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for ended in [
        "run ended after 2.5s: 250.0ms of processor time, 5 MiB of memory and 8 KiB on disk at most, 16 KiB of log, \
         4 KiB of it dropped",
        "run ended after 1.2s: 120.0ms of processor time, 10 MiB of memory and 18 KiB on disk at most, 36 KiB of log, \
         9 KiB of it dropped",
        "run ended after 300.0ms: 30.0ms of processor time, 6 MiB of memory and 10 KiB on disk at most, 20 KiB of log, \
         5 KiB of it dropped",
    ] {
        let with = logs.iter().filter(|log| log.contains(ended)).count();
        assert_eq!(with, 1, "{ended}: {logs:#?}");
    }
    let lines = lines.take();
    for (job, told) in [
        (
            "succeeds",
            "wall_ms=2500 cpu_ms=250 memory_peak=4194305 disk_peak=8192",
        ),
        (
            "limited",
            "wall_ms=1200 cpu_ms=120 memory_peak=9437185 disk_peak=18432",
        ),
        (
            "killed",
            "wall_ms=300 cpu_ms=30 memory_peak=5242881 disk_peak=10240",
        ),
    ] {
        let events = lines.iter().filter(|line| line.contains("a plugin ran"));
        let of_it = events.filter(|line| line.contains(&format!("job={job} ")));
        let of_it: Vec<&String> = of_it.collect();
        assert!(
            matches!(of_it.as_slice(), [line] if line.contains(told)),
            "{told}: {of_it:?}"
        );
    }
}
