"""One job: what CodePipeline wants done."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, overload

from pipefitter import _json, files
from pipefitter import config as _config
from pipefitter.failure import Failure, context

T = TypeVar("T")


@dataclass(frozen=True)
class ActionType:
    """The action type that this job is for, as it is registered with CodePipeline."""

    category: str
    """`Source`, `Build`, `Test`, `Deploy`, `Invoke`, `Approval` or `Compute`."""
    owner: str
    """`Custom` or `ThirdParty`."""
    provider: str
    """The provider's name, at most 35 characters."""
    version: str
    """The version of the action type (not of the plugin), at most 9 characters."""


@dataclass(frozen=True)
class PipelineContext:
    """Where in which pipeline the action stands."""

    pipeline: str
    """The pipeline's name."""
    stage: str
    """The stage's name."""
    action: str
    """The action's name."""
    pipeline_arn: str | None = None
    """The pipeline's ARN. Absent for third-party jobs."""
    pipeline_execution_id: str | None = None
    """The id of the pipeline execution. Absent for third-party jobs."""
    action_execution_id: str | None = None
    """The id of this execution of the action: the same for every job of a continuation chain."""


@dataclass(frozen=True)
class InputArtifact:
    """An artifact that an earlier action made. Read-only."""

    name: str
    """The name in the pipeline's definition."""
    path: Path
    """The directory that holds it."""
    file: Path | None = None
    """Absent when the artifact was an archive and was unpacked into `path`. Otherwise the one file in it."""
    revision: str | None = None
    """The revision that the service gave."""

    def files(self) -> list[Path]:
        """The files in it, as sorted relative paths. See `walk`."""
        return files.walk(self.path)

    def read(self, path: str | os.PathLike[str]) -> bytes:
        """Reads a file of it by its relative path. What goes wrong names artifact and path."""
        with context(self._reading(path)):
            return (self.path / path).read_bytes()

    def read_text(self, path: str | os.PathLike[str]) -> str:
        """Reads a text file of it, UTF-8, by its relative path. What goes wrong names artifact and path."""
        with context(self._reading(path)):
            return (self.path / path).read_text(encoding="utf-8")

    def _reading(self, path: str | os.PathLike[str]) -> str:
        return f"reading `{os.fspath(path)}` of input artifact `{self.name}`"


@dataclass(frozen=True)
class OutputArtifact:
    """An artifact that this action is to make.

    When the job succeeds the host packs the directory and uploads it; it is dropped when the job fails or
    ends with `Outcome.in_progress`.
    """

    name: str
    """The name in the pipeline's definition."""
    path: Path
    """The directory to fill."""

    def write(self, path: str | os.PathLike[str], content: str | bytes) -> Path:
        """Writes a file at a relative path, making the directories that it is in; text as UTF-8. Returns
        where it is.

        A path that is absolute or has `..`, and what cannot be written, is a `Failure` that names artifact
        and path.
        """
        relative = Path(path)
        if relative.is_absolute() or ".." in relative.parts:
            raise Failure.job_failed(
                f"`{relative}` leaves output artifact `{self.name}`: give a relative path without `..`"
            )
        target = self.path / relative
        with context(f"writing `{relative}` of output artifact `{self.name}`"):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return target


@dataclass(frozen=True)
class Job:
    """One job. Its `repr` leaves out the values of the configuration and the token, which may be secret."""

    id: str
    """The job's id. A new one for every job of a continuation chain."""
    attempt: int
    """1, or more when the host runs the same job again after a crash (only where the manifest says
    `retry-safe = true`): what an earlier attempt did outside the sandbox may have happened."""
    account_id: str | None
    """The AWS account of the pipeline, 12 digits, where the service tells it."""
    action_type: ActionType
    """The action type."""
    configuration: Mapping[str, str] = field(repr=False)
    """The action's configuration, checked by the host against the manifest. `config` gives it typed."""
    pipeline: PipelineContext
    """The pipeline, stage and action."""
    inputs: tuple[InputArtifact, ...]
    """The input artifacts, in the order of the pipeline's definition."""
    outputs: tuple[OutputArtifact, ...]
    """The output artifacts, in the order of the pipeline's definition."""
    scratch: Path | None
    """A private, empty directory for temporary files, where the operator granted `scratch`."""
    continuation_token: str | None = field(repr=False)
    """The token of the previous job of this action, as it was sent. `token` gives it typed."""
    attributes: Mapping[str, str]
    """Facts that a later host may add, such as `region`. Ignore names you do not know."""

    def config(self, cls: type[T]) -> T:
        """The configuration as a dataclass of the plugin's.

            @dataclass
            class Config:
                title: str
                min_words: Annotated[int, Range(0, 1000)] = 10
                mode: Mode | None = None
                ignore: list[str] = field(default_factory=list)

        - A field `min_words` takes the keys `min-words`, `min_words` and `minWords`;
          `field(metadata={"key": "..."})` gives another.
        - `str`, `int`, `float`, `bool`, an `Enum` (by value or name) and a `Literal` are read from the text.
        - `X | None` is None where the key is absent or its value empty. A default counts there, too.
        - `list`, `tuple` and `set` are texts with commas: `docs/*, *.md`.
        - A dataclass or `dict` is read as JSON.
        - `Annotated[int, Range(0, 100)]` bounds a number.
        - A `ValueError` of the dataclass's `__post_init__` is an error of the configuration, too.

        What does not fit is a `configuration_error` that names the key and what it takes.
        """
        return _config.from_texts(cls, self.configuration)

    def config_value(self, key: str) -> str | None:
        """One value of the configuration as text."""
        return self.configuration.get(key)

    def attribute(self, name: str) -> str | None:
        """One of the attributes, such as `region`."""
        return self.attributes.get(name)

    @overload
    def token(self) -> Any: ...
    @overload
    def token(self, cls: type[T]) -> T | None: ...
    def token(self, cls: Any = Any) -> Any:
        """What the previous job of this action gave to `Outcome.in_progress`; None in the first job.

        Given a type, a dataclass for instance, the token is read as that; one that is not of it (as when the
        plugin was replaced between two jobs) fails the job.
        """
        if self.continuation_token is None:
            return None
        try:
            return _config.from_json(cls, _json.loads(self.continuation_token))
        except ValueError:
            # The error's text may quote the token.
            raise Failure.job_failed(
                "the continuation token is not one that this version of the plugin makes: "
                "start the action again"
            ) from None

    def input(self, name: str) -> InputArtifact:
        """The input artifact of a name; else a `configuration_error` that names those there are."""
        for one in self.inputs:
            if one.name == name:
                return one
        raise _absent("input", name, (one.name for one in self.inputs))

    def first_input(self) -> InputArtifact:
        """The first input artifact; a `configuration_error` when the action has none."""
        if not self.inputs:
            raise _none("input", self.pipeline.action)
        return self.inputs[0]

    def output(self, name: str) -> OutputArtifact:
        """The output artifact of a name; else a `configuration_error` that names those there are."""
        for one in self.outputs:
            if one.name == name:
                return one
        raise _absent("output", name, (one.name for one in self.outputs))

    def first_output(self) -> OutputArtifact:
        """The first output artifact; a `configuration_error` when the action has none."""
        if not self.outputs:
            raise _none("output", self.pipeline.action)
        return self.outputs[0]

    def scratch_dir(self) -> Path:
        """The directory for temporary files; else a `permission_error` that says what the operator must
        grant."""
        if self.scratch is None:
            raise Failure.permission_error(
                "this action needs a directory for temporary files: the worker's operator grants it with "
                "`scratch = true` under the plugin's `grant`"
            )
        return self.scratch


def _absent(what: str, name: str, there: Iterable[str]) -> Failure:
    names = ", ".join(f"`{other}`" for other in there) or "none"
    return Failure.configuration_error(
        f"the action needs an {what} artifact named `{name}`; the pipeline gives it {names}"
    )


def _none(what: str, action: str) -> Failure:
    return Failure.configuration_error(
        f"action `{action}` needs an {what} artifact: give it one in the pipeline's definition"
    )
