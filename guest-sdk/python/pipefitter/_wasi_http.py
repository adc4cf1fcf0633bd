"""A request over wasi:http. Only a component whose world has it imports this."""

from __future__ import annotations

import re
from typing import Any

from componentize_py_types import Err, Ok  # type: ignore[import-not-found,unused-ignore]
from wit_world.imports import outgoing_handler, streams  # type: ignore[import-not-found,unused-ignore]
from wit_world.imports import wasi_http_types as wasi  # type: ignore[import-not-found,unused-ignore]

from pipefitter._values import clean
from pipefitter.failure import FailureKind
from pipefitter.http import Headers, HttpError, Request, Response

_WRITTEN = 4096
"""What wasi:io takes in one blocking write."""
_READ = 64 * 1024

_METHODS = {
    "GET": wasi.Method_Get,
    "HEAD": wasi.Method_Head,
    "POST": wasi.Method_Post,
    "PUT": wasi.Method_Put,
    "DELETE": wasi.Method_Delete,
    "OPTIONS": wasi.Method_Options,
    "PATCH": wasi.Method_Patch,
}


def send(request: Request) -> Response:
    """Makes a request and reads its answer."""
    with outgoing_handler_future(request) as future:
        with future.subscribe() as answered:
            answered.block()
        result = future.get()
    if not isinstance(result, Ok) or not isinstance(result.value, Ok):
        code = result.value.value if isinstance(result, Ok) else None
        raise _error(request, code)
    with result.value.value as response:
        status = response.status()
        with response.headers() as fields:
            headers = Headers([(name, value.decode("utf-8", "replace")) for name, value in fields.entries()])
        return Response(status, headers, _read(request, response, headers))


def outgoing_handler_future(request: Request) -> Any:
    """Sends a request, body and all."""
    try:
        fields = wasi.Fields.from_list([(name, clean(value).encode("utf-8")) for name, value in request.headers])
    except Err as error:
        raise _error(request, error.value) from None
    out = wasi.OutgoingRequest(fields)
    known = _METHODS.get(request.method)
    out.set_method(known() if known else wasi.Method_Other(request.method))
    out.set_scheme(wasi.Scheme_Https() if request.scheme == "https" else wasi.Scheme_Http())
    out.set_authority(request.authority)
    out.set_path_with_query(request.path)
    options = None
    if request.timeout is not None:
        nanoseconds = max(1, int(request.timeout * 1_000_000_000))
        options = wasi.RequestOptions()
        options.set_connect_timeout(nanoseconds)
        options.set_first_byte_timeout(nanoseconds)
        options.set_between_bytes_timeout(nanoseconds)
    body = out.body()
    try:
        future = outgoing_handler.handle(out, options)
    except Err as error:
        raise _error(request, error.value) from None
    try:
        if request.body:
            with body.write() as stream:
                for start in range(0, len(request.body), _WRITTEN):
                    stream.blocking_write_and_flush(request.body[start : start + _WRITTEN])
        wasi.OutgoingBody.finish(body, None)
    except Err:
        # A server may answer and close before it has read everything: the answer says how it went.
        pass
    return future


def _read(request: Request, response: Any, headers: Headers) -> bytes:
    said = headers.get("content-length", "")
    if said.isdecimal() and int(said) > request.max_bytes and request.method != "HEAD":
        raise _too_long(request)
    read = bytearray()
    with response.consume() as body, body.stream() as stream:
        while True:
            try:
                read += stream.blocking_read(min(_READ, request.max_bytes + 1 - len(read)))
            except Err as error:
                if isinstance(error.value, streams.StreamError_Closed):
                    return bytes(read)
                with error.value.value as cause:
                    code = wasi.http_error_code(cause)
                    raise _error(request, code, cause.to_debug_string()) from None
            if len(read) > request.max_bytes:
                raise _too_long(request)


def _too_long(request: Request) -> HttpError:
    return HttpError(
        request,
        FailureKind.JOB_FAILED,
        f"the answer is longer than {request.max_bytes} bytes",
        ": ask for less, or raise `max_bytes`",
    )


def _error(request: Request, code: Any, otherwise: str = "no answer") -> HttpError:
    if code is None:
        return HttpError(request, FailureKind.SYSTEM_UNAVAILABLE, otherwise)
    name = type(code).__name__.partition("_")[2]
    reason = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    reason = " ".join(word if word.isupper() else word.lower() for word in reason.split())
    detail: Any = getattr(code, "value", None)
    if isinstance(detail, str) and detail:
        reason = f"{reason}: {detail}"
    elif getattr(detail, "rcode", None):
        reason = f"{reason}: {detail.rcode}"
    if name in ("HttpRequestDenied", "DestinationIpProhibited"):
        hint = f": the worker's operator grants {request.scheme}://{request.authority} to this plugin, or not"
        return HttpError(request, FailureKind.PERMISSION_ERROR, reason, hint)
    return HttpError(request, FailureKind.SYSTEM_UNAVAILABLE, reason)
