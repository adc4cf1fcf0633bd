"""The twin in Python with an asynchronous entry: the same results as tests/guests/rust."""

from pathlib import Path

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import control, log
from wit_world.imports.types import (
    ExecutionDetails,
    Failure,
    FailureType,
    Outcome_InProgress,
    Outcome_Succeeded,
    Continuation,
    Success,
)


def details(summary: str) -> ExecutionDetails:
    return ExecutionDetails(summary=summary, external_execution_id=None, percent_complete=100)


async def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


class AsyncHandler(exports.AsyncHandler):
    async def run(self, job):
        configuration = dict(job.configuration)
        log.write(log.Level.INFO, f"twin runs {job.pipeline.action}", [])
        mode = configuration.get("mode", "ok")
        if mode == "fail":
            raise Err(
                Failure(
                    kind=FailureType.CONFIGURATION_ERROR,
                    message="`mode` says fail: set it to ok",
                    external_execution_id=None,
                )
            )
        if mode == "continue" and job.continuation_token is None:
            return Outcome_InProgress(
                Continuation(token="2", details=details("one of two"))
            )
        text = await read(Path(job.inputs[0].path, "message.txt"))
        control.progress(50, "read")
        Path(job.outputs[0].path, "shout.txt").write_text(text.upper(), encoding="utf-8")
        variables = [("characters", str(len(text))), ("token", job.continuation_token or "none")]
        return Outcome_Succeeded(
            Success(variables=variables, details=details("shouted"), current_revision=None)
        )
