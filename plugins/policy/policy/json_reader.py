"""Reads JSON with the line of everything in it, which `json` does not tell."""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from typing import Any

from policy.tree import Builder, Document, Node, Unreadable, whole

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![0-9A-Za-z_.])")
_WORD = re.compile(r"true|false|null")
_WORDS = {"true": True, "false": False, "null": None}
_DIGITS = 4_000
"""What a number may have: Python makes no integer of more."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.counted = 0
        self.builder = Builder()
        # What closes each list or object that is open.
        self.closers: list[str] = []

    def next(self) -> str:
        """Skips white space; the character that is next, or nothing at the end."""
        match = _SPACE.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.text[self.at : self.at + 1]

    def unexpected(self, wanted: str) -> Unreadable:
        found = self.next()
        shown = f"`{found}`" if found else "the end of the file"
        return Unreadable(self.line, f"not JSON: {wanted} is expected here, and not {shown}")

    def string(self) -> str:
        try:
            text, self.at = scanstring(self.text, self.at + 1, True)
        except JSONDecodeError as error:
            line = self.text.count("\n", 0, error.pos) + 1
            raise Unreadable(line, f"not JSON: {error.msg[0].lower()}{error.msg[1:]}") from None
        return whole(str(text))

    def scalar(self, first: str) -> Any:
        if first == '"':
            return self.string()
        match = _WORD.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
            return _WORDS[match.group()]
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self.unexpected("a value")
        if len(match.group()) > _DIGITS:
            raise Unreadable(self.line, f"a number of more than {_DIGITS} digits")
        self.at = match.end()
        return float(match.group()) if match.group(1) or match.group(2) else int(match.group())

    def value(self) -> bool:
        """Reads a value, or the beginning of one. Whether it is whole."""
        first = self.next()
        line = self.line
        if first == "{" or first == "[":
            self.at += 1
            self.builder.start({} if first == "{" else [], line)
            self.closers.append("}" if first == "{" else "]")
            if self.next() == self.closers[-1]:
                self.close()
                return True
            return False
        self.builder.add(Node(self.scalar(first), 1), line)
        return True

    def close(self) -> None:
        self.at += 1
        self.closers.pop()
        self.builder.end()

    def read(self) -> Document:
        done = False
        while not done or self.closers:
            if done:
                found = self.next()
                if found == self.closers[-1]:
                    self.close()
                    continue
                if found != ",":
                    raise self.unexpected(f"`,` or `{self.closers[-1]}`")
                self.at += 1
            if self.closers and self.closers[-1] == "}":
                if self.next() != '"':
                    raise self.unexpected("a key in double quotes")
                line = self.line
                self.builder.key(self.string(), line)
                if self.next() != ":":
                    raise self.unexpected("`:`")
                self.at += 1
            done = self.value()
        if self.next():
            raise self.unexpected("the end of the file")
        return self.builder.finish()


def read(text: str) -> Document:
    """The document; `Unreadable` says where it is none."""
    return _Reader(text).read()
