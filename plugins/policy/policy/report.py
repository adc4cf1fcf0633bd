"""What was found, as JSON for programs and as Markdown for people."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from policy.rules import Severity

_IN_MESSAGE = 20


@dataclass(frozen=True)
class Finding:
    """One finding in one file."""

    file: str
    line: int
    rule: str
    severity: Severity
    path: str
    problem: str
    message: str = ""

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        said = f" ({self.message})" if self.message else ""
        return f"{self.file}:{self.line}: {self.rule}: {place}{self.problem}{said}"


@dataclass
class Report:
    """All that was found."""

    files: int = 0
    documents: int = 0
    findings: list[Finding] = field(default_factory=list)
    undecided: list[Finding] = field(default_factory=list)
    applied: dict[str, int] = field(default_factory=dict)
    """In how many places each rule and schema was applied."""

    def of(self, severity: Severity) -> list[Finding]:
        """The findings that matter so much."""
        return [finding for finding in self.findings if finding.severity is severity]

    def headline(self) -> str:
        """The counts in a few words."""
        violations, warnings = len(self.of(Severity.ERROR)), len(self.of(Severity.WARNING))
        text = f"{_counted(violations, 'violation')} in {_counted(self.files, 'file')}"
        return f"{text}, {_counted(warnings, 'warning')}" if warnings else text

    def message(self, counting: list[Finding]) -> str:
        """The failure's message: the first of what counts."""
        lines = [f"{self.headline()}:", *(str(finding) for finding in counting[:_IN_MESSAGE])]
        if len(counting) > _IN_MESSAGE:
            lines.append(f"and {len(counting) - _IN_MESSAGE} more: all are in the job's log")
        return "\n".join(lines)

    def as_json(self) -> str:
        """report.json."""
        return json.dumps(
            {
                "files": self.files,
                "documents": self.documents,
                "violations": [_item(finding) for finding in self.of(Severity.ERROR)],
                "warnings": [_item(finding) for finding in self.of(Severity.WARNING)],
                "undecided": [_item(finding) for finding in self.undecided],
                "applied": self.applied,
            },
            indent=2,
            ensure_ascii=False,
        ) + "\n"

    def as_markdown(self) -> str:
        """report.md."""
        lines = ["# Policy", "", f"{self.headline()}.", ""]
        for title, findings in [
            ("Violations", self.of(Severity.ERROR)),
            ("Warnings", self.of(Severity.WARNING)),
            ("Not decided: values that CloudFormation alone knows", self.undecided),
        ]:
            if findings:
                lines += [f"## {title}", "", "| file | rule | where | what |", "|---|---|---|---|"]
                lines += [
                    f"| {_cell(f'{one.file}:{one.line}')} | {_cell(one.rule)} | {_cell(one.path)} | "
                    f"{_cell(' '.join(filter(None, [one.problem + '.', one.message])))} |"
                    for one in findings
                ]
                lines.append("")
        lines += ["## Rules", "", "| rule | applied in places |", "|---|---|"]
        lines += [f"| {_cell(rule)} | {times} |" for rule, times in self.applied.items()]
        return "\n".join(lines) + "\n"


def _item(finding: Finding) -> dict[str, str | int]:
    return {
        "file": finding.file,
        "line": finding.line,
        "rule": finding.rule,
        "path": finding.path,
        "problem": finding.problem,
        "message": finding.message,
    }


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _cell(text: str) -> str:
    """A text in a table: nothing in it is Markdown or HTML, but code in backticks."""
    flat = " ".join(text.split())
    for sign, written in [("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")]:
        flat = flat.replace(sign, written)
    return flat
