"""Crash points: before and after every commit and every HTTP call of this process, and after every statement that makes
or changes a table, wrapped from outside.

Nothing of the product knows of them. ``arm`` is called in a process of its own, right after its fork.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from threading import get_ident
from typing import Any

import httpx
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.default import DefaultDialect

Passed = Callable[[str], None]


def arm(passed: Passed) -> None:
    """From now on ``passed`` hears the name of every point as it is reached."""
    _wrap_calls(passed)
    _wrap_commits(passed)


def stop_at(number: int, how: signal.Signals = signal.SIGKILL) -> Passed:
    """The process gets ``how`` at its ``number``th point, counted from one."""
    reached = itertools.count(1)

    def passed(name: str) -> None:
        if next(reached) == number:
            # To this thread: the process as a whole would let it run on for a moment.
            signal.pthread_kill(get_ident(), how)

    return passed


def write_down(path: str) -> Passed:
    """Every point's name as a line of this file."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return lambda name: (os.write(file, f"{name}\n".encode()), None)[1]


def _wrap_calls(passed: Passed) -> None:
    inner = httpx.HTTPTransport.handle_request

    def around(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path}"
        passed(f"before {name}")
        answer = inner(self, request)
        passed(f"after {name}")
        return answer

    httpx.HTTPTransport.handle_request = around  # type: ignore[method-assign]


def _wrap_commits(passed: Passed) -> None:
    """Only of transactions that wrote something, in whatever database. SQLite commits what makes a table at once."""
    inner = DefaultDialect.do_commit
    writing: dict[int, str] = {}

    def wrote(connection: Connection, cursor: Any, statement: str, *more: Any) -> None:
        verb, *rest = statement.split(maxsplit=3)
        if verb in ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"):
            table = rest[0] if verb == "UPDATE" else rest[1]
            writing.setdefault(id(connection.connection.dbapi_connection), f"{verb} {table}")
        if verb in ("CREATE", "ALTER", "DROP"):
            passed(f"after {verb} {table}")

    def around(dialect: DefaultDialect, connection: Any) -> None:
        name = writing.pop(id(connection.dbapi_connection), "")
        if name:
            passed(f"before commit of {name}")
        inner(dialect, connection)  # type: ignore[no-untyped-call]
        if name:
            passed(f"after commit of {name}")

    DefaultDialect.do_commit = around  # type: ignore[method-assign]

    def undone(connection: Connection) -> None:
        writing.pop(id(connection.connection.dbapi_connection), None)

    event.listen(Engine, "after_cursor_execute", wrote)
    event.listen(Engine, "rollback", undone)
