"""The table of docs/guarantees.md: ``python -m tests.guards.page`` writes it between its two marks."""

from __future__ import annotations

from .catalogue import ROOT, rows

PAGE = ROOT / "docs/guarantees.md"
BEGIN, END = "<!-- rows: made from tests/guards/catalogue.toml by `make docs` -->\n", "<!-- end of rows -->\n"


def table() -> str:
    lines = ["| | what may break | what holds | test | guard |", "|---|---|---|---|---|"]
    for row in rows():
        tests = ", ".join(f"`{test.removeprefix('tests/')}`" for test in row.tests)
        guard = ", ".join(dict.fromkeys(f"`{edit.file}`" for edit in row.guard))
        lines.append(f"| {row.number} | {row.fault} | {row.holds} | {tests} | {guard} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page with today's table. Raises ValueError where a mark is missing."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE.name} has lost its marks")
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(page())
