"""Validation by JSON Schema: drafts 3 to 2020-12, of which a schema's `$schema` says one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin

from jsonschema import RefResolver
from jsonschema.exceptions import RefResolutionError, best_match
from jsonschema.validators import Draft202012Validator, validator_for

from pipefitter import Failure

from policy import files
from policy.rules import Found
from policy.tree import Unreadable

BASE = "https://artifact.invalid/"
"""What relative references go out from: of a scheme that `urljoin` knows, and nobody's."""
_SHOWN = 300


def _joined(base: str, reference: object) -> str:
    """A reference as an address. What stands under `$id` need not be one, where a property has that name; and Python
    3.14 keeps an empty fragment, which is no other address."""
    return urljoin(base, reference).removesuffix("#") if isinstance(reference, str) else ""


class _Resolver(RefResolver):  # type: ignore[misc]
    """Finds what `$ref` refers to: in the schema, beside it in the artifact, or nowhere."""

    def __init__(self, root: Path, most: int, base: str, schema: Any) -> None:
        super().__init__(base, schema, urljoin_cache=_joined)
        self.root, self.most = root, most

    def resolve_remote(self, uri: str) -> Any:
        if not uri.startswith(BASE):
            raise _unusable(uri, "a schema is not fetched from elsewhere: put it into the artifact, and refer to it by its path")
        return _read(self.root, unquote(uri.removeprefix(BASE)), self.most)


class Schema:
    """A schema of the artifact, checked itself."""

    def __init__(self, root: Path, name: str, most: int) -> None:
        self.name = name
        document = _read(root, name, most)
        kind = validator_for(document, default=Draft202012Validator)
        try:
            error = next(_of_schemas(kind).iter_errors(document), None)
        except RecursionError:
            raise _unusable(name, "it is nested deeper than can be checked") from None
        if error is not None:
            place = "/".join(str(part) for part in error.absolute_path)
            raise _unusable(name, f"at `{place}`: {_cut(error.message)}" if place else _cut(error.message))
        self._validator = kind(document, resolver=_Resolver(root, most, BASE + quote(name), document))

    def check(self, value: Any) -> Iterator[Found]:
        """What is not as the schema has it."""
        try:
            for error in self._validator.iter_errors(value):
                # Of `anyOf` and the like: what comes nearest says more than that nothing fits.
                best = best_match(iter([error])) or error
                yield Found(tuple(best.absolute_path), _cut(best.message))
        except RefResolutionError as error:
            # A reference to a file that cannot be used says so itself.
            if isinstance(error.__context__, Failure):
                raise error.__context__ from None
            raise _unusable(self.name, f"what it refers to is not there: {_cut(str(error))}") from None
        except RecursionError:
            raise _unusable(self.name, "it refers to itself without an end, or the file is nested too deep for it") from None


def _read(root: Path, name: str, most: int) -> Any:
    path = root / name
    if ".." in path.parts or Path(name).is_absolute():
        raise _unusable(name, "it is not in the artifact")
    try:
        documents = files.read(path, most)
    except OSError:
        raise _unusable(name, "there is no such file in the artifact") from None
    except Unreadable as error:
        raise _unusable(f"{name}:{error.line}", error.problem) from None
    if len(documents) != 1 or not isinstance(documents[0].value, (dict, bool)):
        raise _unusable(name, "a schema is one mapping")
    return documents[0].value


def _unusable(name: str, problem: str) -> Failure:
    return Failure.configuration_error(f"the schema {name}: {problem}")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _of_schemas(kind: Any) -> Any:
    """The validator of schemas of a draft."""
    meta = kind.META_SCHEMA
    return validator_for(meta, default=kind)(meta, resolver=_Resolver(Path(), 0, kind.ID_OF(meta), meta))


def warm_up() -> None:
    """Reads the meta-schemas, which lie in files of jsonschema's that a component does not have when it runs."""
    for kind in {validator_for({"$schema": uri}) for uri in _DRAFTS}:
        for error in _of_schemas(kind).iter_errors({"type": "object", "properties": {"$id": {"minimum": 1}}}):
            raise AssertionError(error.message)


_DRAFTS = [
    "http://json-schema.org/draft-03/schema#",
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
]
