"""For native unit tests of a plugin: jobs made by hand, and a host to play.

    class Greets(unittest.TestCase):
        def test_everybody_is_greeted(self) -> None:
            with tempfile.TemporaryDirectory() as folder, testing.host() as host:
                Path(folder, "names.txt").write_text("Ada")
                job = testing.job(inputs={"Source": folder}, outputs={"Greetings": folder})
                outcome = testing.run(app.run, job)
                self.assertEqual(outcome.variables, {"greeted": "1"})
                self.assertIn("Hello, Ada!", host.lines)

Outside of `host()` what is logged is printed, and no secret is granted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipefitter import _host
from pipefitter._values import text_of
from pipefitter.control import StopReason
from pipefitter.entry import answer
from pipefitter.http import Request, Response
from pipefitter.job import ActionType, InputArtifact, Job, OutputArtifact, PipelineContext
from pipefitter.log import Level
from pipefitter.outcome import Outcome
from pipefitter.secrets import SecretError, SecretReason

__all__ = ["Host", "LogLine", "Progress", "host", "job", "run"]

LONGEST_TIME = 4_294_967.295
"""What `control.time_remaining` says when there is that long, or longer."""


@dataclass(frozen=True)
class LogLine:
    """A line that a plugin wrote to its job's log."""

    level: Level
    """How much it matters."""
    text: str
    """What it says."""
    fields: tuple[tuple[str, str], ...] = ()
    """Names and values that go with it."""

    def __str__(self) -> str:
        return " ".join([f"{self.level.name:<5}", self.text, *(f"{name}={value}" for name, value in self.fields)])


@dataclass(frozen=True)
class Progress:
    """What a plugin told of how far it is."""

    percent: int | None
    """0 to 100, if it said so."""
    summary: str
    """A few words."""


@dataclass
class Host:
    """The host that a test plays: what it answers, and what it was told."""

    log: list[LogLine] = field(default_factory=list)
    """What was logged."""
    progress_told: list[Progress] = field(default_factory=list)
    """What was told of the progress."""
    requests: list[Request] = field(default_factory=list)
    """The HTTP requests that were made."""
    secrets: dict[str, str | bytes | SecretReason] = field(default_factory=dict)
    """The secrets by name, or why there is none. What is not here is denied."""
    answer: Callable[[Request], Response] | None = None
    """What answers HTTP requests. Without it a request is a `RuntimeError`."""
    stop: StopReason | None = None
    """What `control.stop_requested` says."""
    seconds: float = LONGEST_TIME
    """What `control.time_remaining` says."""
    least: Level = Level.TRACE
    """What `log.threshold` says."""
    echo: bool = False
    """Whether what is logged is printed, too."""

    @property
    def lines(self) -> list[str]:
        """The texts of what was logged."""
        return [line.text for line in self.log]

    def write(self, level: Level, message: str, fields: list[tuple[str, str]]) -> None:
        """Keeps a message, line by line."""
        for text in message.splitlines() or [""]:
            line = LogLine(level, text, tuple(fields))
            self.log.append(line)
            if self.echo:
                print(line)

    def threshold(self) -> Level:
        """The least level that is kept."""
        return self.least

    def progress(self, percent: int | None, summary: str) -> None:
        """Keeps what was told."""
        self.progress_told.append(Progress(percent, summary))

    def stop_requested(self) -> StopReason | None:
        """Whether to stop early."""
        return self.stop

    def time_remaining(self) -> float:
        """Seconds until the job is interrupted."""
        return self.seconds

    def secret(self, name: str) -> str:
        """A secret as text."""
        return self.secret_bytes(name).decode("utf-8")

    def secret_bytes(self, name: str) -> bytes:
        """A secret as bytes."""
        secret = self.secrets.get(name, SecretReason.DENIED)
        if isinstance(secret, SecretReason):
            raise SecretError(name, secret)
        return secret.encode("utf-8") if isinstance(secret, str) else secret

    def send(self, request: Request) -> Response:
        """Keeps a request, and answers it as `answer` does."""
        self.requests.append(request)
        if self.answer is None:
            raise RuntimeError(
                f"{request.method} {request.url}: a test makes no requests of its own; set `answer` of testing.host()"
            )
        return self.answer(request)


@contextmanager
def host(
    *,
    secrets: Mapping[str, str | bytes | SecretReason] | None = None,
    answer: Callable[[Request], Response] | None = None,
    stop: StopReason | None = None,
    seconds: float = LONGEST_TIME,
    least: Level = Level.TRACE,
) -> Iterator[Host]:
    """Plays a host of its own for the code inside. The arguments are `Host`'s fields."""
    playing = Host(secrets=dict(secrets or {}), answer=answer, stop=stop, seconds=seconds, least=least)
    with _host.use(playing):
        yield playing


def run(function: Callable[[Job], Outcome], job: Job) -> Outcome:
    """Runs a plugin's function as a component does: whatever it raises becomes a `Failure`, and the traceback
    of an error that is not caught is logged."""
    return answer(function, job)


def job(
    *,
    config: Mapping[str, object] | None = None,
    inputs: Mapping[str, str | os.PathLike[str]] | None = None,
    outputs: Mapping[str, str | os.PathLike[str]] | None = None,
    scratch: str | os.PathLike[str] | None = None,
    token: str | None = None,
    attributes: Mapping[str, str] | None = None,
    id: str = "11111111-2222-4333-8444-555555555555",
    attempt: int = 1,
    account_id: str | None = "111122223333",
    action_type: ActionType = ActionType("Build", "Custom", "Test", "1"),
    pipeline: PipelineContext = PipelineContext(
        "pipeline",
        "stage",
        "action",
        "arn:aws:codepipeline:us-east-1:111122223333:pipeline",
        "22222222-3333-4444-8555-666666666666",
        "33333333-4444-4555-8666-777777777777",
    ),
) -> Job:
    """A job of a single action.

    - `config`: keys and values; the values become texts.
    - `inputs`: names, each with its directory, or with the file of an artifact that is no archive.
    - `outputs`: names, each with the directory to fill.
    - `token`: what `Outcome.continuation_token` of the job before was.
    """
    return Job(
        id=id,
        attempt=attempt,
        account_id=account_id,
        action_type=action_type,
        configuration={key: text_of(value) for key, value in (config or {}).items()},
        pipeline=pipeline,
        inputs=tuple(_input(name, Path(path)) for name, path in (inputs or {}).items()),
        outputs=tuple(OutputArtifact(name, Path(path)) for name, path in (outputs or {}).items()),
        scratch=None if scratch is None else Path(scratch),
        continuation_token=token,
        attributes=dict(attributes or {}),
    )


def _input(name: str, path: Path) -> InputArtifact:
    if path.is_file():
        return InputArtifact(name, path.parent, path)
    return InputArtifact(name, path)
