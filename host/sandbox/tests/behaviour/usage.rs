//! What a job used is told however it ended: by itself as long as it can, and from outside when it cannot.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_sandbox::{
    Fault, HostStream, JobControl, JobEnd, JobHost, Limit, LogLine, Usage, Verdict,
};
use tokio::sync::Mutex;

use crate::door::{Call, call, crash, frame, hang, hex, host, natives};
use crate::harness::{Case, Host, Recorder};

/// More than any child has before it is anything, less than any that runs a guest.
const SOME: u64 = 2 << 20;

/// A job that computes all the while another one needs 100 ms of processor time.
async fn computes(events: &Recorder) {
    events.said("spinning").await;
    let clock = Case::new("spin").limit(Limit::CpuTime, 100).run().await;
    assert!(matches!(clock.fault(), Fault::Limit { .. }));
}

fn is_told(usage: &Usage) {
    assert!(usage.wall >= Duration::from_millis(50), "{usage:?}");
    assert!(usage.cpu >= Duration::from_millis(10), "{usage:?}");
    assert!(usage.memory_peak >= SOME, "{usage:?}");
    assert_eq!(usage.log_bytes, "spinning\n".len() as u64, "{usage:?}");
}

#[tokio::test]
async fn a_job_that_is_killed_has_used_what_the_kernel_counted() {
    let case = Case::new("spin");
    let (stop, events) = (case.stop.clone(), case.events.clone());
    let kill = async {
        computes(&events).await;
        stop.kill();
    };
    let (ran, ()) = tokio::join!(case.run(), kill);
    assert_eq!(ran.fault(), &Fault::Interrupted(None));
    is_told(&ran.verdict.usage);
}

/// Ends the job for a limit of the host's own, when it is told to.
struct Counting {
    recorder: Arc<Recorder>,
    job: Mutex<Option<JobEnd>>,
}

#[async_trait]
impl JobHost for Counting {
    fn log(&self, line: LogLine) {
        self.recorder.log(line);
    }

    fn progress(&self, _percent: Option<u8>, _summary: String) {}

    fn connect(&self, _stream: Box<dyn HostStream>, job: JobEnd) {
        *self.job.try_lock().unwrap() = Some(job);
    }
}

#[tokio::test]
async fn a_job_that_is_ended_for_a_limit_of_the_hosts_has_used_what_the_kernel_counted() {
    let host = Host::shared();
    let case = Case::new("spin");
    let mut spec = case.spec.clone();
    spec.code = host.code.clone();
    spec.network = true;
    let counting = Arc::new(Counting {
        recorder: case.events.clone(),
        job: Mutex::default(),
    });
    let (_stop, control) = JobControl::new();
    let hit = async {
        computes(&case.events).await;
        counting
            .job
            .lock()
            .await
            .take()
            .unwrap()
            .hit(Limit::Requests);
    };
    let (verdict, ()): (Verdict, ()) =
        tokio::join!(host.runner.run(spec, control, counting.clone()), hit);
    let said = format!("{:?}", verdict.kind);
    assert!(said.contains("Requests"), "{said}");
    is_told(&verdict.usage);
}

#[tokio::test]
async fn a_child_that_hangs_or_crashes_has_used_something_too() {
    let hangs = hang().limit(Limit::WallTime, 300);
    let crashes = crash().case();
    let forbidden = call("socket", libc::SYS_socket, &[2, 1, 0]).case();
    for (case, lasts) in [(hangs, 300), (crashes, 0), (forbidden, 0)] {
        let ran = case.run_on(host()).await;
        let usage = &ran.verdict.usage;
        assert!(usage.wall > Duration::from_millis(lasts), "{usage:?}");
        // Of one that crashes at once little is known: its memory goes with it.
        let least = if lasts > 0 { SOME } else { 1 };
        assert!(usage.memory_peak >= least, "{:?}: {usage:?}", ran.fault());
    }
}

/// The frame by which a child tells its end, and that it has used so much of everything.
fn lie(used: u64) -> Call {
    let ended = frame(&format!(
        r#"{{"ended":{{"verdict":{{"kind":{{"fault":{{"start":"a lie"}}}},"usage":{{"wall":{{"secs":{used},"nanos":0}},"cpu":{{"secs":{used},"nanos":0}},"memory_peak":{used},"disk_peak":{used},"log_bytes":{used},"log_dropped":{used}}}}}}}}}"#
    ));
    let length = i64::try_from(ended.len()).unwrap();
    call("sendto", libc::SYS_sendto, &[0, 0, length, 0, 0, 0]).with(1, format!("!{}", hex(&ended)))
}

#[tokio::test]
async fn a_child_that_lies_about_what_it_used_is_not_believed() {
    let ran = lie(u64::MAX)
        .case()
        .limit(Limit::Memory, 32 << 20)
        .limit(Limit::Disk, 1 << 20)
        .run_on(host())
        .await;
    assert_eq!(ran.fault(), &Fault::Start("a lie".to_owned()));
    let usage = &ran.verdict.usage;
    assert!(usage.wall < Duration::from_secs(60), "{usage:?}");
    assert!(usage.cpu < Duration::from_secs(60), "{usage:?}");
    assert_eq!((usage.memory_peak, usage.disk_peak), (32 << 20, 1 << 20));
    assert!(
        usage.log_bytes < 100 && usage.log_dropped <= 1 << 42,
        "{usage:?}"
    );
}

#[tokio::test]
async fn a_child_that_tells_of_no_work_has_used_what_the_kernel_counted() {
    let ran = lie(0).and(natives::WORKED).run().await;
    assert_eq!(ran.fault(), &Fault::Start("a lie".to_owned()));
    let usage = &ran.verdict.usage;
    // A fifth of a second, as exactly as the kernel's ticks are.
    assert!(usage.cpu >= Duration::from_millis(150), "{usage:?}");
    assert!(usage.wall >= usage.cpu, "{usage:?}");
}
