"""Reads YAML 1.1, as CloudFormation does, with the line of everything in it.

PyYAML's parser gives the events, one by one, and nothing else of it is used: its constructor recurses, follows
aliases however much they stand for, and makes of `2010-09-09` a date. CloudFormation's short tags are written out:
`!Ref X` is `{"Ref": "X"}`, `!If [...]` is `{"Fn::If": [...]}`. Other tags of an application's own are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yaml import events
from yaml.error import MarkedYAMLError, YAMLError
from yaml.nodes import ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from policy.tree import Builder, Document, Node, Unreadable, whole

DOCUMENTS = 1_000
"""How many documents a file may have."""

_FUNCTIONS = frozenset(
    "And Base64 Cidr Equals FindInMap ForEach GetAZs GetAtt GetStackOutput If ImportValue Join Length Not Or Select "
    "Split Sub ToJsonString Transform".split()
)
_TRUE = frozenset(["yes", "true", "on"])
_WHOLE = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[0-9][0-9_]*)")
_DIGITS = 4_000
_TAG = "tag:yaml.org,2002:"


class _Events(Reader, Scanner, Parser, Resolver):  # type: ignore[misc]
    """PyYAML's parser without its constructor."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Resolver.__init__(self)


def read(text: str) -> list[Document]:
    """The documents; `Unreadable` says where they are none."""
    documents: list[Document] = []
    try:
        parser = _Events(text)
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, events.DocumentStartEvent):
                if len(documents) >= DOCUMENTS:
                    raise Unreadable(_line(event), f"more than {DOCUMENTS} documents in one file")
                documents.append(_document(parser))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ": ".join(one for one in (error.context, error.problem) if one)
        raise Unreadable(mark.line + 1 if mark else 1, f"not YAML: {said}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(line, f"not YAML: the character U+{ord(text[error.position]):04X} may not be in it") from None
    except YAMLError as error:
        raise Unreadable(1, f"not YAML: {error}") from None
    return documents


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _until_end(parser: _Events) -> Iterator[Any]:
    while True:
        event = parser.get_event()
        if isinstance(event, events.DocumentEndEvent):
            return
        yield event


def _document(parser: _Events) -> Document:
    builder = Builder()
    anchors: dict[str, Node | object] = {}
    opened: list[tuple[str | None, bool]] = []
    merging = False
    for event in _until_end(parser):
        line = _line(event)
        merge, merging = merging, False
        if isinstance(event, (events.MappingEndEvent, events.SequenceEndEvent)):
            anchor, merge = opened.pop()
            node = builder.end(merge)
            if anchor is not None:
                anchors[anchor] = node
        elif isinstance(event, (events.MappingStartEvent, events.SequenceStartEvent)):
            container: Any = {} if isinstance(event, events.MappingStartEvent) else []
            builder.start(container, line, _function(event.tag))
            opened.append((event.anchor, merge))
            if event.anchor is not None:
                anchors[event.anchor] = container
        elif isinstance(event, events.AliasEvent):
            known = anchors.get(event.anchor)
            if known is None:
                raise Unreadable(line, f"not YAML: nothing before it has the anchor `&{event.anchor}`")
            if not isinstance(known, Node):
                raise Unreadable(line, f"the alias `*{event.anchor}` is within what it stands for")
            if builder.wants_key:
                if not isinstance(known.value, (str, int, float)):
                    raise Unreadable(line, "a list or mapping is a key: keys are texts")
                builder.key(str(known.value), line)
            else:
                builder.add(known, line, merge)
        else:
            if builder.wants_key:
                builder.key(whole(event.value), line)
                merging = event.value == "<<" and event.implicit[0] and event.style is None
                if event.anchor is not None:
                    anchors[event.anchor] = Node(event.value, 1)
                continue
            node = _scalar(parser, builder, event, line)
            if event.anchor is not None:
                anchors[event.anchor] = node
            builder.add(node, line, merge)
    return builder.finish()


def _function(tag: str | None) -> str | None:
    """The key that CloudFormation writes for a short tag."""
    if tag is None or not tag.startswith("!"):
        return None
    name = tag[1:]
    if name in ("Ref", "Condition"):
        return name
    return f"Fn::{name}" if name in _FUNCTIONS else None


def _scalar(parser: _Events, builder: Builder, event: Any, line: int) -> Node:
    function = _function(event.tag)
    text = whole(event.value)
    if function == "Fn::GetAtt":
        # `A.B.C` is the attribute `B.C` of `A`.
        return builder.wrapped(function, builder.listed(text.split(".", 1), line), line)
    if function is not None:
        return builder.wrapped(function, Node(text, 1), line)
    tag = event.tag
    if tag == "!":
        return Node(text, 1)
    if tag is None:
        tag = parser.resolve(ScalarNode, text, event.implicit)
    return Node(_plain(tag, text, line), 1)


def _plain(tag: str, text: str, line: int) -> Any:
    kind = tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in _TRUE
    if len(text) > _DIGITS and kind in ("int", "float"):
        raise Unreadable(line, f"a number of more than {_DIGITS} digits")
    if kind == "int" and _WHOLE.fullmatch(text):
        digits = text.replace("_", "")
        sign, bare = (digits[0], digits[1:]) if digits[0] in "+-" else ("", digits)
        base = {"0b": 2, "0x": 16, "0o": 8}.get(bare[:2].lower(), 8 if len(bare) > 1 and bare[0] == "0" else 10)
        try:
            return int(sign + bare, base)
        except ValueError:
            return text
    if kind == "float":
        # YAML 1.1 writes infinity as `.inf`, and has numbers with colons, which mean no number to anybody.
        bare = text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
        try:
            return float(bare)
        except ValueError:
            return text
    return text
