"""Paths, rules and schemas."""

import tempfile
import unittest
from pathlib import Path

from pipefitter import Failure, FailureKind

from policy import paths, rules, yaml_reader
from policy.schemas import Schema

TEMPLATE = yaml_reader.read("""\
Resources:
  Logs:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: PublicRead
      Versioning: !Ref Versioned
      Sizes: [1, 22, x]
  Data:
    Type: AWS::S3::Bucket
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Name: !Ref AWS::NoValue, 'a.b': {Enabled: "true"}}
""")[0]


class Paths(unittest.TestCase):
    def test_places_are_found(self) -> None:
        for text, found in [
            ("", [""]),
            ("Resources.*", ["Resources.Logs", "Resources.Data", "Resources.Topic"]),
            ("Resources.*[Type=AWS::S3::*].Properties", ["Resources.Logs.Properties"]),
            ("Resources.*[Type!=AWS::S3::Bucket]", ["Resources.Topic"]),
            ("Resources.*[!Properties]", ["Resources.Data"]),
            ("Resources.*[Properties][Type=AWS::SNS::Topic]", ["Resources.Topic"]),
            ("Resources.Lo*.Properties.Sizes[1]", ["Resources.Logs.Properties.Sizes[1]"]),
            ("Resources.Logs.Properties.Sizes[*]", [f"Resources.Logs.Properties.Sizes[{n}]" for n in range(3)]),
            ("Resources.Logs.Properties.Sizes.*", [f"Resources.Logs.Properties.Sizes[{n}]" for n in range(3)]),
            ("**.Properties.'a.b'.Enabled", ["Resources.Topic.Properties.'a.b'.Enabled"]),
            ("**.**.Enabled", ["Resources.Topic.Properties.'a.b'.Enabled"]),
            ("**[Type=AWS::SNS::*]", ["Resources.Topic"]),
            ("Resources[7]", []),
            ("Nothing.Here", []),
        ]:
            places = [paths.shown(path) for path, _ in paths.parse(text).find(TEMPLATE.value)]
            self.assertEqual(places, found, text)

    def test_what_is_no_path_says_where(self) -> None:
        for text, problem in [
            ("a..b", "a name is missing before the dot at character 3"),
            (".a", "a name is missing before the dot at character 1"),
            ("a.", "it ends with a dot"),
            ("a.[0]", "a name is missing at character 3"),
            ("a[0]b", "a dot is missing at character 5"),
            ("a[", "`[` is not expected at character 2"),
            ("a[-1=]]", "`]` is not expected at character 7"),
            ("a[!b=c]", "`[!b=c]` is not [0], [*], [Key], [!Key], [Key=value] or [Key!=value]"),
            ("a[]", "`[]` is not [0]"),
            ("a'", "`'` is not expected"),
        ]:
            with self.subTest(text), self.assertRaises(paths.PathError) as raised:
                paths.parse(text)
            self.assertIn(problem, str(raised.exception))


def found(**rule: object) -> list[tuple[str, str, bool]]:
    made = rules.Rule("r", **rule)  # type: ignore[arg-type]
    return [(paths.shown(one.path), one.problem, one.undecided) for one in made.check(TEMPLATE)[1]]


BUCKET = "Resources.*[Type=AWS::S3::Bucket]"
LOGS = "Resources.Logs.Properties"


class Rules(unittest.TestCase):
    def test_what_has_to_be_there(self) -> None:
        self.assertEqual(found(at=BUCKET, require="Properties"), [("Resources.Data", "`Properties` is missing", False)])
        self.assertEqual(found(at=LOGS, require=["Versioning", "Sizes[2]"]), [])
        # What CloudFormation leaves out is not there.
        topic = "Resources.Topic.Properties"
        self.assertEqual(found(at=topic, require="Name"), [(topic, "`Name` is missing", False)])
        self.assertEqual(found(at=topic, forbid="Name"), [])

    def test_what_may_not_be_there(self) -> None:
        said = [(f"{LOGS}.AccessControl", "`Access*` is not allowed", False)]
        self.assertEqual(found(at=LOGS, forbid="Access*"), said)

    def test_which_values_are_allowed(self) -> None:
        said = "`AccessControl` is `PublicRead`, which is not one of `Private`, `null`"
        place = f"{LOGS}.AccessControl"
        self.assertEqual(found(at=LOGS, allow={"AccessControl": ["Private", None]}), [(place, said, False)])
        self.assertEqual(found(at=LOGS, allow={"AccessControl": ["PublicRead"]}), [])
        self.assertEqual(found(allow={"**.Enabled": [True]}), [], "texts and booleans are the same")
        self.assertEqual(found(at=LOGS, deny={"Sizes[*]": ["22", "y"]})[0][1], "`Sizes[*]` is `22`, which is not allowed")
        self.assertEqual(found(at=LOGS, allow={"Sizes": [[1, 22, "x"]]}), [])
        self.assertEqual(found(at=LOGS, allow={"Sizes": []})[0][1], "`Sizes` is a list, which is not one of nothing")

    def test_what_matches(self) -> None:
        said = [(f"{LOGS}.Sizes[2]", "`Sizes[*]` is `x`, which does not match `^[0-9]+$`", False)]
        self.assertEqual(found(at=LOGS, match={"Sizes[*]": "^[0-9]+$"}), said)
        self.assertEqual(found(at=LOGS, match={"Sizes": "1"})[0][1], "`Sizes` is a list, which does not match `1`")

    def test_what_cloudformation_alone_knows_is_not_decided(self) -> None:
        said = [(f"{LOGS}.Versioning", "`Versioning` is known to CloudFormation alone", True)]
        self.assertEqual(found(at=LOGS, allow={"Versioning": ["on"]}), said)
        self.assertEqual(found(at=LOGS, match={"Versioning": "on"}), said)
        self.assertEqual(found(allow={"Resources.Topic.Properties.Name": ["x"]}), [])

    def test_a_rule_file_that_is_none_says_why(self) -> None:
        for text, problem in [
            ("rules: [", "the rule file p.yaml:1: not YAML: "),
            ("{}", "the rule file p.yaml: it has neither `rules` nor `schemas`"),
            ("[]", "the rule file p.yaml: `[]` is not an object"),
            ("---\n---\n", "the rule file p.yaml:1: 2 documents are in it, and one is needed"),
            ("rules:\n- {id: a, id: b}", "the rule file p.yaml:2: the key `id` is there twice, first in line 2"),
            ("rules: [{id: a}]", "`rules`: `0`: rule `a` has none of `require`, `forbid`, `allow`, `deny` and `match`"),
            ("rules: [{id: a, requires: b}]", "`rules`: `0`: `requires` is not known; there are `allow`, `at`, `deny`"),
            ("rules: [{id: a, require: a..b}]", "`rules`: `0`: `a..b` is no path: "),
            ("rules: [{id: a, match: {a: '('}}]", "`rules`: `0`: rule `a`: `(` is no regular expression: "),
            ("rules: [{id: a, require: b, severity: bad}]", '`severity`: `"bad"` is not one of `error`, `warning`'),
            ("rules: [{id: a, forbid: b}, {id: a, forbid: c}]", "there are two rules `a`"),
            ("schemas: [{schema: s}]", "`schemas`: `0`: `files` is missing"),
        ]:
            with self.subTest(text), self.assertRaises(Failure) as raised:
                rules.load("p.yaml", text)
            self.assertEqual(raised.exception.kind, FailureKind.CONFIGURATION_ERROR)
            self.assertIn(problem, str(raised.exception))


class Schemas(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def schema(self, text: str, name: str = "s.json") -> Schema:
        (self.folder / name).write_text(text)
        return Schema(self.folder, name, 100_000)

    def refused(self, text: str) -> str:
        with self.assertRaises(Failure) as raised:
            list(self.schema(text).check({"a": {"a": {}}}))
        self.assertEqual(raised.exception.kind, FailureKind.CONFIGURATION_ERROR)
        return str(raised.exception)

    def test_every_draft_finds_everything(self) -> None:
        for draft in [
            "http://json-schema.org/draft-03/schema#",
            "http://json-schema.org/draft-04/schema#",
            "http://json-schema.org/draft-06/schema#",
            "http://json-schema.org/draft-07/schema",
            "https://json-schema.org/draft/2019-09/schema",
            "https://json-schema.org/draft/2020-12/schema",
        ]:
            names = '"$id": {}, "a": {"$ref": "#/definitions/whole"}, "b": {"enum": [1]}'
            text = f'{{"$schema": "{draft}", "properties": {{{names}}}, "definitions": {{"whole": {{"type": "integer"}}}}}}'
            said = [(one.path, one.problem) for one in self.schema(text).check({"a": "x", "b": 2})]
            self.assertEqual(said, [(("a",), "'x' is not of type 'integer'"), (("b",), "2 is not one of [1]")])

    def test_of_alternatives_the_nearest_is_told(self) -> None:
        text = '{"anyOf": [{"type": "string"}, {"properties": {"size": {"type": "integer"}}}]}'
        said = [(one.path, one.problem) for one in self.schema(text).check({"size": "x"})]
        self.assertEqual(said, [(("size",), "'x' is not of type 'integer'")])

    def test_schemas_refer_to_files_beside_them(self) -> None:
        (self.folder / "deep er").mkdir()
        self.schema('{"$defs": {"port": {"maximum": 99}}}', "deep er/common.yaml")
        schema = self.schema('{"properties": {"a": {"$ref": "common.yaml#/$defs/port"}}}', "deep er/s.json")
        self.assertEqual([one.problem for one in schema.check({"a": 100})], ["100 is greater than the maximum of 99"])

    def test_what_cannot_be_used_says_why(self) -> None:
        self.assertIn("s.json:1: not JSON: ", self.refused("{"))
        self.assertIn("s.json: a schema is one mapping", self.refused("[]"))
        self.assertIn("s.json: at `type`: 7 is not valid", self.refused('{"type": 7}'))
        self.assertIn("is not fetched from elsewhere", self.refused('{"$ref": "https://example.com/s.json"}'))
        self.assertIn("x.json: there is no such file", self.refused('{"$ref": "x.json"}'))
        self.assertIn("what it refers to is not there", self.refused('{"$ref": "#/$defs/none"}'))
        self.assertIn("refers to itself without an end", self.refused('{"$ref": "#"}'))
        with self.assertRaisesRegex(Failure, "the schema ../s.json: it is not in the artifact"):
            Schema(self.folder, "../s.json", 100)
