"""Why a job failed, and how errors become that."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum


class FailureKind(Enum):
    """CodePipeline's failure types."""

    JOB_FAILED = "job-failed"
    """The work itself failed: tests that do not pass, a check that found something."""
    CONFIGURATION_ERROR = "configuration-error"
    """The action's configuration is wrong; the message names the key."""
    PERMISSION_ERROR = "permission-error"
    """Something that is needed may not be accessed."""
    REVISION_OUT_OF_SYNC = "revision-out-of-sync"
    """The revision to work on is not the one expected."""
    REVISION_UNAVAILABLE = "revision-unavailable"
    """An input artifact or revision is missing."""
    SYSTEM_UNAVAILABLE = "system-unavailable"
    """Another system does not answer: trying again later may help."""


class Failure(Exception):
    """Why a job failed: what a plugin's function raises.

        raise Failure.job_failed("nobody to greet: put one name a line into names.txt")

    The message says what went wrong and what to do about it, for the pipeline's owner: 1 to 5,000
    characters. The host cuts longer text and replaces an empty one.
    """

    kind: FailureKind
    """CodePipeline's failure type."""
    message: str
    """What went wrong and what to do about it."""
    external_execution_id: str | None
    """The id of this work in another system, up to 1,500 characters. CodePipeline puts it in the place of
    `{ExternalExecutionId}` in the action type's URL templates."""

    def __init__(
        self,
        message: object,
        kind: FailureKind = FailureKind.JOB_FAILED,
        *,
        external_id: str | None = None,
    ) -> None:
        if not isinstance(kind, FailureKind):
            raise TypeError(f"the kind of a failure is a FailureKind, after its message; this is {kind!r}")
        self.message = str(message)
        self.kind = kind
        self.external_execution_id = external_id
        super().__init__(self.message)

    @staticmethod
    def job_failed(message: object, *, external_id: str | None = None) -> Failure:
        """The work itself failed."""
        return Failure(message, FailureKind.JOB_FAILED, external_id=external_id)

    @staticmethod
    def configuration_error(message: object, *, external_id: str | None = None) -> Failure:
        """The action's configuration is wrong. The message should name the key: `configuration_key` does."""
        return Failure(message, FailureKind.CONFIGURATION_ERROR, external_id=external_id)

    @staticmethod
    def configuration_key(key: str, problem: object) -> Failure:
        """The configuration's `key` is wrong: the message becomes "configuration `key`: ..."."""
        return Failure.configuration_error(f"configuration `{key}`: {problem}")

    @staticmethod
    def permission_error(message: object, *, external_id: str | None = None) -> Failure:
        """Something that is needed may not be accessed."""
        return Failure(message, FailureKind.PERMISSION_ERROR, external_id=external_id)

    @staticmethod
    def revision_out_of_sync(message: object, *, external_id: str | None = None) -> Failure:
        """The revision to work on is not the one expected."""
        return Failure(message, FailureKind.REVISION_OUT_OF_SYNC, external_id=external_id)

    @staticmethod
    def revision_unavailable(message: object, *, external_id: str | None = None) -> Failure:
        """An input artifact or revision is missing."""
        return Failure(message, FailureKind.REVISION_UNAVAILABLE, external_id=external_id)

    @staticmethod
    def system_unavailable(message: object, *, external_id: str | None = None) -> Failure:
        """Another system does not answer: trying again later may help."""
        return Failure(message, FailureKind.SYSTEM_UNAVAILABLE, external_id=external_id)

    @staticmethod
    def of(error: BaseException) -> Failure:
        """Any error as a failure: itself where it is one, a `permission_error` where a file may not be
        accessed, else `job_failed`. The message is the error's."""
        if isinstance(error, Failure):
            return error
        kind = FailureKind.JOB_FAILED
        if isinstance(error, PermissionError):
            kind = FailureKind.PERMISSION_ERROR
        elif isinstance(error, OSError) and error.errno == errno.EROFS:
            kind = FailureKind.PERMISSION_ERROR
        return Failure(_message(error), kind)


def _message(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, SystemExit):
        # `exit("text")` is how many programs say why they end.
        return error.code if isinstance(error.code, str) else f"the plugin ended itself with exit({error.code})"
    try:
        text = str(error).strip()
    except Exception:
        return f"{name}, whose message cannot be read"
    if not text:
        return name
    # Their text is a key or a number alone, which says nothing without the name.
    if isinstance(error, (KeyError, StopIteration)):
        return f"{name}: {text}"
    return text


@contextmanager
def context(what: object) -> Iterator[None]:
    """Says what was being done when an error came up, and makes a `Failure` of it.

        with context("asking the registry"):
            answer = ask()

    The kind is the one that `Failure.of` gives. The first error is kept as the cause.
    """
    try:
        yield
    except Exception as error:
        inner = Failure.of(error)
        raise Failure(
            f"{what}: {inner.message}", inner.kind, external_id=inner.external_execution_id
        ) from error
