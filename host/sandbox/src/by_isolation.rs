//! Which runner a job goes to: what the operator said of its plugin.

use std::sync::Arc;

use async_trait::async_trait;

use crate::child::process::ChildProcess;
use crate::in_process::InProcess;
use crate::runner::{Isolation, JobControl, JobHost, JobRunner, JobSpec, Verdict};

/// Both runners behind one door.
#[derive(Clone, Debug)]
pub struct ByIsolation {
    /// For [`Isolation::Process`].
    pub process: Arc<ChildProcess>,
    /// For [`Isolation::Shared`].
    pub shared: Arc<InProcess>,
}

#[async_trait]
impl JobRunner for ByIsolation {
    async fn run(&self, spec: JobSpec, control: JobControl, host: Arc<dyn JobHost>) -> Verdict {
        match spec.isolation {
            Isolation::Process => self.process.run(spec, control, host).await,
            Isolation::Shared => self.shared.run(spec, control, host).await,
        }
    }
}
