"""The action as a whole: its configuration, its result and its report."""

import json
import tempfile
import unittest
from pathlib import Path

from pipefitter import Failure, FailureKind, Outcome, testing
from pipefitter.control import StopReason
from pipefitter.log import Level

import app

RULES = """\
rules:
  - id: encrypted
    message: see the handbook, chapter 4
    at: Resources.*[Type=AWS::S3::Bucket].Properties
    require: Encryption
  - id: named
    severity: warning
    at: Resources.*
    require: Properties.Name
schemas:
  - schema: service.schema.json
    files: "*.service.json"
"""


class Action(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.source = self.folder / "in"
        self.host = testing.Host()
        self.write("policy.yaml", RULES)
        self.write("service.schema.json", '{"required": ["name"]}')

    def write(self, name: str, text: str) -> None:
        (self.source / name).parent.mkdir(parents=True, exist_ok=True)
        (self.source / name).write_text(text)

    def run_it(self, stop: StopReason | None = None, policy: Path | None = None, **config: object) -> Outcome:
        inputs = {"Source": self.source} | ({"Policy": policy} if policy else {})
        given = {key.replace("_", "-"): value for key, value in config.items()}
        job = testing.job(config=given, inputs=inputs, outputs={"Report": self.folder / "out"})
        with testing.host(stop=stop) as self.host:
            return testing.run(app.run, job)

    def failed(self, **config: object) -> Failure:
        with self.assertRaises(Failure) as raised:
            self.run_it(**config)  # type: ignore[arg-type]
        return raised.exception

    def test_violations_fail_the_job_and_are_named(self) -> None:
        self.write("a/bucket.yaml", "Resources:\n  Logs:\n    Type: AWS::S3::Bucket\n    Properties:\n      Name: x\n")
        self.write("b.service.json", "{}")
        failure = self.failed()
        self.assertEqual(failure.kind, FailureKind.JOB_FAILED)
        self.assertEqual(
            failure.message,
            "2 violations in 2 files:\n"
            "a/bucket.yaml:4: encrypted: Resources.Logs.Properties: `Encryption` is missing (see the handbook, chapter 4)\n"
            "b.service.json:1: service.schema.json: 'name' is a required property",
        )
        errors = [line.text for line in self.host.log if line.level is Level.ERROR]
        self.assertEqual("\n".join(errors), failure.message.split("\n", 1)[1])

    def test_without_violations_there_is_a_report(self) -> None:
        self.write("bucket.yaml", "Resources: {A|B: {Type: AWS::S3::Bucket, Properties: {Encryption: !Ref X}}}")
        outcome = self.run_it()
        self.assertEqual(
            outcome.variables, {"files": "1", "violations": "0", "warnings": "1", "undecided": "0", "rules": "3"}
        )
        self.assertEqual(outcome.details.summary, "0 violations in 1 file, 1 warning")
        report = json.loads((self.folder / "out/report.json").read_text())
        self.assertEqual(report["applied"], {"encrypted": 1, "named": 1, "service.schema.json": 0})
        self.assertEqual(report["warnings"][0]["path"], "Resources.A|B")
        self.assertEqual(report["warnings"][0]["line"], 1)
        markdown = (self.folder / "out/report.md").read_text()
        self.assertIn("| bucket.yaml:1 | named | Resources.A\\|B | `Properties.Name` is missing. |", markdown)
        self.assertTrue(any("`service.schema.json` was applied nowhere" in line for line in self.host.lines))

    def test_what_fails_the_job_is_configured(self) -> None:
        self.write("a.yaml", "Resources: {A: {}}")
        self.assertEqual(self.run_it().variables["warnings"], "1")
        self.assertIn("0 violations in 1 file, 1 warning:\na.yaml:1: named: ", self.failed(fail_on="warning").message)
        self.write("b.yaml", "Resources: {A: {Type: AWS::S3::Bucket, Properties: {}}}")
        outcome = self.run_it(fail_on="never")
        self.assertEqual((outcome.variables["violations"], outcome.variables["warnings"]), ("1", "2"))
        self.assertIn("## Violations", (self.folder / "out/report.md").read_text())

    def test_a_file_that_cannot_be_read_is_a_violation(self) -> None:
        self.write("a.json", '{"a": 1,\n "a": 2, }')
        self.write("b.yaml", "a: 1\na: 2")
        message = self.failed().message
        self.assertIn("a.json:2: readable: not JSON: a key in double quotes is expected here, and not `}`", message)
        self.assertIn("b.yaml:2: unique-keys: the key `a` is there already, in line 1", message)

    def test_many_findings_are_cut_in_the_message_and_not_in_the_log(self) -> None:
        resources = "".join(f"  R{n:02}: {{Type: AWS::S3::Bucket, Properties: {{}}}}\n" for n in range(30))
        self.write("a.yaml", f"Resources:\n{resources}")
        message = self.failed().message
        self.assertEqual(len(message.splitlines()), 22)
        self.assertTrue(message.endswith("and 10 more: all are in the job's log"))
        self.assertEqual(len([line for line in self.host.log if line.level is Level.ERROR]), 30)

    def test_the_rules_may_be_an_artifact_of_their_own(self) -> None:
        policy = self.folder / "policy"
        self.source.rename(policy)
        self.write("policy.yaml", "Resources: {A: {Properties: {Name: x}}}")
        outcome = self.run_it(policy=policy)
        self.assertEqual((outcome.variables["files"], outcome.variables["warnings"]), ("1", "0"))

    def test_what_is_configured_wrong_says_what_to_do(self) -> None:
        cases: list[tuple[dict[str, object], str]] = [
            ({"rules": "p.yaml"}, "configuration `rules`: `p.yaml` is not in the artifact `Source`: give"),
            ({"fail_on": "some"}, "configuration `fail-on`: `some` is not one of `error`, `warning`, `never`"),
            ({"max_file_size": 0}, "configuration `max-file-size`: `0` is not a whole number from 1 to 16384"),
            ({"files": "*.txt"}, "the artifact `Source` has no file to check: `files` is *.txt"),
        ]
        for config, message in cases:
            failure = self.failed(**config)
            self.assertEqual(failure.kind, FailureKind.CONFIGURATION_ERROR)
            self.assertIn(message, failure.message)

    def test_a_job_that_nobody_wants_ends_and_a_worker_that_goes_waits(self) -> None:
        self.write("a.yaml", "Resources: {}")
        self.assertIn("stopped when 0 of 1 files", self.failed(stop=StopReason.CANCELLED).message)
        self.assertTrue(self.run_it(stop=StopReason.HAND_OVER).is_succeeded)
