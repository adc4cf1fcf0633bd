"""Policy: a Test action that holds CloudFormation templates and other JSON and YAML to rules and schemas."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated

from pipefitter import Failure, Job, Outcome, Range, log, plugin

from policy import files, rules, schemas
from policy.check import check
from policy.report import Report
from policy.rules import RuleFile, Severity

schemas.warm_up()


class FailOn(Enum):
    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


@dataclass
class Config:
    rules: str = "policy.yaml"
    files: list[str] = field(default_factory=lambda: ["*.json", "*.yaml", "*.yml", "*.template"])
    ignore: list[str] = field(default_factory=list)
    fail_on: FailOn = FailOn.ERROR
    max_file_size: Annotated[int, Range(1, 16 * 1024)] = 1024


@plugin
def run(job: Job) -> Outcome:
    config = job.config(Config)
    source = job.first_input()
    # Who says what holds may be another than who is held to it: then the rules are an artifact of their own.
    policy = job.inputs[-1]
    most = config.max_file_size * 1024

    if config.rules not in (path.as_posix() for path in policy.files()):
        raise Failure.configuration_key(
            "rules", f"`{config.rules}` is not in the artifact `{policy.name}`: give the rule file's path in it"
        )
    loaded = rules.load(config.rules, policy.read_text(config.rules))
    known = {use.schema: schemas.Schema(policy.path, use.schema, most) for use in loaded.schemas}

    wanted, ignored = files.matcher(config.files), files.matcher(config.ignore)
    own = {config.rules, *known} if policy is source else set()
    names = [name for name in (path.as_posix() for path in source.files()) if wanted(name) and not ignored(name)]
    names = [name for name in names if name not in own]
    if not names:
        raise Failure.configuration_error(
            f"the artifact `{source.name}` has no file to check: `files` is {', '.join(config.files)}, and what "
            "`ignore` has is left out"
        )
    report = check(source.path, names, loaded, known, most)
    return conclude(job, report, config, loaded)


def conclude(job: Job, report: Report, config: Config, loaded: RuleFile) -> Outcome:
    """Tells what was found: in the log, in the report, and as the job's result."""
    for finding in report.findings:
        (log.error if finding.severity is Severity.ERROR else log.warn)(str(finding))
    for rule, places in report.applied.items():
        if places == 0:
            log.warn(f"`{rule}` was applied nowhere: see to its `files` and `at`")
    violations, warnings = report.of(Severity.ERROR), report.of(Severity.WARNING)
    counting = {
        FailOn.ERROR: violations,
        FailOn.WARNING: report.findings,
        FailOn.NEVER: [],
    }[config.fail_on]
    if counting:
        raise Failure.job_failed(report.message(counting))
    if job.outputs:
        job.first_output().write("report.json", report.as_json())
        job.first_output().write("report.md", report.as_markdown())
    return (
        Outcome.succeeded()
        .variable("files", report.files)
        .variable("violations", len(violations))
        .variable("warnings", len(warnings))
        .variable("undecided", len(report.undecided))
        .variable("rules", len(loaded.rules) + len(loaded.schemas))
        .summary(report.headline())
        .percent(100)
    )
