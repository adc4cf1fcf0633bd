"""A document: plain lists and dicts, and the line of everything in them.

The readers of JSON and YAML tell a `Builder` what they meet, one thing after the other: nothing here or there
recurses over what a stranger has written, so that no nesting is too deep for the stack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEPTH = 100
"""How deep lists and mappings may be within one another."""
VALUES = 200_000
"""How many values a document may have, what its aliases stand for included."""

Path = tuple[str | int, ...]


def whole(text: str) -> str:
    """A text with the pairs of surrogates that escapes have made put together, and half of one replaced."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Unreadable(Exception):
    """A file that cannot be read as what it is."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Duplicate:
    """A key that a mapping has more than once."""

    line: int
    key: str
    first: int


@dataclass
class Document:
    """One document of a file."""

    value: Any
    line: int
    duplicates: list[Duplicate]
    # By the identity of the list or dict: it is one object however many aliases it has.
    lines: dict[int, dict[str | int, int]] = field(repr=False)

    def line_of(self, path: Path) -> int:
        """The line of what is at a path; of what is around it where there is nothing."""
        line, value = self.line, self.value
        for part in path:
            line_there = self.lines.get(id(value), {}).get(part)
            if line_there is None:
                break
            line, value = line_there, value[part]
        return line


@dataclass
class Node:
    """A value that is whole, with how many values it is."""

    value: Any
    size: int


class _Open:
    """A list or mapping that is not closed yet."""

    def __init__(self, container: list[Any] | dict[str, Any], line: int, wrap: str | None) -> None:
        self.container = container
        self.line = line
        self.wrap = wrap
        self.size = 1
        self.key: str | None = None
        self.key_line = line
        self.merges: list[tuple[int, Node]] = []


class Builder:
    """Makes documents of what a reader meets."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._lines: dict[int, dict[str | int, int]] = {}
        self._duplicates: list[Duplicate] = []
        self._root: Node | None = None
        self._root_line = 1

    @property
    def wants_key(self) -> bool:
        """Whether the next thing is a key."""
        top = self._open[-1] if self._open else None
        return top is not None and isinstance(top.container, dict) and top.key is None

    def start(self, container: list[Any] | dict[str, Any], line: int, wrap: str | None = None) -> None:
        """A list or mapping begins. With `wrap` it becomes the one value of a mapping with that key."""
        if self.wants_key:
            raise Unreadable(line, "a list or mapping is a key: keys are texts")
        if len(self._open) >= DEPTH:
            raise Unreadable(line, f"more than {DEPTH} lists and mappings within one another")
        self._lines[id(container)] = {}
        self._open.append(_Open(container, line, wrap))

    def key(self, key: str, line: int) -> None:
        """A key of the mapping that is open."""
        top = self._open[-1]
        top.key, top.key_line = key, line

    def end(self, merge: bool = False) -> Node:
        """The list or mapping that is open ends. `merge` is that of `add`."""
        top = self._open.pop()
        for line, node in top.merges:
            self._merge(top, node.value, line)
        node = Node(top.container, top.size)
        if top.wrap is not None:
            node = self.wrapped(top.wrap, node, top.line)
        self.add(node, top.line, merge)
        return node

    def wrapped(self, key: str, node: Node, line: int) -> Node:
        """A mapping with one key."""
        mapping = {key: node.value}
        self._lines[id(mapping)] = {key: line}
        return Node(mapping, node.size + 1)

    def listed(self, values: list[Any], line: int) -> Node:
        """A list of scalars."""
        self._lines[id(values)] = dict.fromkeys(range(len(values)), line)
        return Node(values, len(values) + 1)

    def add(self, node: Node, line: int, merge: bool = False) -> None:
        """A value that is whole: of the key before it, in the list, or the document itself. With `merge` it is
        that of YAML's key `<<`."""
        if not self._open:
            self._root, self._root_line = node, line
            return
        top = self._open[-1]
        top.size += node.size
        if top.size > VALUES:
            raise Unreadable(line, f"more than {VALUES} values, what aliases stand for included")
        lines = self._lines[id(top.container)]
        if isinstance(top.container, list):
            lines[len(top.container)] = line
            top.container.append(node.value)
            return
        key, top.key = top.key or "", None
        if merge:
            top.merges.append((top.key_line, node))
            return
        if key in top.container:
            self._duplicates.append(Duplicate(top.key_line, key, lines[key]))
        top.container[key] = node.value
        lines[key] = top.key_line

    def finish(self) -> Document:
        """The document."""
        root = self._root or Node(None, 1)
        return Document(root.value, self._root_line, self._duplicates, self._lines)

    def _merge(self, into: _Open, value: Any, line: int) -> None:
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict) or not isinstance(into.container, dict):
                raise Unreadable(line, "`<<` takes a mapping, or a list of mappings")
            lines = self._lines[id(into.container)]
            for key, inner in one.items():
                if key not in into.container:
                    into.container[key] = inner
                    lines[key] = self._lines[id(one)].get(key, line)
