"""Path expressions: which places of a document a rule means.

    Resources.*[Type=AWS::S3::Bucket].Properties
    Resources.**.Policies[*].Statement
    services[0].'my.name'

Steps with dots between. A step is a name, `*` for any of a mapping or list, `**` for the place itself and everything
below it, or a name with `*` in it. A name with dots or brackets stands in single quotes. After it, in brackets: a
place in a list (`[0]`, `[*]`), or what the value has to have: `[Type=AWS::S3::*]`, `[Type!=x]`, `[Type]`, `[!Type]`,
where `Type` is a key of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policy.tree import Path

_TOKEN = re.compile(
    r"""(?P<name>[^.\[\]'=!]+)|'(?P<quoted>(?:[^']|'')*)'|(?P<dot>\.)|\[(?P<bracket>(?:[^\[\]']|'(?:[^']|'')*')*)\]"""
)
_TEST = re.compile(r"(?P<not>!?)(?P<key>'(?:[^']|'')+'|[^='!]+?)\s*(?:(?P<is>!?=)\s*(?P<value>.*))?")


class PathError(ValueError):
    """A text that is no path expression."""


@dataclass(frozen=True)
class Step:
    """One step. Exactly one of the fields is set."""

    name: re.Pattern[str] | None = None
    deep: bool = False
    index: int | None = None
    any_item: bool = False
    test: Test | None = None


@dataclass(frozen=True)
class Test:
    """What a value has to have."""

    key: str
    value: re.Pattern[str] | None
    wanted: bool

    def holds(self, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        there = self.key in value
        if there and self.value is not None:
            inner = value[self.key]
            there = not isinstance(inner, (dict, list)) and self.value.fullmatch(as_text(inner)) is not None
        return there == self.wanted


@dataclass(frozen=True)
class Expression:
    """A path expression that was read."""

    text: str
    steps: tuple[Step, ...]

    def find(self, value: Any) -> list[tuple[Path, Any]]:
        """The places that it means, in the document's order, each with its value."""
        found: list[tuple[Path, Any]] = [((), value)]
        for step in self.steps:
            found = [inner for path, outer in found for inner in _taken(step, path, outer)]
            if step.deep:
                # Two `**` reach a place on more than one way.
                found = list({path: (path, inner) for path, inner in found}.values())
        return found


def parse(text: str) -> Expression:
    """Reads an expression. The empty one means the document itself."""
    steps: list[Step] = []
    at = 0
    wants_name = True
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise PathError(f"`{text}` is no path: `{text[at]}` is not expected at character {at + 1}")
        if match.group("dot"):
            if wants_name:
                raise PathError(f"`{text}` is no path: a name is missing before the dot at character {at + 1}")
            wants_name = True
        elif match.group("bracket") is not None:
            if wants_name and steps:
                raise PathError(f"`{text}` is no path: a name is missing at character {at + 1}")
            steps.append(_bracket(text, match.group("bracket").strip()))
            wants_name = False
        else:
            if not wants_name:
                raise PathError(f"`{text}` is no path: a dot is missing at character {at + 1}")
            steps.append(_name(match.group("name"), match.group("quoted")))
            wants_name = False
        at = match.end()
    if wants_name and steps:
        raise PathError(f"`{text}` is no path: it ends with a dot")
    return Expression(text, tuple(steps))


def _name(plain: str | None, quoted: str | None) -> Step:
    if quoted is not None:
        return Step(name=re.compile(re.escape(quoted.replace("''", "'"))))
    name = (plain or "").strip()
    return Step(deep=True) if name == "**" else Step(name=wildcard(name))


def _bracket(text: str, inside: str) -> Step:
    if inside == "*":
        return Step(any_item=True)
    if re.fullmatch(r"[0-9]{1,9}", inside):
        return Step(index=int(inside))
    match = _TEST.fullmatch(inside)
    if match is None or (match.group("not") and match.group("is")):
        raise PathError(
            f"`{text}` is no path: `[{inside}]` is not [0], [*], [Key], [!Key], [Key=value] or [Key!=value]"
        )
    key = match.group("key").strip()
    if key.startswith("'"):
        key = key[1:-1].replace("''", "'")
    value = match.group("value")
    wanted = not match.group("not") and match.group("is") != "!="
    return Step(test=Test(key, None if value is None else wildcard(value.strip().strip("'")), wanted))


def wildcard(text: str) -> re.Pattern[str]:
    """A text in which `*` stands for any."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)


def as_text(value: Any) -> str:
    """A scalar as YAML writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def shown(path: Path) -> str:
    """A path as it stands in messages."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = re.fullmatch(r"[^.\[\]'=!*\s]+", part)
            name = part if plain else "'" + part.replace("'", "''") + "'"
            text += f".{name}" if text else name
    return text


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _taken(step: Step, path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if step.test is not None:
        if step.test.holds(value):
            yield path, value
    elif step.deep:
        pending = [(path, value)]
        while pending:
            path, value = pending.pop()
            yield path, value
            pending.extend(reversed([((*path, part), inner) for part, inner in _children(value)]))
    elif step.index is not None:
        if isinstance(value, list) and step.index < len(value):
            yield (*path, step.index), value[step.index]
    elif step.any_item:
        if isinstance(value, list):
            for place, inner in enumerate(value):
                yield (*path, place), inner
    elif step.name is not None:
        for part, inner in _children(value):
            if step.name.fullmatch(str(part)) and (isinstance(part, str) or step.name.pattern == ".*"):
                yield (*path, part), inner
