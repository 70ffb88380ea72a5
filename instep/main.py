"""The `instep` command: its families of commands, its exit codes, one sentence for whatever goes wrong.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 something new needs a person.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata

from cyclopts import App, CycloptsError, MissingArgumentError, UnknownCommandError, UnusedCliTokensError

from instep import (
    adopting,
    approving,
    auditing,
    checking,
    deciding,
    demonstrating,
    door,
    drafting,
    erasing,
    following,
    knowing,
    linking,
    naming,
    rehearsing,
    requesting,
    retiring,
    running,
    simulating,
    starting,
)
from instep.screen import complain

DEBUG = "--debug"
WRONG_USE, INTERRUPTED = 2, 130

app = App(
    name="instep",
    help="Keeps Stripe, Intercom and a SaaS product's own user database in step.",
    help_format="plaintext",
    help_epilogue=f"{DEBUG} with any command shows what happened inside, on standard error.",
    version=lambda: metadata.version("instep"),
    suppress_keyboard_interrupt=False,
)
request = App(name="request", help="Ask for something the way the product would.")
app.command(demonstrating.demo)
app.command(rehearsing.rehearse)
app.command(simulating.sandbox)
app.command(starting.init)
app.command(checking.check)
tags = App(name="tags", help="What Instep uses in Intercom.")
tags.default(naming.tags)
tags.command(retiring.restore)
tags.command(retiring.retire)
app.command(tags)
plans = App(name="plans", help="Plans and what they cost in Stripe.")
app.command(plans)
plans.command(drafting.plans, name="import")
app.command(adopting.adopt)
app.command(adopting.go_live)
app.command(adopting.pause)
app.command(running.plan)
app.command(running.sync)
app.command(running.sweep)
app.command(auditing.audit)
app.command(knowing.status)
app.command(deciding.todo)
app.command(deciding.resolve)
app.command(deciding.ignore)
app.command(approving.approve)
app.command(following.after)
app.command(erasing.erase)
app.command(erasing.erased)
app.command(door.door)
app.command(linking.revoke)
app.command(request)
for command in (
    requesting.trial,
    requesting.extend,
    requesting.cancel,
    requesting.keep,
    requesting.reactivate,
    requesting.charge,
):
    request.command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Every error is one sentence on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in words
    with _logs(debug):
        try:
            code = app(
                [word for word in words if word != DEBUG],
                exit_on_error=False,
                print_error=False,
                result_action="return_value",
            )
        except CycloptsError as error:
            complain(f"{_misuse(error)} See `instep --help`.")
            return WRONG_USE
        except KeyboardInterrupt:
            return INTERRUPTED
        except Exception as error:
            return _failed(error)
    return code if isinstance(code, int) else 0


def _misuse(error: CycloptsError) -> str:
    """What was typed wrong, in one sentence."""
    text = " ".join(str(error).split())
    if isinstance(error, UnusedCliTokensError):
        return f"`{' '.join(error.unused_tokens or ())}` is more than this command takes."
    quoted = text.split('"')[1:2]
    if isinstance(error, UnknownCommandError) and quoted:
        return f"There is no command {quoted[0]}."
    if isinstance(error, MissingArgumentError) and quoted:
        name = text.removesuffix(" requires an argument.").rpartition(" ")[2]
        return f"`instep {quoted[0]}` needs {'a value after ' if name.startswith('-') else ''}{name}."
    return text


def _failed(error: Exception) -> int:
    from flows.failures import explain

    logging.getLogger("instep").debug("the command failed", exc_info=error)
    code, sentence = explain(error)
    complain(sentence)
    return code


@contextmanager
def _logs(debug: bool) -> Iterator[None]:
    """What the loop logs, on standard error with ``--debug``; else it is silent."""
    log = logging.getLogger("instep")
    before = log.level
    handler: logging.Handler = logging.StreamHandler() if debug else logging.NullHandler()
    log.addHandler(handler)
    log.setLevel(logging.DEBUG if debug else before)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


if __name__ == "__main__":
    sys.exit(main())
