"""Typed configuration: a dataclass filled from CodePipeline's texts, or from JSON.

Errors know the key they came up at, because whoever reads them sees only the action's form in the console.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pipefitter import _json
from pipefitter.failure import Failure

T = TypeVar("T")

_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_SHOWN = 60
_COLLECTIONS: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included: `Annotated[int, Range(0, 100)]`."""

    least: float = -math.inf
    """The least value."""
    most: float = math.inf
    """The largest value."""

    def __str__(self) -> str:
        if self.most == math.inf:
            return "" if self.least == -math.inf else f" from {self.least} on"
        return f" up to {self.most}" if self.least == -math.inf else f" from {self.least} to {self.most}"


class Misfit(ValueError):
    """A value that is not of the type that is asked for."""


def from_texts(cls: type[T], texts: Mapping[str, str]) -> T:
    """The configuration as a dataclass: see `Job.config`."""
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"job.config takes a dataclass, not {cls!r}")
    given = {_joined(key): (key, value) for key, value in texts.items()}
    # The very name counts before one that differs only in how its words are joined.
    values: dict[str, Any] = {}
    for one, hint in _fields(cls):
        key = str(one.metadata.get("key", one.name.replace("_", "-")))
        shown, text = (key, texts[key]) if key in texts else given.get(_joined(key), (key, None))
        whole, optional = _without_none(hint)
        if text is None or (text == "" and (optional or (whole is not str and _has_default(one)))):
            if _has_default(one):
                continue
            if not optional:
                raise Failure.configuration_key(key, "a value is required")
            values[one.name] = None
            continue
        try:
            values[one.name] = _read_text(whole, text)
        except Misfit as misfit:
            raise Failure.configuration_key(shown, misfit) from None
    try:
        return cls(**values)
    except ValueError as error:
        raise Failure.configuration_error(f"configuration: {error}") from error


def from_json(hint: Any, value: Any) -> Any:
    """A value of JSON as a type: a dataclass, what `Job.config` takes, or what these hold. `Misfit` says
    what does not fit, and where in it."""
    hint, optional = _without_none(hint)
    if optional and value is None:
        return None
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        number = from_json(arguments[0], value)
        _check_bounds(arguments, number, _as_json(value))
        return number
    if hint is Any or hint is object:
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_from_json(hint, value)
    if origin in (Union, types.UnionType):
        return _first_that_fits(arguments, value)
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        choices = _choices(hint)
        for choice, name in choices:
            if value == (choice.value if isinstance(choice, Enum) else choice) or value == name:
                return choice
        raise Misfit(f"{_as_json(value)} is not one of {_list(name for _, name in choices)}")
    kind = origin or hint
    if kind in _COLLECTIONS:
        if not isinstance(value, list):
            raise Misfit(f"{_as_json(value)} is not a list")
        return _COLLECTIONS[kind](
            [_at(index, from_json, item, one) for index, (item, one) in enumerate(_items(kind, arguments, value))]
        )
    if kind is dict or kind is Mapping or getattr(kind, "__name__", "") == "Mapping":
        if not isinstance(value, dict):
            raise Misfit(f"{_as_json(value)} is not an object")
        item = arguments[1] if len(arguments) == 2 else Any
        return {name: _at(name, from_json, item, one) for name, one in value.items()}
    if hint is float and type(value) in (int, float):
        return float(value)
    if hint in (str, int, bool):
        if type(value) is not hint:
            said = {str: "a text", int: "a whole number", bool: "true or false"}[hint]
            raise Misfit(f"{_as_json(value)} is not {said}")
        return value
    if hint is float:
        raise Misfit(f"{_as_json(value)} is not a number")
    raise TypeError(f"{hint!r} cannot be read from the configuration or a token")


def _read_text(hint: Any, text: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        bounds = next((one for one in arguments[1:] if isinstance(one, Range)), None)
        value = _read_number(arguments[0], text, bounds)
        return _read_text(arguments[0], text) if value is None else value
    if hint is str or hint is Any:
        return text
    if hint is bool:
        word = text.strip().lower()
        if word not in ("true", "false"):
            raise Misfit(f"{_shown(text)} is not `true` or `false`")
        return word == "true"
    if hint is int or hint is float:
        return _read_number(hint, text, None)
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return _choose(hint, text.strip())
    kind = origin or hint
    if kind in _COLLECTIONS:
        words = [word for word in (word.strip() for word in text.split(",")) if word]
        return _COLLECTIONS[kind]([_read_text(item, word) for item, word in _items(kind, arguments, words)])
    if origin in (Union, types.UnionType) and not any(map(_is_json, arguments)):
        problems = []
        for one in arguments:
            try:
                return _read_text(one, text)
            except Misfit as misfit:
                problems.append(str(misfit))
        raise Misfit("; ".join(problems))
    try:
        value = _json.loads(text)
    except ValueError as error:
        raise Misfit(f"not the JSON that is needed: {error}") from None
    try:
        return from_json(hint, value)
    except Misfit as misfit:
        raise Misfit(f"not the JSON that is needed: {misfit}") from None


def _read_number(hint: Any, text: str, bounds: Range | None) -> int | float | None:
    word = text.strip()
    within = str(bounds or "")
    if hint is int:
        if not _WHOLE.fullmatch(word) or not _within(bounds, int(word)):
            raise Misfit(f"{_shown(text)} is not a whole number{within}")
        return int(word)
    if hint is float:
        try:
            number = float(word) if "_" not in word else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or not _within(bounds, number):
            raise Misfit(f"{_shown(text)} is not a number{within}")
        return number
    return None


def _within(bounds: Range | None, number: float) -> bool:
    return bounds is None or bounds.least <= number <= bounds.most


def _check_bounds(arguments: tuple[Any, ...], value: Any, shown: str) -> None:
    for bounds in arguments[1:]:
        if isinstance(bounds, Range) and not _within(bounds, value):
            raise Misfit(f"{shown} is not a number{bounds}")


def _dataclass_from_json(cls: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        raise Misfit(f"{_as_json(value)} is not an object")
    values: dict[str, Any] = {}
    known: set[str] = set()
    for one, hint in _fields(cls):
        key = str(one.metadata.get("key", one.name))
        known.add(key)
        if key in value:
            values[one.name] = _at(key, from_json, hint, value[key])
        elif not _has_default(one):
            if not _without_none(hint)[1]:
                raise Misfit(f"`{key}` is missing")
            values[one.name] = None
    for key in value:
        if key not in known:
            raise Misfit(f"`{key}` is not known; there are {_list(sorted(known))}")
    try:
        return cls(**values)
    except Misfit:
        raise
    except ValueError as error:
        raise Misfit(str(error)) from error


def _first_that_fits(hints: tuple[Any, ...], value: Any) -> Any:
    problems = []
    for hint in hints:
        try:
            return from_json(hint, value)
        except Misfit as misfit:
            problems.append(str(misfit))
    raise Misfit("; ".join(problems))


def _at(place: str | int, read: Callable[[Any, Any], Any], hint: Any, value: Any) -> Any:
    try:
        return read(hint, value)
    except Misfit as misfit:
        raise Misfit(f"`{place}`: {misfit}") from None


def _choices(hint: Any) -> list[tuple[Any, str]]:
    """What an enum or a `Literal` can be, each with the name that texts have for it."""
    if get_origin(hint) is Literal:
        return [(value, str(value)) for value in get_args(hint)]
    return [(member, member.value if isinstance(member.value, str) else member.name) for member in hint]


def _choose(hint: Any, word: str) -> Any:
    choices = _choices(hint)
    names = [(value, name) for value, name in choices]
    if get_origin(hint) is not Literal:
        names += [(member, member.name) for member, _ in choices]
    for same in (lambda name: name == word, lambda name: _joined(name) == _joined(word)):
        for value, name in names:
            if same(name):
                return value
    raise Misfit(f"{_shown(word)} is not one of {_list(name for _, name in choices)}")


def _items(kind: Any, arguments: tuple[Any, ...], values: list[Any]) -> list[tuple[Any, Any]]:
    """Each value with its type."""
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        if len(arguments) != len(values):
            raise Misfit(f"{len(values)} values given, {len(arguments)} are needed")
        return list(zip(arguments, values))
    item = arguments[0] if arguments else Any
    return [(item, value) for value in values]


def _fields(cls: Any) -> list[tuple[dataclasses.Field[Any], Any]]:
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise TypeError(
            f"the types of {cls.__name__} cannot be looked up ({error}): define it, and import what it names, "
            "at the top of a module"
        ) from error
    return [(one, hints[one.name]) for one in dataclasses.fields(cls) if one.init]


def _has_default(one: dataclasses.Field[Any]) -> bool:
    return one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING


def _without_none(hint: Any) -> tuple[Any, bool]:
    """The type without `None`, and whether that was in it."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, False
    rest = tuple(one for one in get_args(hint) if one is not type(None))
    if len(rest) == len(get_args(hint)):
        return hint, False
    return (rest[0] if len(rest) == 1 else Union[rest]), True


def _is_json(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint) or (get_origin(hint) or hint) is dict


def _joined(name: str) -> str:
    """A name without what joins its words: the form uses `base-url`, Python `base_url` or `BASE_URL`."""
    return name.replace("-", "").replace("_", "").lower()


def _list(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _shown(text: str) -> str:
    return f"`{text}`" if len(text) <= _SHOWN else f"`{text[:_SHOWN]}...`"


def _as_json(value: Any) -> str:
    return _shown(json.dumps(value, ensure_ascii=False))
