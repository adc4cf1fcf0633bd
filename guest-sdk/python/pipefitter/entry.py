"""From the component's export to the plugin's function and back."""

from __future__ import annotations

import inspect
import io
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from pipefitter import _host, log
from pipefitter.failure import Failure
from pipefitter.job import Job
from pipefitter.outcome import Outcome

if _host.IN_COMPONENT:
    # What a component does not import while it is built it does not have when it runs.
    from pipefitter import _wire

Run = TypeVar("Run", bound=Callable[[Job], Outcome])


def plugin(function: Run) -> Run:
    """Makes a function the plugin: `@plugin` above `def run(job: Job) -> Outcome`, once, in app.py.

    The function stays what it is, so that native tests call it. In a component its module gets the class
    `Handler` that componentize-py looks for; `plugin(run)` in app.py does that for a function of another
    module.
    """
    if not callable(function):
        raise TypeError("@plugin stands above a function: def run(job: Job) -> Outcome")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError("the plugin's function is a plain one: neither `async def` nor with `yield`")
    if _host.IN_COMPONENT:
        module = sys._getframe(1).f_globals
        if "Handler" in module:
            raise TypeError("a component has one plugin: @plugin stands above one function, once")
        module["Handler"] = _wire.handler(lambda job: answer(function, job))
    return function


def answer(function: Callable[[Job], Outcome], job: Job) -> Outcome:
    """Runs a plugin's function on a job: its outcome, or a `Failure` whatever it raises."""
    _ready_streams()
    log.install_logging()
    try:
        outcome: object = function(job)
    except Failure as failure:
        cause = failure.__cause__
        if cause is not None and not isinstance(cause, Failure):
            log.debug(_trace(cause, cause.__traceback__))
        raise
    except BaseException as error:
        # SystemExit and KeyboardInterrupt, too: nothing that a plugin raises may end as a trap.
        behind = error.__traceback__
        log.error(_trace(error, behind.tb_next if behind is not None else None))
        raise Failure.of(error) from error
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                # A plugin may have closed or replaced it.
                pass
    if isinstance(outcome, Failure):
        raise outcome
    if not isinstance(outcome, Outcome):
        raise Failure.job_failed(
            f"the plugin's function returned {type(outcome).__name__}: it returns Outcome.succeeded() or "
            "Outcome.in_progress(token), or raises a Failure"
        )
    return outcome


def _ready_streams() -> None:
    """Has what is printed in the log when it is printed: else it would stand behind what `log` wrote later. A
    character that UTF-8 does not have is no error."""
    if not _host.IN_COMPONENT:
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _trace(error: BaseException, behind: TracebackType | None) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, behind)).rstrip()
    except Exception:
        return f"{type(error).__name__} (its traceback cannot be shown)"
