//! The call of a command, and what its end means.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use wasmtime::Store;
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::convert;
use crate::fault;
use crate::guard::Guard;
use crate::job::{Failure, Outcome};
use crate::mounts::{JOB, Mounts};
use crate::runner::{Fault, JobSpec};
use crate::state::JobState;

use super::dialogue::{Dialogue, Ending};
use super::wire;

/// The job's file in its directory.
const JOB_FILE: &str = "job.json";

/// The job as standard input's first line; written into its directory, too, where it has one. A guest reads that
/// directory and nobody changes it any more.
pub(crate) fn write_job_file(spec: &JobSpec, mounts: &Mounts) -> Result<Vec<u8>, Fault> {
    let job = convert::job(spec, mounts);
    let failed = |error: &dyn std::fmt::Display| {
        Fault::Host(format!(
            "the job's file {JOB}/{JOB_FILE} cannot be made: {error}"
        ))
    };
    if let Some(dir) = &spec.command {
        let kept = wire::job_line(&job, &dir.without).map_err(|error| failed(&error))?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(dir.host.join(JOB_FILE))
            .and_then(|mut file| file.write_all(&kept))
            .map_err(|error| failed(&error))?;
    }
    wire::job_line(&job, &[]).map_err(|error| failed(&error))
}

/// Run it to its end.
pub(crate) async fn run(
    store: &mut Store<JobState>,
    command: &CommandPre<JobState>,
    dialogue: &Dialogue,
    guard: &Guard,
) -> Result<Result<Outcome, Failure>, Fault> {
    let command = command
        .instantiate_async(&mut *store)
        .await
        .map_err(|error| fault::of_start(&error, guard))?;
    let success = match command.wasi_cli_run().call_run(&mut *store).await {
        Ok(result) => result.is_ok(),
        Err(error) => match error.downcast_ref() {
            Some(I32Exit(status)) => *status == 0,
            None => return Err(fault::of_call(&error, guard)),
        },
    };
    let end = if success { "success" } else { "a failure" };
    let broken = |what: String| Err(Fault::Protocol(what));
    // Where that fails the guard knows why.
    let Ok(Ending { answer, doubt }) = dialogue.finish() else {
        return broken("broke the command protocol".into());
    };
    match (answer, doubt) {
        (Some(Err(failure)), _) => Ok(Err(failure)),
        (Some(Ok(outcome)), _) if success => Ok(Ok(outcome)),
        (Some(Ok(_)), _) => {
            broken("printed an outcome and then exited with a failure, which counts".into())
        }
        (None, None) => broken(format!("exited with {end} and printed no outcome")),
        (None, Some(doubt)) => broken(format!(
            "exited with {end} and printed no outcome; the last line that looked like one of the command protocol \
             was taken for text: {doubt}"
        )),
    }
}
