"""The contract's imports and exports, as componentize-py has them. Only a component imports this.

What a world does not have is no module: secrets and wasi:http are there where the manifest asks for them. With
wasi:http there are two interfaces `types`, and the contract's is called `pipefitter_action_types`.
"""

from __future__ import annotations

import codecs
import importlib
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from componentize_py_types import Err  # type: ignore[import-not-found,unused-ignore]
from wit_world.imports import control as wit_control  # type: ignore[import-not-found,unused-ignore]
from wit_world.imports import log as wit_log  # type: ignore[import-not-found,unused-ignore]

try:
    from wit_world.imports import pipefitter_action_types as wit  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from wit_world.imports import types as wit  # type: ignore[import-not-found,unused-ignore]
try:
    from wit_world.imports import secrets as wit_secrets  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    wit_secrets = None
wasi_http: Any
try:
    from pipefitter import _wasi_http as wasi_http
except ImportError:
    wasi_http = None

from pipefitter import _host
from pipefitter._values import clean
from pipefitter.control import StopReason
from pipefitter.failure import Failure
from pipefitter.http import Request, Response
from pipefitter.job import ActionType, InputArtifact, Job, OutputArtifact, PipelineContext
from pipefitter.log import Level
from pipefitter.outcome import CurrentRevision, ExecutionDetails, Outcome
from pipefitter.secrets import SecretError, SecretReason


# What Python imports when it is first needed, and a component then does not have: codecs other than UTF-8, and
# what reads dates.
for name in ("ascii", "latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "hex", "base64"):
    codecs.lookup(name)
importlib.import_module("_strptime")


class ComponentHost:
    """The host that runs this component."""

    def write(self, level: Level, message: str, fields: list[tuple[str, str]]) -> None:
        pairs = [(clean(name), clean(value)) for name, value in fields]
        wit_log.write(wit_log.Level[level.name], clean(message), pairs)

    def threshold(self) -> Level:
        return Level[wit_log.threshold().name]

    def progress(self, percent: int | None, summary: str) -> None:
        wit_control.progress(percent, clean(summary))

    def stop_requested(self) -> StopReason | None:
        reason = wit_control.stop_requested()
        return None if reason is None else StopReason[reason.name]

    def time_remaining(self) -> float:
        return float(wit_control.time_remaining() / 1000)

    def secret(self, name: str) -> str:
        return str(_secret(name, "get"))

    def secret_bytes(self, name: str) -> bytes:
        return bytes(_secret(name, "get_bytes"))

    def send(self, request: Request) -> Response:
        if wasi_http is None:
            raise RuntimeError(
                f"this plugin was built without the network: add network = [{{ to = "
                f'"{request.scheme}://{request.authority}" }}] to [capabilities] of action.toml and build it again'
            )
        answer: Response = wasi_http.send(request)
        return answer


def _secret(name: str, function: str) -> Any:
    if wit_secrets is None:
        raise RuntimeError(
            f'this plugin was built without secrets: add secrets = [{{ name = "{name}" }}] to [capabilities] of '
            "action.toml and build it again"
        )
    try:
        return getattr(wit_secrets, function)(clean(name))
    except Err as error:
        raise SecretError(name, SecretReason[error.value.name]) from None


def handler(answer: Callable[[Job], Outcome]) -> type:
    """The class that componentize-py looks for."""
    _host.set_default(ComponentHost())

    class Handler:
        def run(self, job: Any) -> Any:
            try:
                return _outcome(answer(_job(job)))
            except Failure as failure:
                raise Err(_failure(failure)) from None

    return Handler


def _job(job: Any) -> Job:
    return Job(
        id=job.id,
        attempt=job.attempt,
        account_id=job.account_id,
        action_type=ActionType(
            job.action_type.category,
            job.action_type.owner,
            job.action_type.provider,
            job.action_type.version,
        ),
        configuration=dict(job.configuration),
        pipeline=PipelineContext(
            job.pipeline.pipeline,
            job.pipeline.stage,
            job.pipeline.action,
            job.pipeline.pipeline_arn,
            job.pipeline.pipeline_execution_id,
            job.pipeline.action_execution_id,
        ),
        inputs=tuple(
            InputArtifact(
                one.name, Path(one.path), None if one.file is None else Path(one.file), one.revision
            )
            for one in job.inputs
        ),
        outputs=tuple(OutputArtifact(one.name, Path(one.path)) for one in job.outputs),
        scratch=None if job.scratch is None else Path(job.scratch),
        continuation_token=job.continuation_token,
        attributes=dict(job.attributes),
    )


def _outcome(outcome: Outcome) -> Any:
    details = _details(outcome.details)
    if outcome.continuation_token is not None:
        return wit.Outcome_InProgress(wit.Continuation(clean(outcome.continuation_token), details))
    variables = [(clean(name), clean(value)) for name, value in outcome.variables.items()]
    revision = None if outcome.revision is None else _revision(outcome.revision)
    return wit.Outcome_Succeeded(wit.Success(variables, details, revision))


def _details(details: ExecutionDetails) -> Any:
    return wit.ExecutionDetails(
        _optional(details.summary), _optional(details.external_execution_id), details.percent_complete
    )


def _revision(revision: CurrentRevision) -> Any:
    created = revision.created
    if isinstance(created, datetime):
        if created.tzinfo is None:
            created = created.replace(tzinfo=timezone.utc)
        created = created.timestamp()
    return wit.CurrentRevision(
        clean(str(revision.revision)),
        clean(str(revision.change_identifier)),
        None if created is None else float(created),
        _optional(revision.summary),
    )


def _failure(failure: Failure) -> Any:
    return wit.Failure(
        wit.FailureType[failure.kind.name],
        clean(failure.message),
        _optional(failure.external_execution_id),
    )


def _optional(text: str | None) -> str | None:
    return None if text is None else clean(str(text))
