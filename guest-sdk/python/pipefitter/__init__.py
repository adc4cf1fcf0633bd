"""Write a Pipefitter plugin in Python: one function that turns a job of AWS CodePipeline into a result.

    from pipefitter import Job, Outcome, log, plugin

    @plugin
    def run(job: Job) -> Outcome:
        names = job.first_input().read_text("names.txt").split()
        log.info("read the names", names=len(names))
        job.first_output().write("greetings.txt", "".join(f"Hello, {name}!\\n" for name in names))
        return Outcome.succeeded().variable("greeted", len(names))

An error that is not caught fails the job with its message, and its traceback goes to the job's log. To
say more than that, raise a `Failure`. README.md beside this package is a tour.

What is only for tests is in `pipefitter.testing`.
"""

from pipefitter import control, http, log, secrets
from pipefitter.config import Range
from pipefitter.failure import Failure, FailureKind, context
from pipefitter.files import walk
from pipefitter.job import ActionType, InputArtifact, Job, OutputArtifact, PipelineContext
from pipefitter.outcome import CurrentRevision, ExecutionDetails, Outcome
from pipefitter.entry import plugin

__all__ = [
    "ActionType",
    "CurrentRevision",
    "ExecutionDetails",
    "Failure",
    "FailureKind",
    "InputArtifact",
    "Job",
    "Outcome",
    "OutputArtifact",
    "PipelineContext",
    "Range",
    "context",
    "control",
    "http",
    "log",
    "plugin",
    "secrets",
    "walk",
]
