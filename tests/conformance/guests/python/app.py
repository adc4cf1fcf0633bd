"""The guest of the conformance suite in Python: tests/conformance/README.md says what it does."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipefitter import CurrentRevision, Failure, FailureKind, Job, Outcome, control, http, log, plugin, secrets

MISSING = "(missing)"
PIECE = 1 << 20
YEAR_2024 = 1_704_067_200


@dataclass
class Numbers:
    number: int | None = None
    count: int = 0
    size: int = 0


def config(job: Job) -> Outcome:
    text = job.config_value("text")
    number = job.config(Numbers).number
    return (
        Outcome.succeeded()
        .variable("text", MISSING if text is None else text)
        .variable("characters", len(text or ""))
        .variable("number", MISSING if number is None else number * 2)
    )


def inputs(job: Job) -> Outcome:
    lines = []
    for source in job.inputs:
        paths = sorted((file.as_posix() for file in source.files()), key=str.encode)
        for path in paths:
            size = Path(source.path, path).stat().st_size
            lines.append(f"{source.name}/{path} {size}\n")
    job.first_output().write("listing.txt", "".join(lines))
    return Outcome.succeeded().variable("inputs", len(job.inputs)).variable("files", len(lines))


def large(job: Job) -> Outcome:
    count, last = 0, 0
    with open(Path(job.first_input().path, "big.bin"), "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            count += len(piece)
            last = piece[-1]
    return Outcome.succeeded().variable("bytes", count).variable("last", last)


def tree(job: Job) -> Outcome:
    out = job.first_output()
    out.write("a/b/c.txt", "deep\n")
    out.write("ünï/日本.txt", "grüße 😀\n")
    out.write("empty.txt", "")
    out.write("bytes.bin", bytes(range(256)))
    return Outcome.succeeded()


def variables(job: Job) -> Outcome:
    numbers = job.config(Numbers)
    outcome = Outcome.succeeded()
    for at in range(numbers.count):
        outcome = outcome.variable(f"v{at}", "x" * numbers.size)
    return outcome


def fail(job: Job) -> Outcome:
    kind = job.config_value("kind") or ""
    raise Failure(
        f"failed as asked: {kind}", FailureKind[kind.upper().replace("-", "_")], external_id="external-1"
    )


def chain(job: Job) -> Outcome:
    token = job.token(str)
    if token is None:
        return Outcome.in_progress("one").summary("one of three")
    if token == "one":
        return Outcome.in_progress("two").summary("two of three")
    return Outcome.succeeded().variable("hops", 3).summary("three of three")


def details(job: Job) -> Outcome:
    return (
        Outcome.succeeded()
        .variable("pipeline", job.pipeline.pipeline)
        .variable("stage", job.pipeline.stage)
        .variable("action", job.pipeline.action)
        .variable("provider", job.action_type.provider)
        .variable("attempt", job.attempt)
        .external_id("external-2")
        .percent(100)
        .current_revision(CurrentRevision("r1", "c1", summary="a revision"))
    )


def throw(_job: Job) -> Outcome:
    raise ValueError("uncaught as asked")


def trap(_job: Job) -> Outcome:
    os.abort()


def progress(_job: Job) -> Outcome:
    control.progress(40, "two of five")
    return Outcome.succeeded()


def stop(_job: Job) -> Outcome:
    log.info("waiting")
    while (reason := control.stop_requested()) is None:
        time.sleep(0.02)
    return Outcome.in_progress(f"stopped: {reason.value}")


def deadline(_job: Job) -> Outcome:
    left = control.time_remaining()
    log.info(f"remaining: {'yes' if 0 < left <= 86_400 else 'no'}")
    while True:
        pass


def write_log(_job: Job) -> Outcome:
    log.trace("level trace", key="value")
    log.debug("level debug", key="value")
    log.info("level info", key="value")
    log.warn("level warn", key="value")
    log.error("level error", key="value")
    log.info("l" * 100_000)
    print("to standard output", flush=True)
    print("to standard error", file=sys.stderr, flush=True)
    os.write(1, b"bad \xff byte\n")
    return Outcome.succeeded()


def clock(_job: Job) -> Outcome:
    readings = [time.monotonic_ns() for _ in range(1_000)]
    return (
        Outcome.succeeded()
        .variable("wall", "yes" if time.time() >= YEAR_2024 else "no")
        .variable("monotonic", "yes" if readings == sorted(readings) else "no")
    )


def draw(_job: Job) -> Outcome:
    one, other = os.urandom(16), os.urandom(16)
    return Outcome.succeeded().variable("differ", "no" if one == other else "yes").variable("bytes", one.hex())


def denied(job: Job) -> Outcome:
    source = Path(job.first_input().path)

    def refused(path: Path, mode: str) -> str:
        try:
            with open(path, mode):
                return "opened"
        except OSError:
            return "refused"

    return (
        Outcome.succeeded()
        .variable("outside", refused(Path("/etc/passwd"), "rb"))
        .variable("input", refused(source / "new.txt", "wb"))
        .variable("above", refused(source / "../../etc/passwd", "rb"))
    )


def network(job: Job) -> Outcome:
    try:
        answer = http.request("GET", job.config_value("url") or "")
    except http.HttpError as error:
        log.warn(error)
        return Outcome.succeeded().variable("error", "yes")
    return Outcome.succeeded().variable("status", answer.status).variable("body", answer.text())


def secret(_job: Job) -> Outcome:
    value = secrets.get("conformance")
    try:
        secrets.get("other")
        told = "no"
    except secrets.SecretError:
        told = "yes"
    return Outcome.succeeded().variable("length", len(value)).variable("denied", told)


CASES = {
    "config": config,
    "inputs": inputs,
    "large": large,
    "tree": tree,
    "variables": variables,
    "fail": fail,
    "continue": chain,
    "details": details,
    "throw": throw,
    "trap": trap,
    "progress": progress,
    "stop": stop,
    "deadline": deadline,
    "log": write_log,
    "clock": clock,
    "random": draw,
    "denied-file": denied,
    "network": network,
    "secret": secret,
}

# These say all of it themselves.
WHOLE = {"continue", "progress", "stop"}


@plugin
def run(job: Job) -> Outcome:
    name = job.config_value("case") or ""
    case = CASES.get(name)
    if case is None:
        raise Failure.configuration_error(f"unknown case `{name}`")
    outcome = case(job)
    return outcome if name in WHOLE else outcome.summary(f"{name} done")
