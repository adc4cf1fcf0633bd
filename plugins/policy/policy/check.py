"""Checks the files of an artifact."""

from __future__ import annotations

from pathlib import Path

from pipefitter import Failure, control
from pipefitter.control import StopReason

from policy import files, paths
from policy.report import Finding, Report
from policy.rules import Found, RuleFile, Severity
from policy.schemas import Schema
from policy.tree import Document, Unreadable

MOST_IN_A_FILE = 200
"""Of one rule or schema in one file: more say nothing new."""


def check(root: Path, names: list[str], rules: RuleFile, schemas: dict[str, Schema], most: int) -> Report:
    """Checks files of a folder."""
    report = Report(applied={rule.id: 0 for rule in rules.rules} | {use.schema: 0 for use in rules.schemas})
    for done, name in enumerate(names):
        control.progress(done * 100 / len(names), name)
        # A worker that shuts down waits for it: a check of half the files would be no check.
        if control.stop_requested() is StopReason.CANCELLED:
            raise Failure.job_failed(f"stopped when {done} of {len(names)} files were checked")
        report.files += 1
        try:
            documents = files.read(root / name, most)
        except Unreadable as error:
            report.findings.append(Finding(name, error.line, "readable", Severity.ERROR, "", error.problem))
            continue
        report.documents += len(documents)
        for document in documents:
            _check_document(report, name, document, rules, schemas)
    report.findings.sort(key=lambda finding: (finding.file, finding.line, finding.rule))
    return report


def _check_document(
    report: Report, name: str, document: Document, rules: RuleFile, schemas: dict[str, Schema]
) -> None:
    for twice in document.duplicates[:MOST_IN_A_FILE]:
        problem = f"the key `{twice.key}` is there already, in line {twice.first}"
        report.findings.append(Finding(name, twice.line, "unique-keys", Severity.ERROR, "", problem))
    for rule in rules.rules:
        if rule.covers(name):
            places, found = rule.check(document)
            report.applied[rule.id] += places
            for one in found[:MOST_IN_A_FILE]:
                _add(report, name, document, rule.id, rule.severity, one, rule.message)
    for use in rules.schemas:
        if use.covers(name):
            for place, value in use.where.find(document.value):
                report.applied[use.schema] += 1
                for count, one in enumerate(schemas[use.schema].check(value)):
                    if count == MOST_IN_A_FILE:
                        break
                    whole = Found((*place, *one.path), one.problem)
                    _add(report, name, document, use.schema, use.severity, whole, "")


def _add(
    report: Report, name: str, document: Document, rule: str, severity: Severity, found: Found, message: str
) -> None:
    line = document.line_of(found.path)
    finding = Finding(name, line, rule, severity, paths.shown(found.path), found.problem, message)
    (report.undecided if found.undecided else report.findings).append(finding)
