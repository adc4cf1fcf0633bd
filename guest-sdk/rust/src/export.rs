//! From the component's export to the plugin's function and back.
//!
//! The generated types are not a part of the SDK's API: what a plugin sees is documented, has
//! methods, is the same natively, and does not change when the generator does.

/// Makes a function the plugin: `pipefitter_sdk::plugin!(run);` with
/// `fn run(job: Job) -> Result<Outcome, Failure>`.
///
/// Once in a crate of `crate-type = ["cdylib"]`. For a target that is not wasm it only checks the
/// function's type, so that native tests of the same crate build.
///
/// A panic prints its message to standard error, which goes to the job's log, and traps; the host
/// then fails the job with what it knows.
#[macro_export]
macro_rules! plugin {
    ($run:path) => {
        const _: fn($crate::Job) -> ::core::result::Result<$crate::Outcome, $crate::Failure> = $run;

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Plugin;

            impl $crate::__export::Guest for Plugin {
                fn run(
                    job: $crate::__export::WireJob,
                ) -> ::core::result::Result<
                    $crate::__export::WireOutcome,
                    $crate::__export::WireFailure,
                > {
                    $crate::__export::run(job, $run)
                }
            }

    $crate::__export::export_plugin!(Plugin with_types_in $crate::__export::bindings);
        };
    };
}

/// What [`plugin!`] needs to name in the plugin's crate. Not API.
#[doc(hidden)]
pub mod __export {
    #[cfg(target_arch = "wasm32")]
    pub use super::wire::{
        Guest, WireFailure, WireJob, WireOutcome, bindings, bindings::export_plugin, run,
    };
}

#[cfg(target_arch = "wasm32")]
pub(crate) mod wire {
    use crate::outcome::{Continuation, Kind, Success};
    use crate::{ActionType, InputArtifact, OutputArtifact, PipelineContext};
    use crate::{CurrentRevision, ExecutionDetails, Failure, FailureKind, Job, Outcome};

    /// Generated from `wit/action.wit`.
    #[allow(
        unsafe_code,
        reason = "the component model's ABI is raw pointers; the code is generated"
    )]
    #[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    pub mod bindings {
        wit_bindgen::generate!({
            path: "wit",
            world: "pipefitter:action/action",
            pub_export_macro: true,
            export_macro_name: "export_plugin",
            default_bindings_module: "::pipefitter_sdk::__export::bindings",
        });
    }

    use bindings::pipefitter::action::types;

    pub use bindings::exports::pipefitter::action::handler::Guest;
    pub use types::{Failure as WireFailure, Job as WireJob, Outcome as WireOutcome};

    /// Runs the plugin's function on a job of the host's.
    ///
    /// # Errors
    /// What the function returns, or that its token cannot be sent.
    pub fn run(
        job: WireJob,
        function: fn(Job) -> Result<Outcome, Failure>,
    ) -> Result<WireOutcome, WireFailure> {
        #[cfg(feature = "log")]
        crate::log_bridge::install();
        #[cfg(feature = "tracing")]
        crate::tracing::install();
        function(job.into())
            .and_then(Outcome::into_wire)
            .map_err(WireFailure::from)
    }

    impl From<WireJob> for Job {
        fn from(job: WireJob) -> Self {
            Self {
                id: job.id,
                attempt: job.attempt,
                account_id: job.account_id,
                action_type: ActionType {
                    category: job.action_type.category,
                    owner: job.action_type.owner,
                    provider: job.action_type.provider,
                    version: job.action_type.version,
                },
                configuration: job.configuration,
                pipeline: PipelineContext {
                    pipeline: job.pipeline.pipeline,
                    stage: job.pipeline.stage,
                    action: job.pipeline.action,
                    pipeline_arn: job.pipeline.pipeline_arn,
                    pipeline_execution_id: job.pipeline.pipeline_execution_id,
                    action_execution_id: job.pipeline.action_execution_id,
                },
                inputs: job
                    .inputs
                    .into_iter()
                    .map(|input| InputArtifact {
                        name: input.name,
                        path: input.path.into(),
                        file: input.file.map(Into::into),
                        revision: input.revision,
                    })
                    .collect(),
                outputs: job
                    .outputs
                    .into_iter()
                    .map(|output| OutputArtifact {
                        name: output.name,
                        path: output.path.into(),
                    })
                    .collect(),
                scratch: job.scratch.map(Into::into),
                continuation_token: job.continuation_token,
                attributes: job.attributes,
            }
        }
    }

    impl Outcome {
        fn into_wire(self) -> Result<WireOutcome, Failure> {
            let (kind, details) = self.into_parts();
            let details = details.into();
            Ok(match kind {
                Kind::Succeeded(Success {
                    variables,
                    current_revision,
                }) => WireOutcome::Succeeded(types::Success {
                    variables,
                    details,
                    current_revision: current_revision.map(Into::into),
                }),
                Kind::InProgress(Continuation { token }) => {
                    WireOutcome::InProgress(types::Continuation {
                        token: token?,
                        details,
                    })
                }
            })
        }
    }

    impl From<ExecutionDetails> for types::ExecutionDetails {
        fn from(details: ExecutionDetails) -> Self {
            Self {
                summary: details.summary,
                external_execution_id: details.external_execution_id,
                percent_complete: details.percent_complete,
            }
        }
    }

    impl From<CurrentRevision> for types::CurrentRevision {
        fn from(revision: CurrentRevision) -> Self {
            Self {
                revision: revision.revision,
                change_identifier: revision.change_identifier,
                created: revision.created,
                summary: revision.summary,
            }
        }
    }

    impl From<Failure> for WireFailure {
        fn from(failure: Failure) -> Self {
            Self {
                kind: match failure.kind {
                    FailureKind::JobFailed => types::FailureType::JobFailed,
                    FailureKind::ConfigurationError => types::FailureType::ConfigurationError,
                    FailureKind::PermissionError => types::FailureType::PermissionError,
                    FailureKind::RevisionOutOfSync => types::FailureType::RevisionOutOfSync,
                    FailureKind::RevisionUnavailable => types::FailureType::RevisionUnavailable,
                    FailureKind::SystemUnavailable => types::FailureType::SystemUnavailable,
                },
                message: failure.message,
                external_execution_id: failure.external_execution_id,
            }
        }
    }
}
