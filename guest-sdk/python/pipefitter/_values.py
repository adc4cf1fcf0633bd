"""Values as the host takes them."""

from __future__ import annotations

from enum import Enum


def clean(text: str) -> str:
    """A text that can be sent. Half of a surrogate pair, as names of files that are not UTF-8 have it, is
    written as its escape: componentize-py would abort at it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text


def text_of(value: object) -> str:
    """A value as CodePipeline's texts have it: booleans in small letters, enum members by their value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return text_of(value.value)
    return str(value)


def whole_percent(percent: float) -> int:
    """A percentage as the contract has it: 0 to 100, and 0 for what is no number."""
    return int(min(max(percent, 0), 100)) if percent == percent else 0
