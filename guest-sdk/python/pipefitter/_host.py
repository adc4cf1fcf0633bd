"""The host's functions. In a component they are the contract's imports; natively a test plays the host."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pipefitter.control import StopReason
    from pipefitter.http import Request, Response
    from pipefitter.log import Level

IN_COMPONENT = sys.platform == "wasi"
"""Whether this is a component, or componentize-py making one."""


class Host(Protocol):
    """What `log`, `control`, `secrets` and `http` stand on."""

    def write(self, level: Level, message: str, fields: list[tuple[str, str]]) -> None:
        """Writes to the job's log."""

    def threshold(self) -> Level:
        """The least level that is kept."""

    def progress(self, percent: int | None, summary: str) -> None:
        """Says how far the job is."""

    def stop_requested(self) -> StopReason | None:
        """Whether to stop early."""

    def time_remaining(self) -> float:
        """Seconds until the job is interrupted."""

    def secret(self, name: str) -> str:
        """A secret as text."""

    def secret_bytes(self, name: str) -> bytes:
        """A secret as bytes."""

    def send(self, request: Request) -> Response:
        """Makes a request and reads its answer."""


_current: ContextVar[Host | None] = ContextVar("pipefitter_host", default=None)
_default: Host | None = None


def current() -> Host:
    """The host of this job, or of this test."""
    host = _current.get() or _default
    if host is None:
        # Only natively: a component has set its own. Here, since that module stands on those above this one.
        from pipefitter.testing import Host as NativeHost

        host = NativeHost(echo=True)
        set_default(host)
    return host


def set_default(host: Host) -> None:
    """Sets the host of whatever has none of its own."""
    global _default
    _default = host


@contextmanager
def use(host: Host) -> Iterator[None]:
    """Sets the host of the code inside."""
    before = _current.set(host)
    try:
        yield
    finally:
        _current.reset(before)
