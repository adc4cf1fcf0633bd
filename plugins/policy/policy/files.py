"""Which files are meant, and reading them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from policy import json_reader, yaml_reader
from policy.tree import Document, Unreadable


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path, with `/` between its parts, is meant by one of some patterns.

    `*` and `?` stand for what has no `/`, `**` for anything. A pattern without `/` means names in any folder.
    """
    patterns = [_pattern(glob.strip()) for glob in globs if glob.strip()]
    return lambda path: any(pattern.fullmatch(path) for pattern in patterns)


def _pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.removeprefix("/"))
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    anywhere = "" if "/" in glob else "(?:.*/)?"
    return re.compile(anywhere + "".join(signs.get(part) or re.escape(part) for part in parts), re.DOTALL)


def read(path: Path, most: int) -> list[Document]:
    """The documents of a file: JSON by its name or its first character, else YAML."""
    # One byte more than there may be, so that nothing large is held.
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise Unreadable(
            1, f"more than {most // 1024} KiB: name it in `ignore`, or raise `max-file-size` if it is to be checked"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, f"not UTF-8: byte {raw[error.start]:#04x} at {error.start}") from None
    if path.suffix == ".json" or text.lstrip()[:1] == "{":
        return [json_reader.read(text)]
    return yaml_reader.read(text)
