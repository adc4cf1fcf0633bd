"""Outcomes, failures, and how errors become these."""

import errno
import logging
import sys
import unittest
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, cast

from pipefitter import CurrentRevision, Failure, FailureKind, Job, Outcome, context, log, plugin, testing
from pipefitter.log import Level


class Outcomes(unittest.TestCase):
    def test_a_success_has_variables_and_details(self) -> None:
        class Step(Enum):
            DONE = "done"

        revision = CurrentRevision("abc", "v1", datetime(2026, 1, 1, tzinfo=timezone.utc), "first")
        outcome = (
            Outcome.succeeded()
            .variable("a", 1)
            .variable("draft", False)
            .variable("step", Step.DONE)
            .variable("a", 2.5)
            .summary("two")
            .percent(120.7)
            .external_id(7)
            .current_revision(revision)
        )
        self.assertEqual(outcome.variables, {"a": "2.5", "draft": "false", "step": "done"})
        self.assertEqual(outcome.details.summary, "two")
        self.assertEqual(outcome.details.percent_complete, 100)
        self.assertEqual(outcome.details.external_execution_id, "7")
        self.assertEqual(outcome.revision, revision)
        self.assertTrue(outcome.is_succeeded and not outcome.is_in_progress)
        self.assertIsNone(outcome.token())
        self.assertIn("'draft': 'false'", repr(outcome))

    def test_a_job_in_progress_has_no_variables_and_says_so(self) -> None:
        with testing.host() as host:
            outcome = Outcome.in_progress([1, Path("a/b"), {"x"}]).variable("a", 1).percent(-3)
            outcome.current_revision(CurrentRevision("r", "c")).summary("copied")
        self.assertTrue(outcome.is_in_progress and not outcome.variables and outcome.revision is None)
        self.assertEqual(outcome.token(), [1, "a/b", ["x"]])
        self.assertEqual(outcome.details.percent_complete, 0)
        self.assertEqual([line.level for line in host.log], [Level.WARN, Level.WARN])

    def test_a_token_that_cannot_be_sent_says_what_to_do(self) -> None:
        self.assertTrue(Outcome.in_progress("x" * 1_698).is_in_progress)
        with self.assertRaisesRegex(Failure, "1701 characters of at most 1700"):
            Outcome.in_progress("x" * 1_699)
        for token in [object(), float("nan")]:
            with self.assertRaisesRegex(Failure, "cannot be written as JSON"):
                Outcome.in_progress(token)


class Failures(unittest.TestCase):
    def test_each_kind_has_its_function(self) -> None:
        made = [
            Failure.job_failed("m", external_id="7"),
            Failure.configuration_error("m", external_id="7"),
            Failure.permission_error("m", external_id="7"),
            Failure.revision_out_of_sync("m", external_id="7"),
            Failure.revision_unavailable("m", external_id="7"),
            Failure.system_unavailable("m", external_id="7"),
        ]
        self.assertEqual([failure.kind for failure in made], list(FailureKind))
        self.assertEqual({(str(f), f.message, f.external_execution_id) for f in made}, {("m", "m", "7")})
        self.assertEqual(Failure("m").kind, FailureKind.JOB_FAILED)
        key = Failure.configuration_key("times", "give a number")
        self.assertEqual(str(key), "configuration `times`: give a number")

    def test_an_error_is_a_failure_with_its_message(self) -> None:
        denied = FailureKind.PERMISSION_ERROR
        failed = FailureKind.JOB_FAILED
        cases: list[tuple[BaseException, FailureKind, str]] = [
            (ValueError("no such page"), failed, "no such page"),
            (KeyError("name"), failed, "KeyError: 'name'"),
            (AssertionError(), failed, "AssertionError"),
            (PermissionError(errno.EACCES, "Permission denied"), denied, "[Errno 13] Permission denied"),
            (OSError(errno.EROFS, "Read-only"), denied, f"[Errno {errno.EROFS}] Read-only"),
            (FileNotFoundError(2, "none"), failed, "[Errno 2] none"),
            (SystemExit("nothing to do"), failed, "nothing to do"),
            (SystemExit(3), failed, "the plugin ended itself with exit(3)"),
            (KeyboardInterrupt(), failed, "KeyboardInterrupt"),
        ]
        for error, kind, message in cases:
            failure = Failure.of(error)
            self.assertEqual((failure.kind, failure.message), (kind, message))
        own = Failure.revision_unavailable("x")
        self.assertIs(Failure.of(own), own)

    def test_context_keeps_the_kind_and_says_what_was_being_done(self) -> None:
        with self.assertRaises(Failure) as raised, context("asking the registry"):
            raise Failure.system_unavailable("no answer", external_id="7")
        failure = raised.exception
        self.assertEqual(failure.kind, FailureKind.SYSTEM_UNAVAILABLE)
        self.assertEqual((failure.message, failure.external_execution_id), ("asking the registry: no answer", "7"))
        with self.assertRaisesRegex(Failure, "^step 2: disk full$") as raised, context("step 2"):
            raise OSError("disk full")
        self.assertIsInstance(raised.exception.__cause__, OSError)


class Broken(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class Runs(unittest.TestCase):
    """What a component does with what the plugin's function comes to."""

    def failed(self, function: Any) -> tuple[Failure, testing.Host]:
        with testing.host() as host, self.assertRaises(Failure) as raised:
            testing.run(function, testing.job())
        return raised.exception, host

    def test_an_outcome_is_returned_as_it_is(self) -> None:
        outcome = Outcome.succeeded()
        self.assertIs(testing.run(lambda job: outcome, testing.job()), outcome)

    def test_anything_raised_fails_the_job_and_its_traceback_is_logged(self) -> None:
        for error in [ValueError("no such page"), SystemExit(0), KeyboardInterrupt(), Broken(), GeneratorExit()]:

            def run(job: Job) -> NoReturn:
                raise error

            failure, host = self.failed(run)
            self.assertEqual(failure.kind, FailureKind.JOB_FAILED)
            self.assertTrue(failure.message)
            self.assertTrue(host.lines[0].startswith("Traceback"), host.lines)
            self.assertTrue(any("raise error" in line for line in host.lines), host.lines)
            self.assertFalse(any("entry.py" in line for line in host.lines), host.lines)
            self.assertEqual({line.level for line in host.log}, {Level.ERROR})

    def test_recursion_without_end_is_a_failure_like_others(self) -> None:
        def run(job: Job) -> Outcome:
            return run(job)

        failure, host = self.failed(run)
        self.assertIn("recursion", failure.message)
        self.assertLess(len(host.log), 30)

    def test_a_failure_is_a_verdict_with_no_traceback(self) -> None:
        def run(job: Job) -> NoReturn:
            raise Failure.revision_unavailable("gone", external_id="7")

        failure, host = self.failed(run)
        self.assertEqual((failure.kind, failure.external_execution_id), (FailureKind.REVISION_UNAVAILABLE, "7"))
        self.assertEqual(host.log, [])
        returned, _ = self.failed(lambda job: Failure.job_failed("returned"))
        self.assertEqual(returned.message, "returned")

    def test_the_error_behind_a_failure_is_in_the_log_for_developers(self) -> None:
        def run(job: Job) -> NoReturn:
            with context("reading the page"):
                raise ValueError("half a page")

        failure, host = self.failed(run)
        self.assertEqual(failure.message, "reading the page: half a page")
        self.assertEqual({line.level for line in host.log}, {Level.DEBUG})
        self.assertEqual(host.lines[-1], "ValueError: half a page")

    def test_what_is_no_outcome_says_what_to_return(self) -> None:
        failure, _ = self.failed(lambda job: None)
        self.assertIn("returned NoneType: it returns Outcome.succeeded()", failure.message)

    def test_what_libraries_log_goes_to_the_log(self) -> None:
        def run(job: Job) -> Outcome:
            logging.getLogger("library").warning("odd: %s", 7)
            logging.getLogger("library").debug("fine")
            log.info("mine")
            return Outcome.succeeded()

        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        root.handlers[:] = []
        try:
            with testing.host(least=Level.INFO) as host:
                testing.run(run, testing.job())
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
        said = [(line.level, line.text, line.fields) for line in host.log]
        self.assertEqual(said, [(Level.WARN, "odd: 7", (("logger", "library"),)), (Level.INFO, "mine", ())])

    def test_a_closed_stream_is_no_harm(self) -> None:
        class Closed:
            def flush(self) -> NoReturn:
                raise ValueError("I/O operation on closed file")

        before, closed = sys.stdout, cast(Any, Closed())
        sys.stdout = closed
        try:
            self.assertTrue(testing.run(lambda job: Outcome.succeeded(), testing.job()).is_succeeded)
        finally:
            sys.stdout = before


class Decorated(unittest.TestCase):
    def test_the_function_stays_what_it_is(self) -> None:
        def run(job: Job) -> Outcome:
            return Outcome.succeeded()

        self.assertIs(plugin(run), run)

    def test_what_is_no_plain_function_is_refused(self) -> None:
        async def later(job: Job) -> Outcome:
            return Outcome.succeeded()

        def piecemeal(job: Job) -> Any:
            yield Outcome.succeeded()

        others: list[Any] = [later, piecemeal, "run"]
        for other in others:
            with self.assertRaises(TypeError):
                plugin(other)
