"""HTTP requests, for a plugin whose manifest asks for the network and whose operator grants it.

    [capabilities]
    network = [{ to = "https://api.example.com", reason = "to announce the release" }]

    answer = http.request("POST", "https://api.example.com/releases", json={"version": "1.2.0"})
    if not answer.ok:
        raise Failure.system_unavailable(f"the API answered {answer.status}")

There are no sockets: `urllib`, `requests` and the like reach nothing. Requests are made by the worker, for the
plugin, over `wasi:http`. Redirects are not followed: a 302 is an answer. Whole bodies are held in memory, and a
bound says how much of an answer is read.
"""

from __future__ import annotations

import json as _stdlib_json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from pipefitter import _host, _json
from pipefitter.failure import Failure, FailureKind

MAX_BYTES = 16 * 1024 * 1024
"""How much of an answer is read unless a request says otherwise: 16 MiB."""

_METHOD = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
# What may stand in a URL as it is; the rest is escaped. `%` is there, since it may begin an escape.
_SAFE = "%/?:@!$&'()*+,;=-._~[]"


class HttpError(Failure):
    """There is no answer, or none that can be used. Left alone, it fails the job: as a `permission_error`
    where the request is not granted, as `job_failed` where the answer is too large, else as
    `system_unavailable`."""

    reason: str
    """What went wrong in a few words, such as `connection refused`: of wasi:http's error codes where it has
    one for it."""

    def __init__(self, request: Request, kind: FailureKind, reason: str, hint: str = "") -> None:
        super().__init__(f"{request.method} {request.url}: {reason}{hint}", kind)
        self.reason = reason


class Headers(Mapping[str, str]):
    """Headers of an answer, by names in any case. Of several of a name this is the first; `get_all` has all."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = [(name.lower(), value) for name, value in pairs]

    def __getitem__(self, name: str) -> str:
        for other, value in self._pairs:
            if other == name.lower():
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def get_all(self, name: str) -> list[str]:
        """All values of a name, in their order."""
        return [value for other, value in self._pairs if other == name.lower()]

    def __repr__(self) -> str:
        return f"Headers({self._pairs!r})"


@dataclass(frozen=True)
class Request:
    """A request, checked. `request` makes one and sends it."""

    method: str
    """The method, such as `GET`."""
    scheme: str
    """`http` or `https`."""
    authority: str
    """Host and port, such as `api.example.com` or `localhost:8080`."""
    path: str
    """Path and query, such as `/releases?limit=1`."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names and values."""
    body: bytes = field(default=b"", repr=False)
    """The body, empty where there is none."""
    timeout: float | None = None
    """Seconds, or None for the worker's own."""
    max_bytes: int = MAX_BYTES
    """How much of the answer is read."""

    @property
    def url(self) -> str:
        """Where it goes to."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def json(self) -> Any:
        """The body as what JSON makes of it, for tests."""
        return _json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """An answer, read to its end."""

    status: int
    """The status code."""
    headers: Headers = field(default_factory=Headers)
    """The headers."""
    body: bytes = field(default=b"", repr=False)
    """The body."""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    def text(self) -> str:
        """The body as text, UTF-8; what is none is replaced by U+FFFD."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as what JSON makes of it; a `Failure` where it is none."""
        try:
            return _json.loads(self.body)
        except ValueError as error:
            raise Failure.job_failed(f"the answer is not JSON: {error}") from error


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: bytes | str = b"",
    json: object = None,
    timeout: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> Response:
    """Makes a request and reads its answer.

    - `headers`: names and values. `host`, `connection` and the like are the worker's to write.
    - `body`: bytes, or a text that is sent as UTF-8.
    - `json`: a value that is sent as JSON instead, with its `content-type`.
    - `timeout`: seconds to connect, to the first byte, and between bytes; it counts where it is shorter than
      the worker's.
    - `max_bytes`: an answer that is longer is an error.

    An answer of any status is an answer. `HttpError` says why there is none; a URL, method or header that cannot be
    is a `ValueError`.
    """
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    content = body.encode("utf-8") if isinstance(body, str) else bytes(body)
    if json is not None:
        if content:
            raise ValueError("a request has a `body` or a `json`, not both")
        content = _stdlib_json.dumps(json, ensure_ascii=False, allow_nan=False).encode("utf-8")
        if not any(name.lower() == "content-type" for name, _ in pairs):
            pairs.append(("content-type", "application/json"))
    if timeout is not None and not (0 < timeout < math.inf):
        raise ValueError(f"a timeout is a number of seconds over 0, not {timeout}")
    if max_bytes < 0:
        raise ValueError(f"max_bytes is not negative, as {max_bytes} is")
    if not method or not _METHOD.issuperset(method):
        raise ValueError(f"`{method}` is not an HTTP method")
    for name, value in pairs:
        if not name or not _METHOD.issuperset(name):
            raise ValueError(f"`{name}` is not a header's name")
        if any(ord(c) < 32 and c != "\t" or ord(c) == 127 for c in value):
            # The value may be a secret.
            raise ValueError(f"the value of the header `{name}` has a control character, such as a line end")
    scheme, authority, path = _parts(url)
    return _host.current().send(
        Request(method, scheme, authority, path, tuple(pairs), content, timeout, max_bytes)
    )


def _parts(url: str) -> tuple[str, str, str]:
    try:
        split = urlsplit(url)
        host = split.hostname
        split.port
    except ValueError as error:
        raise ValueError(f"`{url}` is not a URL: {error}") from None
    if split.scheme not in ("http", "https") or not host:
        raise ValueError(f"`{url}` is not a URL of the form https://host/path")
    if "@" in split.netloc:
        # Without the URL, which has a password in it.
        raise ValueError("a URL with a user is not sent: give an `authorization` header")
    if not split.netloc.isascii():
        raise ValueError(f"`{split.netloc}` has letters that hosts do not have: give its form in ASCII, xn--...")
    path = quote(split.path or "/", safe=_SAFE)
    query = f"?{quote(split.query, safe=_SAFE)}" if split.query else ""
    return split.scheme, split.netloc, path + query
