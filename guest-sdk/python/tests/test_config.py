"""Typed configuration, as a plugin asks for it."""

import random
import string
import unittest
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal

from pipefitter import Failure, FailureKind, Range, testing


class Mode(Enum):
    FAIL_FAST = "fail-fast"
    KEEP_GOING = "keep-going"


class Colour(Enum):
    DARK_RED = 1
    BLUE = 2


@dataclass
class Size:
    width: int
    height: int | None = None


@dataclass
class Config:
    title: str
    base_url: str | None
    draft: bool = False
    keep: Annotated[int, Range(0, 255)] | None = None
    ratio: float = 0.5
    mode: Mode | None = None
    colour: Colour = Colour.BLUE
    level: Literal["low", "high"] = "low"
    ignore: list[str] = field(default_factory=list)
    ports: tuple[int, ...] = ()
    size: Size | None = None
    labels: dict[str, str] = field(default_factory=dict)
    region: str = field(default="eu", metadata={"key": "AWS-Region"})


def read(**texts: str) -> Config:
    given = {key.replace("_", "-"): text for key, text in texts.items()}
    return testing.job(config=given).config(Config)


class Values(unittest.TestCase):
    def test_values_of_every_kind_are_read_from_text(self) -> None:
        config = read(
            title="true",
            base_url="https://x.example",
            draft="True",
            keep=" 3 ",
            ratio="0.25",
            mode="keep-going",
            colour="dark-red",
            level="high",
            ignore="a, b/*,, c",
            ports="80,443",
            size='{"width": 7}',
            labels='{"a": "b"}',
            AWS_Region="us",
            unknown_to_this_type="x",
        )
        expected = Config(
            "true",
            "https://x.example",
            True,
            3,
            0.25,
            Mode.KEEP_GOING,
            Colour.DARK_RED,
            "high",
            ["a", "b/*", "c"],
            (80, 443),
            Size(7),
            {"a": "b"},
            "us",
        )
        self.assertEqual(config, expected)

    def test_what_is_absent_or_empty_is_none_or_the_default(self) -> None:
        config = read(title="", keep="", ratio="", ignore="")
        self.assertEqual(config, Config("", None))

    def test_names_are_matched_however_their_words_are_joined(self) -> None:
        for key in ["base-url", "base_url", "baseUrl", "BaseURL"]:
            config = testing.job(config={"title": "T", key: "u"}).config(Config)
            self.assertEqual(config.base_url, "u", key)
        for mode in ["FAIL_FAST", "fail-fast", "fail_fast", "failFast"]:
            self.assertEqual(read(title="T", mode=mode).mode, Mode.FAIL_FAST)

    def test_an_error_names_the_key_and_what_it_takes(self) -> None:
        cases = [
            ({}, "configuration `title`: a value is required"),
            ({"keep": "300"}, "configuration `keep`: `300` is not a whole number from 0 to 255"),
            ({"keep": "1_0"}, "configuration `keep`: `1_0` is not a whole number from 0 to 255"),
            ({"ratio": "NaN"}, "configuration `ratio`: `NaN` is not a number"),
            ({"draft": "yes"}, "configuration `draft`: `yes` is not `true` or `false`"),
            ({"mode": "slow"}, "configuration `mode`: `slow` is not one of `fail-fast`, `keep-going`"),
            ({"colour": "1"}, "configuration `colour`: `1` is not one of `DARK_RED`, `BLUE`"),
            ({"level": "mid"}, "configuration `level`: `mid` is not one of `low`, `high`"),
            ({"ports": "80,x"}, "configuration `ports`: `x` is not a whole number"),
            ({"size": "7"}, "configuration `size`: not the JSON that is needed: `7` is not an object"),
            (
                {"size": '{"width": "7"}'},
                'configuration `size`: not the JSON that is needed: `width`: `"7"` is not a whole number',
            ),
            (
                {"size": '{"width": 1, "depth": 1}'},
                "configuration `size`: not the JSON that is needed: `depth` is not known; there are `height`, `width`",
            ),
            (
                {"labels": '{"a": 1}'},
                "configuration `labels`: not the JSON that is needed: `a`: `1` is not a text",
            ),
        ]
        for texts, message in cases:
            given = {"title": "T", **texts} if texts else {}
            with self.subTest(message), self.assertRaises(Failure) as raised:
                testing.job(config=given).config(Config)
            self.assertEqual(raised.exception.kind, FailureKind.CONFIGURATION_ERROR)
            self.assertEqual(raised.exception.message, message)

    def test_a_long_value_is_cut_in_the_message(self) -> None:
        with self.assertRaises(Failure) as raised:
            read(title="T", keep="9" * 900)
        self.assertLess(len(raised.exception.message), 200)

    def test_bounds_are_open_where_they_are_left_out(self) -> None:
        @dataclass
        class Open:
            share: Annotated[float, Range(most=1)] = 0
            workers: Annotated[int, Range(1)] = 1

        for key, text, message in [
            ("share", "1.5", "`1.5` is not a number up to 1"),
            ("workers", "0", "`0` is not a whole number from 1 on"),
        ]:
            with self.assertRaises(Failure) as raised:
                testing.job(config={key: text}).config(Open)
            self.assertEqual(raised.exception.message, f"configuration `{key}`: {message}")

    def test_a_check_of_the_plugins_own_is_an_error_of_the_configuration(self) -> None:
        @dataclass
        class Between:
            least: int
            most: int

            def __post_init__(self) -> None:
                if self.least > self.most:
                    raise ValueError("`least` is more than `most`")

        with self.assertRaises(Failure) as raised:
            testing.job(config={"least": 2, "most": 1}).config(Between)
        self.assertEqual(raised.exception.kind, FailureKind.CONFIGURATION_ERROR)
        self.assertEqual(raised.exception.message, "configuration: `least` is more than `most`")

    def test_a_type_that_texts_cannot_give_is_the_authors_error(self) -> None:
        @dataclass
        class Odd:
            made: complex

        with self.assertRaisesRegex(TypeError, "complex"):
            testing.job(config={"made": "1"}).config(Odd)
        with self.assertRaisesRegex(TypeError, "takes a dataclass"):
            testing.job().config(dict)

    def test_any_number_and_text_comes_back(self) -> None:
        seed = random.randrange(2**32)
        chance = random.Random(seed)

        @dataclass
        class Given:
            number: int
            text: str
            ratio: float

        for _ in range(200):
            number = chance.randrange(-(2**63), 2**63)
            text = "".join(chance.choices(string.printable + "äß€😀", k=chance.randrange(1, 40)))
            ratio = chance.uniform(-1e9, 1e9)
            config = testing.job(config={"number": number, "text": text, "ratio": ratio}).config(Given)
            self.assertEqual((config.number, config.text, config.ratio), (number, text, ratio), seed)

    def test_no_text_is_anything_but_a_failure(self) -> None:
        seed = random.randrange(2**32)
        chance = random.Random(seed)
        keys = ["title", "keep", "mode", "size", "labels", "ports", "draft", "ratio", "x"]
        for _ in range(500):
            given: dict[str, Any] = {
                chance.choice(keys): "".join(chance.choices('0129-+.eE{}[]":,\\ \x00aä😀', k=chance.randrange(20)))
                for _ in range(4)
            }
            try:
                testing.job(config=given).config(Config)
            except Failure as failure:
                self.assertEqual(failure.kind, FailureKind.CONFIGURATION_ERROR, (seed, given))
