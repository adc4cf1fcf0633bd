//! One experiment's pipeline: a source that the bench serves itself, then actions that wait for the
//! experiment.
//!
//! ```text
//!   open: create pipeline -> start -> serve Source -> (jobs of Action1 .. n come) -> close: delete pipeline
//! ```
//!
//! CreatePipeline begins an execution by itself on AWS, in the embedded service only where it is told to. So the
//! bench starts its own in either case, fails the source of any other that comes first (one that comes later waits
//! for its source until the pipeline goes), and knows its jobs by the execution's id. Polls choose by the
//! experiment's name, so that experiments run beside each other.

use crate::account::{ActionState, Job, Kind, Layout, Success};
use crate::call::{CallError, Timed};
use crate::estate::Thing;
use crate::lab::{Broken, Lab, Wait};
use crate::question::Experiment;

/// An experiment's pipeline with one execution under way.
pub(crate) struct Bench<'a> {
    pub(crate) lab: &'a Lab<'a>,
    pub(crate) experiment: Experiment,
    pipeline: String,
    execution: String,
    /// When the source's success was sent: no action began before.
    pub(crate) began: tokio::time::Instant,
}

impl<'a> Bench<'a> {
    /// With so many parallel actions, ready to be polled for.
    pub(crate) async fn open(
        lab: &'a Lab<'a>,
        experiment: Experiment,
        actions: usize,
    ) -> Result<Bench<'a>, Broken> {
        Self::open_as(lab, experiment, Layout::Parallel(actions)).await
    }

    /// With other actions, the first of which is ready to be polled for.
    pub(crate) async fn open_as(
        lab: &'a Lab<'a>,
        experiment: Experiment,
        layout: Layout,
    ) -> Result<Bench<'a>, Broken> {
        let pipeline = lab.run.pipeline(experiment.name());
        let thing = Thing::Pipeline(pipeline.clone());
        lab.estate.note(thing.clone());
        let made = lab
            .account
            .create_pipeline(
                &pipeline,
                &lab.ground.role,
                &lab.ground.bucket,
                experiment.name(),
                layout,
            )
            .await;
        lab.settle(&thing, made)?;
        let execution = lab.account.start(&pipeline).await?;
        let mut bench = Bench {
            lab,
            experiment,
            pipeline,
            execution,
            began: tokio::time::Instant::now(),
        };
        bench.serve_source().await?;
        Ok(bench)
    }

    async fn serve_source(&mut self) -> Result<(), Broken> {
        let account = &self.lab.account;
        let mut wait = self.wait("the source action's job comes");
        loop {
            let polled = account.poll(Kind::Source, self.experiment.name(), Some(1));
            for job in polled.await?.value {
                account.acknowledge(&job).await?;
                if job.execution != self.execution {
                    account.fail(&job).await?;
                    continue;
                }
                self.upload(&job).await?;
                self.began = account.succeed(&job, Success::Revision).await?.sent;
                return Ok(());
            }
            wait.rest(self.lab.pace.interval).await?;
        }
    }

    /// Runs an experiment on a bench, and takes the bench away, however it ended.
    pub(crate) async fn close(self, done: Result<(), Broken>) -> Result<(), Broken> {
        // What cannot be removed now is tried again at the end of the run.
        if self
            .lab
            .account
            .delete_pipeline(&self.pipeline)
            .await
            .is_ok()
        {
            let thing = Thing::Pipeline(self.pipeline.clone());
            self.lab.estate.strike(&thing);
        }
        done
    }

    pub(crate) fn wait(&self, what: &str) -> Wait<'a> {
        self.lab.wait(self.experiment, what)
    }

    /// Jobs of the bench's execution.
    pub(crate) async fn poll(&self, batch: Option<i32>) -> Result<Timed<Vec<Job>>, CallError> {
        let account = &self.lab.account;
        let polled = account.poll(Kind::Build, self.experiment.name(), batch);
        Ok(polled.await?.map(|mut jobs| {
            jobs.retain(|job| job.execution == self.execution);
            jobs
        }))
    }

    /// The next job, waited for.
    pub(crate) async fn job(&self) -> Result<Timed<Job>, Broken> {
        let mut wait = self.wait("a job is handed out");
        loop {
            let polled = self.poll(Some(1)).await?;
            let (sent, received) = (polled.sent, polled.received);
            if let Some(value) = polled.value.into_iter().next() {
                return Ok(Timed {
                    sent,
                    received,
                    value,
                });
            }
            wait.rest(self.lab.pace.interval).await?;
        }
    }

    /// The next job, acknowledged.
    pub(crate) async fn own_job(&self) -> Result<Timed<Job>, Broken> {
        let job = self.job().await?;
        self.own(&job.value).await?;
        Ok(job)
    }

    /// Acknowledges a job for the first time.
    pub(crate) async fn own(&self, job: &Job) -> Result<(), Broken> {
        let status = self.lab.account.acknowledge(job).await?.value;
        if status != "InProgress" {
            return Err(Broken::Unexpected(format!(
                "the first acknowledge of a job gave the status {status}"
            )));
        }
        Ok(())
    }

    /// Uploads a job's output; it is removed at the end.
    pub(crate) async fn upload(&self, job: &Job) -> Result<(), CallError> {
        if let Some(written) = self.lab.account.upload(job).await? {
            self.lab.estate.note(Thing::object(written));
        }
        Ok(())
    }

    /// Ends an action well.
    pub(crate) async fn finish(&self, job: &Job) -> Result<(), Broken> {
        self.upload(job).await?;
        self.lab.account.succeed(job, Success::Done).await?;
        Ok(())
    }

    pub(crate) async fn abandon(&self) -> Result<(), CallError> {
        let account = &self.lab.account;
        account.abandon(&self.pipeline, &self.execution).await
    }

    /// How the actions stand, without the source.
    pub(crate) async fn actions(&self) -> Result<Timed<Vec<ActionState>>, CallError> {
        let account = &self.lab.account;
        let states = account.actions(&self.pipeline, &self.execution).await?;
        Ok(states.map(|mut states| {
            states.retain(|state| state.name != "Source");
            states
        }))
    }
}
