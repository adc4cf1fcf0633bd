"""Secrets that the operator grants by name: an API's token, a password for a service.

A plugin says in its manifest which it wants, and why; the operator's configuration says which it gets:

    [capabilities]
    secrets = [{ name = "deploy-token", reason = "to sign in to deploy.example.com" }]

    token = secrets.get("deploy-token")

A component imports the contract's `secrets` only if its manifest asks for some when it is built; one that does
is served only where the operator grants it secrets. Ask when the secret is needed and do not keep it: the host
masks its value in logs, messages and summaries, which guards against accidents and not against a plugin that
writes it out in another form. What a plugin needs only as a header of its requests an operator can attach to
them, so that the plugin never sees it.
"""

from __future__ import annotations

from enum import Enum

from pipefitter import _host
from pipefitter.failure import Failure, FailureKind


class SecretReason(Enum):
    """Why there is no secret."""

    DENIED = "denied"
    """The operator's configuration does not grant this name to the plugin."""
    MISSING = "missing"
    """The name is granted, the store has nothing under it."""
    UNAVAILABLE = "unavailable"
    """The store does not answer: trying again may help."""


_SAID = {
    SecretReason.DENIED: "is not granted to this plugin: the worker's operator can grant it",
    SecretReason.MISSING: (
        "is granted, and nothing is stored under it: the worker's operator can store it"
    ),
    SecretReason.UNAVAILABLE: "cannot be read now: trying again later may help",
}


class SecretError(Failure):
    """There is no secret. Left alone, it fails the job: as a `permission_error`, or as
    `system_unavailable` where trying again may help."""

    name: str
    """The name that was asked for."""
    reason: SecretReason
    """Why there is none."""

    def __init__(self, name: str, reason: SecretReason) -> None:
        unavailable = reason is SecretReason.UNAVAILABLE
        super().__init__(
            f"the secret `{name}` {_SAID[reason]}",
            FailureKind.SYSTEM_UNAVAILABLE if unavailable else FailureKind.PERMISSION_ERROR,
        )
        self.name = name
        self.reason = reason


def get(name: str) -> str:
    """A secret as text. `SecretError` says why there is none."""
    return _host.current().secret(name)


def get_bytes(name: str) -> bytes:
    """A secret as bytes, for those that are not text. `SecretError` says why there is none."""
    return _host.current().secret_bytes(name)
