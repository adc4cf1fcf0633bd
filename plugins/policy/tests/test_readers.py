"""The readers of JSON and YAML: what they take, where they say it is, and what they refuse."""

import json
import random
import tempfile
import unittest
from pathlib import Path
from typing import Any

import yaml

from policy import files, json_reader, yaml_reader
from policy.tree import DEPTH, Document, Unreadable

TEMPLATE = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Logs:
    Type: AWS::S3::Bucket
    Condition: IsProd
    Properties:
      BucketName: !Sub "logs-${AWS::Region}"
      Arn: !GetAtt Other.Nested.Arn
      Arn2: !GetAtt [Other, Arn]
      Tags: !If
        - IsProd
        - - Key: a
            Value: !Ref X
        - !Ref AWS::NoValue
      Extra: !Transform {Name: x}
      Own: !vault secret
"""


def only(text: str) -> Document:
    documents = yaml_reader.read(text)
    assert len(documents) == 1
    return documents[0]


class Yaml(unittest.TestCase):
    def test_short_tags_are_written_out(self) -> None:
        resource = only(TEMPLATE).value["Resources"]["Logs"]
        self.assertEqual(only(TEMPLATE).value["AWSTemplateFormatVersion"], "2010-09-09")
        self.assertEqual(resource["Condition"], "IsProd")
        self.assertEqual(
            resource["Properties"],
            {
                "BucketName": {"Fn::Sub": "logs-${AWS::Region}"},
                "Arn": {"Fn::GetAtt": ["Other", "Nested.Arn"]},
                "Arn2": {"Fn::GetAtt": ["Other", "Arn"]},
                "Tags": {"Fn::If": ["IsProd", [{"Key": "a", "Value": {"Ref": "X"}}], {"Ref": "AWS::NoValue"}]},
                "Extra": {"Fn::Transform": {"Name": "x"}},
                "Own": "secret",
            },
        )

    def test_everything_has_its_line(self) -> None:
        document = only(TEMPLATE)
        properties = ("Resources", "Logs", "Properties")
        for path, line in [
            ((), 1),
            (("Resources",), 2),
            ((*properties, "Arn", "Fn::GetAtt", 1), 8),
            ((*properties, "Tags", "Fn::If", 1, 0, "Value", "Ref"), 13),
            ((*properties, "Missing", "Deeper"), 6),
        ]:
            self.assertEqual(document.line_of(path), line, path)

    def test_scalars_are_those_of_yaml_1_1(self) -> None:
        for text, value in [
            ("yes", True),
            ("off", False),
            ("~", None),
            ("", None),
            ("0x1F", 31),
            ("010", 8),
            ("0b11", 3),
            ("-1_000", -1000),
            ("089", "089"),
            ("1.5e+3", 1500.0),
            (".inf", float("inf")),
            ("22:22", "22:22"),
            ("1:30.5", "1:30.5"),
            ("2010-09-09", "2010-09-09"),
            ("'yes'", "yes"),
            ("!!str 5", "5"),
            ("! 5", "5"),
            ("!!int '5'", 5),
        ]:
            self.assertEqual(only(f"a: {text}").value, {"a": value}, text)
        self.assertEqual(only("on: 1\n2: x\nnull: y").value, {"on": 1, "2": "x", "null": "y"})

    def test_aliases_and_merges_are_followed(self) -> None:
        document = only("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: [*a, *a]\nd:\n  <<: [{y: 4}, *a]\ne: &k q\n*k : 1")
        self.assertEqual(document.value["b"], {"x": 1, "y": 3})
        self.assertEqual(document.value["c"], [{"x": 1, "y": 2}] * 2)
        self.assertEqual(document.value["d"], {"y": 4, "x": 1})
        self.assertEqual(document.value["q"], 1)
        self.assertEqual(document.line_of(("b", "y")), 4)
        self.assertEqual(document.line_of(("b", "x")), 1)

    def test_documents_are_apart(self) -> None:
        self.assertEqual([one.value for one in yaml_reader.read("--- &a 1\n---\nb: 2\n...\n---\n")], [1, {"b": 2}, None])
        self.assertEqual(yaml_reader.read(""), [])

    def test_bombs_and_nonsense_are_refused_with_their_line(self) -> None:
        bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi")
        )
        for text, line, problem in [
            (bomb, 6, "more than 200000 values, what aliases stand for included"),
            ("[" * 10_000, 1, f"more than {DEPTH} lists and mappings"),
            ("x:\n" + "".join(" " * n + "- \n" for n in range(1, 300)), DEPTH + 1, f"more than {DEPTH} lists and mappings"),
            ("a: &a\n  b: *a", 2, "the alias `*a` is within what it stands for"),
            ("a: *b", 1, "not YAML: nothing before it has the anchor `&b`"),
            ("? [a]\n: 1", 1, "a list or mapping is a key"),
            ("a: b: c", 1, "not YAML: mapping values are not allowed here"),
            ("a:\n\t- b", 2, "not YAML: while scanning for the next token"),
            ("a: [1, 2\nb: 3", 2, "not YAML: while parsing a flow sequence"),
            ("a\n\x07", 2, "not YAML: the character U+0007 may not be in it"),
            ("<<: 1", 1, "`<<` takes a mapping"),
            ("---\n" * 1001, 1001, "more than 1000 documents"),
            ("a: " + "9" * 5000, 1, "a number of more than 4000 digits"),
            ("a: !!float " + "9" * 5000, 1, "a number of more than 4000 digits"),
        ]:
            with self.subTest(problem), self.assertRaises(Unreadable) as raised:
                yaml_reader.read(text)
            self.assertTrue(raised.exception.problem.startswith(problem), raised.exception.problem)
            self.assertEqual(raised.exception.line, line)

    def test_a_key_that_is_there_twice_is_told(self) -> None:
        document = only("a: 1\nb:\n  c: 1\n  c: 2\na: 3")
        told = [(one.key, one.line, one.first) for one in document.duplicates]
        self.assertEqual(told, [("c", 4, 3), ("a", 5, 1)])


class Json(unittest.TestCase):
    def test_everything_has_its_line(self) -> None:
        document = json_reader.read('{\n "a": [1,\n  {"b": "x\\n\\u00e9"}\n ],\n "c":\n  null}')
        self.assertEqual(document.value, {"a": [1, {"b": "x\né"}], "c": None})
        for path, line in [((), 1), (("a",), 2), (("a", 0), 2), (("a", 1, "b"), 3), (("c",), 5), (("a", 7), 2)]:
            self.assertEqual(document.line_of(path), line, path)
        self.assertEqual([one.key for one in json_reader.read('{"a": {}, "b": [], "a": 1}').duplicates], ["a"])

    def test_what_is_no_json_is_refused_with_its_line(self) -> None:
        for text, line, problem in [
            ("", 1, "a value is expected here, and not the end of the file"),
            ("{\n'a': 1}", 2, "a key in double quotes is expected here, and not `'`"),
            ('{"a": 1,\n}', 2, "a key in double quotes is expected here, and not `}`"),
            ("[1,\n]", 2, "a value is expected here, and not `]`"),
            ("[1 2]", 1, "`,` or `]` is expected here, and not `2`"),
            ('{"a" 1}', 1, "`:` is expected here, and not `1`"),
            ("[1]\n\n]", 3, "the end of the file is expected here, and not `]`"),
            ("[01]", 1, "a value is expected here, and not `0`"),
            ("[NaN]", 1, "a value is expected here, and not `N`"),
            ('["a\n"]', 1, "invalid control character at"),
            ('\n["a', 2, "unterminated string starting at"),
            ('["\\x"]', 1, "invalid \\escape"),
        ]:
            with self.subTest(text), self.assertRaises(Unreadable) as raised:
                json_reader.read(text)
            self.assertEqual((raised.exception.line, raised.exception.problem), (line, f"not JSON: {problem}"))
        for text in ["[" * 100_000, '{"a":' * 100_000]:
            with self.assertRaisesRegex(Unreadable, f"more than {DEPTH}"):
                json_reader.read(text)
        with self.assertRaisesRegex(Unreadable, "4000 digits"):
            json_reader.read("9" * 5000)

    def test_it_reads_what_pythons_own_reads(self) -> None:
        seed = random.randrange(2**32)
        chance = random.Random(seed)

        def some(depth: int) -> Any:
            kind = chance.randrange(9 if depth else 6)
            if kind > 7:
                return {str(chance.random()): some(depth - 1) for _ in range(chance.randrange(4))}
            if kind > 5:
                return [some(depth - 1) for _ in range(chance.randrange(4))]
            return [None, True, chance.randrange(-99, 99), chance.uniform(-1e99, 1e99), "ä\n\"\\😀", False][kind]

        for _ in range(200):
            value = some(4)
            # The escapes of a pair of surrogates are one character, in YAML too.
            for text in [json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False)]:
                self.assertEqual(json_reader.read(text).value, value, seed)
                self.assertEqual(only(text).value, value, seed)

    def test_no_text_is_anything_but_read_or_refused(self) -> None:
        seed = random.randrange(2**32)
        chance = random.Random(seed)
        for _ in range(2_000):
            text = "".join(chance.choices("{}[]:,-?&*!|>'\"%@#\\ \n\tab10.e<~\x85\ufeff", k=chance.randrange(30)))
            for read in (json_reader.read, yaml_reader.read):
                try:
                    read(text)
                except Unreadable as error:
                    self.assertGreaterEqual(error.line, 1)
                except Exception as error:
                    self.fail(f"{error!r} of {text!r}, seed {seed}")


class Files(unittest.TestCase):
    def test_globs_are_those_of_files(self) -> None:
        for glob, there, not_there in [
            ("*.yaml", ["a.yaml", "b/c.yaml"], ["a.yml", "a.yaml/b"]),
            ("b/*.yaml", ["b/c.yaml"], ["b/d/c.yaml", "a.yaml"]),
            ("b/**", ["b/c", "b/d/e"], ["b", "a/b/c"]),
            ("/a.json", ["a.json"], ["b/a.json"]),
            ("**/x/a?.json", ["x/ab.json", "y/x/ab.json"], ["x/a.json", "xx/ab.json"]),
        ]:
            means = files.matcher([glob])
            self.assertEqual([path for path in there + not_there if means(path)], there, glob)

    def test_a_file_is_read_by_its_name_or_its_first_character(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, content, problem in [
                ("a.template", b'\xef\xbb\xbf\n{"a": [1]}', None),
                ("b.template", b"a: !Ref b", None),
                ("a.json", b"a: 1", "not JSON: a value is expected"),
                ("b.yaml", b"a: 1\nb: \xff", "not UTF-8: byte 0xff at 8"),
                ("c.yaml", b"#" * 2000, "more than 1 KiB: name it in `ignore`"),
            ]:
                path = Path(folder, name)
                path.write_bytes(content)
                if problem is None:
                    self.assertEqual(len(files.read(path, 1024)), 1)
                    continue
                with self.assertRaises(Unreadable) as raised:
                    files.read(path, 1024)
                self.assertTrue(raised.exception.problem.startswith(problem), raised.exception.problem)

    def test_what_pyyaml_reads_is_read_the_same(self) -> None:
        text = "a: [1, 2.5, yes, null, 'x', \"y\\n\"]\nb: |\n  two\n  lines\nc: >-\n  one\n  line\nd: {e: {f: -3}}\n"
        self.assertEqual(only(text).value, yaml.safe_load(text))
