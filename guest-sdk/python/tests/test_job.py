"""Jobs, artifacts and tokens."""

import tempfile
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipefitter import ActionType, Failure, FailureKind, Outcome, PipelineContext, testing, walk


class InFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Artifacts(InFolder):
    def test_files_are_found_at_every_depth_in_order_and_links_are_not(self) -> None:
        (self.folder / "b/c").mkdir(parents=True)
        for path in ["z.txt", "b/c/2.txt", "b/1.txt"]:
            (self.folder / path).write_text("")
        (self.folder / "link").symlink_to("z.txt")
        (self.folder / "loop").symlink_to(".")
        expected = [Path("b/1.txt"), Path("b/c/2.txt"), Path("z.txt")]
        self.assertEqual(walk(self.folder), expected)
        job = testing.job(inputs={"Source": self.folder})
        self.assertEqual(job.first_input().files(), expected)

    def test_a_directory_that_is_not_there_is_named(self) -> None:
        with self.assertRaisesRegex(Failure, "^reading the directory `/no/such/place`: "):
            walk("/no/such/place")

    def test_what_is_read_and_written_is_named_when_it_cannot_be(self) -> None:
        (self.folder / "a.txt").write_text("größe", encoding="utf-8")
        (self.folder / "b.bin").write_bytes(b"\xff\x00")
        job = testing.job(inputs={"Source": self.folder}, outputs={"Made": self.folder / "out"})
        source = job.first_input()
        self.assertEqual(source.read_text("a.txt"), "größe")
        self.assertEqual(source.read("b.bin"), b"\xff\x00")
        with self.assertRaisesRegex(Failure, "^reading `c.txt` of input artifact `Source`: "):
            source.read("c.txt")
        with self.assertRaisesRegex(Failure, "^reading `b.bin` of input artifact `Source`: 'utf-8' codec"):
            source.read_text("b.bin")
        made = job.output("Made")
        self.assertEqual(made.write("deep/er/a.txt", "größe").read_bytes(), "größe".encode())
        self.assertEqual(made.write(Path("b"), b"\xff").read_bytes(), b"\xff")
        with self.assertRaisesRegex(Failure, "^writing `deep` of output artifact `Made`: "):
            made.write("deep", "")
        for path in ["../x", "/etc/x", "a/../../x"]:
            with self.assertRaisesRegex(Failure, "leaves output artifact `Made`"):
                made.write(path, "")

    def test_artifacts_are_found_by_name_or_the_failure_says_what_there_is(self) -> None:
        job = testing.job(inputs={"A": self.folder, "B": self.folder}, outputs={"C": self.folder})
        self.assertEqual((job.input("B").name, job.first_output().name), ("B", "C"))
        empty = testing.job()
        cases: list[tuple[Callable[[], object], str]] = [
            (lambda: job.input("X"), "the action needs an input artifact named `X`; the pipeline gives it `A`, `B`"),
            (lambda: empty.output("X"), "the action needs an output artifact named `X`; the pipeline gives it none"),
            (empty.first_input, "action `action` needs an input artifact: give it one in the pipeline's definition"),
            (empty.first_output, "action `action` needs an output artifact: give it one in the pipeline's definition"),
        ]
        for ask, message in cases:
            with self.assertRaises(Failure) as raised:
                ask()
            self.assertEqual(raised.exception.kind, FailureKind.CONFIGURATION_ERROR)
            self.assertEqual(raised.exception.message, message)

    def test_an_artifact_that_is_no_archive_is_one_file(self) -> None:
        (self.folder / "data.bin").write_bytes(b"x")
        job = testing.job(inputs={"Source": self.folder / "data.bin"})
        self.assertEqual(job.first_input().path, self.folder)
        self.assertEqual(job.first_input().file, self.folder / "data.bin")

    def test_scratch_is_there_where_it_is_granted(self) -> None:
        self.assertEqual(testing.job(scratch=self.folder).scratch_dir(), self.folder)
        with self.assertRaisesRegex(Failure, "`scratch = true`") as raised:
            testing.job().scratch_dir()
        self.assertEqual(raised.exception.kind, FailureKind.PERMISSION_ERROR)


@dataclass
class Copied:
    release: str


@dataclass
class Verified:
    release: str
    files: int


class Facts(unittest.TestCase):
    def test_a_job_says_where_it_stands(self) -> None:
        action_type = ActionType("Deploy", "ThirdParty", "Publish", "2")
        pipeline = PipelineContext("p", "s", "a")
        job = testing.job(
            id="x", attempt=2, account_id=None, action_type=action_type, pipeline=pipeline, attributes={"region": "eu"}
        )
        self.assertEqual((job.id, job.attempt, job.account_id), ("x", 2, None))
        self.assertEqual((job.action_type, job.pipeline), (action_type, pipeline))
        self.assertEqual((job.attribute("region"), job.attribute("x")), ("eu", None))
        self.assertIsNone(job.pipeline.pipeline_arn)

    def test_values_of_the_configuration_are_texts(self) -> None:
        job = testing.job(config={"times": 3, "draft": True, "share": 0.5})
        self.assertEqual(job.config_value("times"), "3")
        self.assertEqual(job.config_value("draft"), "true")
        self.assertEqual(job.config_value("share"), "0.5")
        self.assertIsNone(job.config_value("x"))

    def test_configuration_and_token_are_not_in_its_repr(self) -> None:
        shown = repr(testing.job(config={"password": "hunter2"}, token='"s3cr3t"'))
        self.assertNotIn("hunter2", shown)
        self.assertNotIn("s3cr3t", shown)
        self.assertNotIn("s3cr3t", repr(Outcome.in_progress("s3cr3t")))

    def test_a_token_comes_back_as_what_it_was(self) -> None:
        self.assertIsNone(testing.job().token())
        self.assertIsNone(testing.job().token(Copied))
        first = Outcome.in_progress(Verified("r1", 7))
        self.assertEqual(first.continuation_token, '{"release":"r1","files":7}')
        job = testing.job(token=first.continuation_token)
        self.assertEqual(job.token(), {"release": "r1", "files": 7})
        self.assertEqual(job.token(Verified), Verified("r1", 7))
        steps: type[Copied | Verified] = Copied | Verified  # type: ignore[assignment]
        self.assertEqual(job.token(steps), Verified("r1", 7))

    def test_a_token_of_another_type_fails_the_job_without_quoting_it(self) -> None:
        for token in ['{"release":"s3cr3t"}', "s3cr3t", '"s3cr3t"']:
            with self.assertRaisesRegex(Failure, "start the action again") as raised:
                testing.job(token=token).token(Verified)
            self.assertEqual(raised.exception.kind, FailureKind.JOB_FAILED)
            self.assertNotIn("s3cr3t", raised.exception.message)
