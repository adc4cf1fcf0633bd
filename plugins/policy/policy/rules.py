"""The rule file: what it may say, and what is found by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pipefitter import Failure
from pipefitter.config import Misfit, from_json

from policy import files, json_reader, paths, yaml_reader
from policy.paths import Expression
from policy.tree import Document, Path, Unreadable


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Found:
    """What a rule says of one place of a document."""

    path: Path
    problem: str
    undecided: bool = False


@dataclass
class Rule:
    """One rule. `at` is where it applies, the other expressions go on from there."""

    id: str
    message: str = ""
    severity: Severity = Severity.ERROR
    files: list[str] | str = "*"
    at: str = ""
    require: list[str] | str = field(default_factory=list)
    forbid: list[str] | str = field(default_factory=list)
    allow: dict[str, list[Any]] = field(default_factory=dict)
    deny: dict[str, list[Any]] = field(default_factory=dict)
    match: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.id:
            raise Misfit("`id` is empty")
        said = [self.require, self.forbid, self.allow, self.deny, self.match]
        if not any(said):
            raise Misfit(f"rule `{self.id}` has none of `require`, `forbid`, `allow`, `deny` and `match`")
        self.covers = files.matcher(_listed(self.files))
        self.where = paths.parse(self.at)
        self._checks: list[tuple[Expression, Callable[[Expression, Any], Iterator[Found]]]] = [
            *((paths.parse(path), _required) for path in _listed(self.require)),
            *((paths.parse(path), _forbidden) for path in _listed(self.forbid)),
            *((paths.parse(path), _values(values, True)) for path, values in self.allow.items()),
            *((paths.parse(path), _values(values, False)) for path, values in self.deny.items()),
            *((paths.parse(path), _matching(self.id, pattern)) for path, pattern in self.match.items()),
        ]

    def check(self, document: Document) -> tuple[int, list[Found]]:
        """In how many places it applies, and what it finds there."""
        places = self.where.find(document.value)
        found = [
            Found((*place, *one.path), one.problem, one.undecided)
            for place, value in places
            for expression, check in self._checks
            for one in check(expression, value)
        ]
        return len(places), found


@dataclass
class SchemaUse:
    """Files that have to be valid by a JSON Schema."""

    schema: str
    files: list[str] | str
    at: str = ""
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        self.covers = files.matcher(_listed(self.files))
        self.where = paths.parse(self.at)


@dataclass
class RuleFile:
    """A rule file."""

    rules: list[Rule] = field(default_factory=list)
    schemas: list[SchemaUse] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.rules and not self.schemas:
            raise Misfit("it has neither `rules` nor `schemas`")
        ids = [rule.id for rule in self.rules]
        twice = next((id for id in ids if ids.count(id) > 1), None)
        if twice is not None:
            raise Misfit(f"there are two rules `{twice}`")


def load(name: str, text: str) -> RuleFile:
    """Reads a rule file, JSON or YAML."""
    try:
        documents = [json_reader.read(text)] if name.endswith(".json") else yaml_reader.read(text)
        if len(documents) != 1:
            raise Unreadable(1, f"{len(documents)} documents are in it, and one is needed")
        for twice in documents[0].duplicates:
            raise Unreadable(twice.line, f"the key `{twice.key}` is there twice, first in line {twice.first}")
        rules: RuleFile = from_json(RuleFile, documents[0].value)
    except Unreadable as error:
        raise Failure.configuration_error(f"the rule file {name}:{error.line}: {error.problem}") from None
    except Misfit as error:
        raise Failure.configuration_error(f"the rule file {name}: {error}") from None
    return rules


def is_function(value: Any) -> bool:
    """Whether this is a function of CloudFormation's, whose value nobody knows before the stack is made."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    name = next(iter(value))
    return name in ("Ref", "Condition") or name.startswith("Fn::")


def _listed(texts: list[str] | str) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _required(expression: Expression, value: Any) -> Iterator[Found]:
    there = expression.find(value)
    # CloudFormation leaves out what is given as this.
    if not any(inner != {"Ref": "AWS::NoValue"} for _, inner in there):
        yield Found((), f"`{expression.text}` is missing")


def _forbidden(expression: Expression, value: Any) -> Iterator[Found]:
    for path, inner in expression.find(value):
        if inner != {"Ref": "AWS::NoValue"}:
            yield Found(path, f"`{expression.text}` is not allowed")


def _values(values: list[Any], allowed: bool) -> Callable[[Expression, Any], Iterator[Found]]:
    # CloudFormation and people write `true` and `"true"` for the same.
    keys = {_key(value) for value in values}
    said = ", ".join(f"`{paths.as_text(value)}`" for value in values[:10]) or "nothing"

    def check(expression: Expression, value: Any) -> Iterator[Found]:
        for path, inner in expression.find(value):
            if is_function(inner):
                if inner != {"Ref": "AWS::NoValue"}:
                    yield Found(path, f"{_name(expression)} is known to CloudFormation alone", undecided=True)
            elif (_key(inner) in keys) != allowed:
                is_not = f"is not one of {said}" if allowed else "is not allowed"
                yield Found(path, f"{_name(expression)} is {_shown(inner)}, which {is_not}")

    return check


def _matching(id: str, pattern: str) -> Callable[[Expression, Any], Iterator[Found]]:
    try:
        wanted = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Misfit(f"rule `{id}`: `{pattern}` is no regular expression: {error}") from None

    def check(expression: Expression, value: Any) -> Iterator[Found]:
        for path, inner in expression.find(value):
            if is_function(inner):
                if inner != {"Ref": "AWS::NoValue"}:
                    yield Found(path, f"{_name(expression)} is known to CloudFormation alone", undecided=True)
            elif isinstance(inner, (dict, list)) or not wanted.search(paths.as_text(inner)):
                yield Found(path, f"{_name(expression)} is {_shown(inner)}, which does not match `{pattern}`")

    return check


def _name(expression: Expression) -> str:
    return f"`{expression.text}`" if expression.text else "it"


def _key(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return repr(value)
    return paths.as_text(value)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = paths.as_text(value)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:60]}...`"
