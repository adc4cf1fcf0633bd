"""The job's log.

    log.info(f"built {pages} pages")
    log.warn("no such file", page="guide.md", line=7)

What is written here, with `print` (as info) and to standard error (as warn) goes to one log, in order, with
secrets masked; so does what libraries write with `logging`. The log has a budget; what is over it is dropped,
and a line says how much. None of these functions fails.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from enum import IntEnum

from pipefitter import _host
from pipefitter._values import text_of


class Level(IntEnum):
    """How much a line matters, least first."""

    TRACE = 0
    """Finest detail."""
    DEBUG = 1
    """For whoever develops the plugin."""
    INFO = 2
    """What a pipeline's owner may want to read."""
    WARN = 3
    """Something is odd, the work goes on."""
    ERROR = 4
    """Something failed."""


def threshold() -> Level:
    """The least level that is kept: messages below it need not be made."""
    return _host.current().threshold()


def write(level: Level, message: object, fields: Iterable[tuple[str, object]] = ()) -> None:
    """Writes a message. Line ends split it into lines; `fields` are names and values that go with each."""
    host = _host.current()
    if level >= host.threshold():
        host.write(level, str(message), [(name, text_of(value)) for name, value in fields])


def trace(message: object, /, **fields: object) -> None:
    """Finest detail."""
    write(Level.TRACE, message, fields.items())


def debug(message: object, /, **fields: object) -> None:
    """For whoever develops the plugin."""
    write(Level.DEBUG, message, fields.items())


def info(message: object, /, **fields: object) -> None:
    """What a pipeline's owner may want to read."""
    write(Level.INFO, message, fields.items())


def warn(message: object, /, **fields: object) -> None:
    """Something is odd, the work goes on."""
    write(Level.WARN, message, fields.items())


def error(message: object, /, **fields: object) -> None:
    """Something failed."""
    write(Level.ERROR, message, fields.items())


_LEVELS = {
    Level.TRACE: 5,
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARN: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


class LoggingHandler(logging.Handler):
    """Writes what `logging` is told to the job's log, with the logger's name as a field.

    The root logger of a component has one; a plugin that configures `logging` itself has what it configured.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        level = max((ours for ours, theirs in _LEVELS.items() if theirs <= record.levelno), default=Level.TRACE)
        try:
            write(level, self.format(record), [("logger", record.name)])
        except Exception:
            self.handleError(record)


def install_logging() -> None:
    """Gives the root logger a `LoggingHandler`, unless it has a handler."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(LoggingHandler())
        root.setLevel(_LEVELS[threshold()])
