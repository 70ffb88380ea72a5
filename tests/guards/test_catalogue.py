"""The catalogue speaks of tests and guards that are there, and docs/guarantees.md says what it says."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

from .catalogue import ROOT, rows
from .page import PAGE, page


@cache
def functions_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_is_there() -> None:
    for row in rows():
        for test in row.tests:
            file, _, name = test.partition("::")
            assert not name or name.rpartition("::")[2].partition("[")[0] in functions_in(file), (row.number, test)


def test_every_guard_is_there_once() -> None:
    for row in rows():
        for edit in row.guard:
            assert (ROOT / edit.file).read_text().count(edit.old) == 1, (row.number, edit.file, edit.old)


def test_rows_are_numbered_once_and_in_order() -> None:
    numbers = [row.number for row in rows()]
    assert numbers == sorted(numbers)
    assert not [number for number, times in Counter(numbers).items() if times > 1]


def test_the_page_is_what_the_catalogue_says() -> None:
    assert PAGE.read_text() == page(), "docs/guarantees.md is out of date: run `make docs`"
