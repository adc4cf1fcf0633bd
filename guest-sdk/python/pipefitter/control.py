"""What a running job tells the host, and the host the job."""

from __future__ import annotations

from enum import Enum

from pipefitter import _host
from pipefitter._values import whole_percent


class StopReason(Enum):
    """Why the host wants a job to end before it is done."""

    CANCELLED = "cancelled"
    """Nobody wants the result any more: the execution was stopped, abandoned or timed out. Clean up and
    return; whatever is returned is dropped."""
    HAND_OVER = "hand-over"
    """The worker is shutting down. A plugin that can returns `Outcome.in_progress` now, and another worker
    goes on from its token."""


def progress(percent: float | None, summary: object = "") -> None:
    """Says how far the job is: 0 to 100 percent if that is known, and a few words, up to 2,048 characters.

    The worker's page shows it at once; CodePipeline learns of it when the job ends. Calling it often is
    cheap: the latest call counts.
    """
    _host.current().progress(None if percent is None else whole_percent(percent), str(summary))


def stop_requested() -> StopReason | None:
    """Whether to stop early.

    Ask at least every few seconds: once there is a reason, a job that goes on is interrupted when
    `time_remaining` is over.
    """
    return _host.current().stop_requested()


def time_remaining() -> float:
    """Seconds until the host interrupts the job. The largest value, 4,294,967.295 (49 days), means that or
    more."""
    return _host.current().time_remaining()
