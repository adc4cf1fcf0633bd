"""Walking an artifact's directory."""

from __future__ import annotations

import os
from pathlib import Path

from pipefitter.failure import context


def walk(root: str | os.PathLike[str]) -> list[Path]:
    """The files below a directory, as sorted paths relative to it: the same order on every machine.

    Links are neither followed nor listed. A directory that cannot be read is a `Failure` that names it.
    """
    top = Path(root)
    found: list[Path] = []
    pending = [Path()]
    while pending:
        directory = pending.pop()
        full = top / directory
        with context(f"reading the directory `{full}`"), os.scandir(full) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(directory / entry.name)
                elif entry.is_file(follow_symlinks=False):
                    found.append(directory / entry.name)
    return sorted(found)
