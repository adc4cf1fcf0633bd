"""What a run that did not fail came to."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from pipefitter import log
from pipefitter._values import text_of, whole_percent
from pipefitter.failure import Failure

TOKEN_CHARACTERS = 1_700
"""The characters that a plugin's token may have. CodePipeline takes 2,048; the host's own envelope around it
needs the rest."""


@dataclass
class ExecutionDetails:
    """What the CodePipeline console shows beside the action."""

    summary: str | None = None
    """What was done, up to 2,048 characters; the host cuts longer text."""
    external_execution_id: str | None = None
    """The id of this work in another system, up to 1,500 characters."""
    percent_complete: int | None = None
    """0 to 100."""


@dataclass(frozen=True)
class CurrentRevision:
    """The revision that a source or deploy action made current."""

    revision: str
    """The revision, such as a commit, 1 to 1,500 characters."""
    change_identifier: str
    """What changed from the one before, such as a tag, 1 to 100 characters."""
    created: datetime | float | None = None
    """When it was made: a time (one without a time zone is UTC's), or seconds since 1970-01-01T00:00:00Z."""
    summary: str | None = None
    """A description, up to 2,048 characters; the host cuts longer text."""


class Outcome:
    """What a run that did not fail came to: `Outcome.succeeded()` or `Outcome.in_progress(token)`.

        return Outcome.succeeded().variable("pages", 3).summary("3 pages").percent(100)

    Each of these methods changes the outcome and returns it.
    """

    details: ExecutionDetails
    """What the console shows."""
    variables: dict[str, str]
    """The output variables. Only a success has them."""
    revision: CurrentRevision | None
    """The revision made current, if any."""
    continuation_token: str | None
    """The token as it is sent; None when the job is done."""

    def __init__(self, continuation_token: str | None = None) -> None:
        """For those who have a token as text; else `succeeded` and `in_progress`."""
        if continuation_token is not None:
            _check_token(continuation_token)
        self.continuation_token = continuation_token
        self.details = ExecutionDetails()
        self.variables = {}
        self.revision = None

    @staticmethod
    def succeeded() -> Outcome:
        """The job is done."""
        return Outcome()

    @staticmethod
    def in_progress(token: object) -> Outcome:
        """This job ends, the action goes on: CodePipeline makes a new job of it later, which gets `token` by
        `Job.token`.

        The token is sent as JSON, at most 1,700 characters: what `json` takes, dataclasses, enum members and
        paths. One that is longer or cannot be written as JSON is a `Failure`. It is not a place for secrets:
        CodePipeline stores it. Files written to output artifacts are dropped: the next job starts with empty
        ones.
        """
        try:
            sent = json.dumps(
                token, default=_jsonable, ensure_ascii=False, allow_nan=False, separators=(",", ":")
            )
        except (TypeError, ValueError, RecursionError) as error:
            raise Failure.job_failed(f"the continuation token cannot be written as JSON: {error}") from error
        return Outcome(sent)

    @property
    def is_succeeded(self) -> bool:
        """Whether the job is done."""
        return self.continuation_token is None

    @property
    def is_in_progress(self) -> bool:
        """Whether there is more to do, in a later job."""
        return self.continuation_token is not None

    def variable(self, name: str, value: object) -> Outcome:
        """Sets an output variable, for `#{namespace.name}` in later actions.

        Names match `[A-Za-z0-9@_-]+`; names and values together are at most 122,880 bytes. Only a success
        has variables.
        """
        if self.is_in_progress:
            log.warn(f"variable `{name}` is dropped: a job in progress has none")
        else:
            self.variables[name] = text_of(value)
        return self

    def summary(self, summary: object) -> Outcome:
        """Says what was done, up to 2,048 characters."""
        self.details.summary = str(summary)
        return self

    def percent(self, percent: float) -> Outcome:
        """Says how far the action is, 0 to 100; less or more counts as these."""
        self.details.percent_complete = whole_percent(percent)
        return self

    def external_id(self, id: object) -> Outcome:
        """Gives the id of this work in another system; CodePipeline puts it in the place of
        `{ExternalExecutionId}` in the action type's URL templates. Without one the host gives the id that
        leads to the job's log."""
        self.details.external_execution_id = str(id)
        return self

    def current_revision(self, revision: CurrentRevision) -> Outcome:
        """Tells the revision that the action made current. Only a success has one."""
        if self.is_in_progress:
            log.warn("the current revision is dropped: a job in progress has none")
        else:
            self.revision = revision
        return self

    def token(self) -> Any:
        """The token as what JSON makes of it, for tests; None when the job is done."""
        return None if self.continuation_token is None else json.loads(self.continuation_token)

    def __repr__(self) -> str:
        """Without the token, which may be secret."""
        if self.is_in_progress:
            return f"Outcome.in_progress(..., details={self.details!r})"
        return f"Outcome.succeeded(variables={self.variables!r}, details={self.details!r})"


def _check_token(token: str) -> None:
    if len(token) > TOKEN_CHARACTERS:
        raise Failure.job_failed(
            f"the continuation token has {len(token)} characters of at most {TOKEN_CHARACTERS}: keep what is "
            "large elsewhere and its name in the token"
        )


def _jsonable(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"a {type(value).__name__} is not JSON")
