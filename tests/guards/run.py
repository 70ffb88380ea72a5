"""``make guards``: every guard is taken out of a copy of the project, and its test must fail there.

``python -m tests.guards.run 12 47`` tries these rows only.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .catalogue import ROOT, Row, rows

# A guard against turning in a circle is missed by a test that never ends.
PATIENCE = 300
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", ".instep", "__pycache__", ".*_cache", "*.egg-info")
PASSED, FAILED = 0, 1


def ends(root: Path, test: str) -> int | None:
    """pytest's exit code; None where it did not end."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", test]
    try:
        return subprocess.run(command, cwd=root, capture_output=True, timeout=PATIENCE, check=False).returncode
    except subprocess.TimeoutExpired:
        return None


def misses(row: Row) -> str:
    """What is wrong with a row; empty when its test passes with the guard and fails without."""
    with TemporaryDirectory(prefix="instep-guard-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        if ends(copy, row.tests[0]) != PASSED:
            return "its test does not pass"
        try:
            for edit in row.guard:
                edit.apply(copy)
        except LookupError as error:
            return str(error)
        return "" if ends(copy, row.tests[0]) in (FAILED, None) else "its test passes without the guard"


def main(arguments: list[str]) -> int:
    every = [row for row in rows() if row.guard and (not arguments or str(row.number) in arguments)]
    wrong = 0
    for row in every:
        said = misses(row)
        wrong += bool(said)
        print(f"{row.number:>4}  {said or 'fails without its guard'}  ({row.fault})", flush=True)
    print(f"{len(every) - wrong} of {len(every)} tests fail when their guard is taken out.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
