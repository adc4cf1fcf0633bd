"""JSON of others, read so that nothing in it can end the component."""

from __future__ import annotations

import json
import re
from typing import Any

DEPTH = 256
"""How deep lists and objects may be within one another. Python's own reader recurses in C, and a few thousand
levels are more than a component's stack holds: that is a trap, where natively it is a RecursionError."""

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def loads(text: str | bytes) -> Any:
    """What JSON makes of a text; a ValueError where it is none, or nested too deep."""
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text))
    if text.count("[") + text.count("{") > DEPTH:
        depth = 0
        for bracket in _BRACKET.findall(_TEXT.sub("", text)):
            depth += 1 if bracket in "[{" else -1
            if depth > DEPTH:
                raise ValueError(f"more than {DEPTH} lists and objects within one another")
    return json.loads(text)
