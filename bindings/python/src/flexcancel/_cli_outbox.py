"""The commands of ``flexcancel outbox``."""

from __future__ import annotations

import argparse
import json
import math
import os
from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import _cli_input
from ._cli_connection import service
from ._cli_key import key
from ._cli_signals import Terminated
from ._client import Client
from ._console import Console
from ._enums import Code, OutboxState
from ._errors import InterruptedCallError, OutboxError
from ._exit_codes import ExitCode, UsageError, epilog
from ._flush_report import FlushReport
from ._formatting import plain
from ._outbox import WORKLIST, Outbox, number_of
from ._outbox_entry import OutboxCounts, OutboxEntry
from ._watch import Watch, details, line, summary

EPILOG = f"""\
Only flush sends anything. It and enqueue need the API key; --base-url as for the till. Without a
key, the others count every mode. FILE must exist: a till, or enqueue, creates it.

{epilog(2)}

list and stats end with 0; enqueue with 3; ack and withdraw with 0 if all are, else 2; watch with
130. Otherwise as above.
"""

_MAX = 1000


@dataclass(frozen=True)
class Target:
    """A service, and the mode in which it is spoken to, if that is known."""

    base_url: str
    mode: Optional[str]

    def fits(self, other: Target) -> bool:
        """Whether what is kept for one is delivered by the other, as the library has it."""
        is_of_mode = self.mode == other.mode or None in (self.mode, other.mode)
        return self.base_url == other.base_url and is_of_mode

    def __str__(self) -> str:
        mode = f", {self.mode} mode" if self.mode else ""
        return f"{plain(self.base_url)}{mode}"


def add(
    commands: Any,
    add_connection: Callable[[argparse.ArgumentParser], None],
    run_outbox: Callable[[argparse.Namespace, Console], int],
) -> None:
    """Adds ``outbox`` and its commands to the command line."""
    form = argparse.RawDescriptionHelpFormatter
    outbox = commands.add_parser(
        "outbox",
        help="keep cancels in an outbox, and see to what it keeps",
        epilog=EPILOG,
        formatter_class=form,
    )
    within = outbox.add_subparsers(title="commands", dest="outbox_command", required=True)
    for name, run, add_options, help_text in [
        ("list", _list, _add_list, "show entries, one a line; changes nothing"),
        ("stats", _stats, _add_nothing, "count entries; changes nothing"),
        ("enqueue", _enqueue, _add_enqueue, "keep cancels for a later flush; sends nothing"),
        ("flush", _flush, _add_flush, "deliver what is due"),
        ("ack", _acknowledge, _add_entries, "note that a person has seen final entries"),
        ("withdraw", _withdraw, _add_withdraw, "end pending entries: they are not delivered"),
        ("watch", _watch, _add_watch, "show what is still to be done, until Ctrl-C"),
    ]:
        command = within.add_parser(
            name, help=help_text, description=help_text, epilog=EPILOG, formatter_class=form
        )
        command.add_argument("outbox", metavar="FILE", help="the outbox's file")
        command.add_argument("--json", action="store_true", help="one JSON object a line")
        add_options(command)
        add_connection(command)
        command.set_defaults(run=run_outbox, run_outbox=run, needs_key=run in (_flush, _enqueue))


def run(options: argparse.Namespace, client: Client, console: Console) -> int:
    """Runs one of the commands. Returns the exit code."""
    is_new = options.run_outbox is _enqueue
    _cli_input.check_is_no_id(options.outbox, "FILE")
    if not is_new and not os.path.lexists(options.outbox):
        raise UsageError(f"{options.outbox}: expected an outbox's file, found nothing")
    keep = getattr(options, "keep", None)
    with Outbox(client, options.outbox, keep=keep, create=is_new) as outbox:
        return int(options.run_outbox(options, outbox, console))


def _add_list(command: argparse.ArgumentParser) -> None:
    states = command.add_mutually_exclusive_group()
    names = [str(state) for state in OutboxState]
    states.add_argument(
        "--state", action="append", choices=names, dest="states", help="only those; repeatable"
    )
    states.add_argument(
        "--worklist", action="store_true", help="only what a person must see: the shift's end"
    )
    command.add_argument("--session", metavar="ID", help="only those of this session")
    command.add_argument("--after", type=int, metavar="ENTRY", help="only those with greater ones")
    command.add_argument("--max", type=int, metavar="N", help="at most so many (all)")


def _add_flush(command: argparse.ArgumentParser) -> None:
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="for all of it (60)")
    command.add_argument(
        "--max", type=int, default=_MAX, metavar="N", help="at most so many (1000)"
    )
    command.add_argument(
        "--now", action="store_const", const=True, help="also what waits for its next try"
    )
    command.add_argument(
        "--keep", type=float, metavar="SECONDS", help="forget what ended before that (30 days)"
    )


def _add_nothing(_: argparse.ArgumentParser) -> None:
    pass


def _add_enqueue(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="+", metavar="ID", help="a checkout session's id")


def _add_entries(command: argparse.ArgumentParser) -> None:
    command.add_argument("entries", nargs="+", type=int, metavar="ENTRY", help="an entry's number")


def _add_withdraw(command: argparse.ArgumentParser) -> None:
    _add_entries(command)
    command.add_argument("--reason", required=True, metavar="TEXT", help="why; is kept with it")


def _add_watch(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--interval", type=_interval, default=2.0, metavar="SECONDS", help="between two looks (2)"
    )
    command.add_argument("--once", action="store_true", help="look once")


def _interval(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"expected seconds, above 0, up to 86400, found {text}")
    return seconds


def _list(options: argparse.Namespace, outbox: Outbox, console: Console) -> int:
    remaining, is_empty = options.max, True
    wanted = {
        "states": WORKLIST if options.worklist else options.states,
        "acknowledged": False if options.worklist else None,
        "session_id": options.session,
        "after": options.after,
    }
    while True:
        found = outbox.list(**wanted, max=_MAX if remaining is None else min(remaining, _MAX))
        for entry in found:
            is_empty = False
            console.print(json.dumps(entry.raw) if options.json else line(entry), may_be_cut=True)
            for words in () if options.json else details(entry):
                console.print(f"  {words}", may_be_cut=True)
        remaining = None if remaining is None else remaining - len(found)
        if remaining == 0 or len(found) < _MAX:
            if is_empty and not options.json:
                console.print(
                    "nothing to do" if options.worklist else "no entries", may_be_cut=True
                )
            return ExitCode.DONE
        wanted["after"] = found[-1].id


def _stats(options: argparse.Namespace, outbox: Outbox, console: Console) -> int:
    counts = outbox.stats()
    console.print(json.dumps(counts.raw) if options.json else summary(counts), may_be_cut=True)
    return ExitCode.DONE


def _enqueue(options: argparse.Namespace, outbox: Outbox, console: Console) -> int:
    for session_id in options.ids:
        entry = outbox.enqueue(session_id)
        console.print(json.dumps(entry.raw) if options.json else line(entry))
    return ExitCode.PENDING


def _flush(options: argparse.Namespace, outbox: Outbox, console: Console) -> int:
    try:
        report = outbox.flush(timeout=options.timeout, max=options.max, now=options.now)
    except KeyboardInterrupt as interruption:
        ended = InterruptedCallError.of(interruption)
        if ended is not None and isinstance(ended.result, FlushReport):
            _show_flush(ended.result, options, outbox, console)
        raise
    _show_flush(report, options, outbox, console)
    return _left(report.counts)


def _show_flush(
    report: FlushReport, options: argparse.Namespace, outbox: Outbox, console: Console
) -> None:
    if options.json:
        console.print(report.json)
        return
    for entry in report.entries:
        console.print(line(entry))
    # None is foreign, if the library counts none.
    has_foreign = report.counts is None or report.counts.foreign > 0
    own = _own(options) if has_foreign else None
    are_foreign = False
    for entry in outbox._all((OutboxState.PENDING,)):
        theirs = Target(entry.base_url, entry.mode)
        name = f"{entry.id}: {plain(entry.session_id)}"
        if own is not None and not own.fits(theirs):
            are_foreign = True
            kept = f"kept for another service or mode ({theirs})"
            console.print(f"{name}: {kept}: this key never delivers it")
            continue
        console.print(f"{name}: waits")
        for words in details(entry):
            console.print(f"  {words}")
    if are_foreign:
        console.print(f"the flush was for {own}")
    if report.counts is not None:
        console.print(summary(report.counts))
    if report.code is not Code.OK:
        console.complain(f"the flush ended early: {report.code}: {report.message}")


def _own(options: argparse.Namespace) -> Target:
    """What a flush delivers to. The mode is not known if the key's file cannot be read again."""
    try:
        mode = key(options).mode
    except UsageError:
        mode = None
    return Target(service(options), mode)


def _acknowledge(options: argparse.Namespace, outbox: Outbox, console: Console) -> int:
    return _each(options, outbox.acknowledge, console)


def _withdraw(options: argparse.Namespace, outbox: Outbox, console: Console) -> int:
    has_ended = set()

    def withdraw(number: int) -> OutboxEntry:
        before = [one for one in outbox.list(after=number - 1, max=1) if one.id == number]
        entry = outbox.withdraw(number, options.reason)
        # Between the two somebody else may have ended it.
        if any(one.state.is_final for one in before) or entry.last_code != Code.OUTBOX_EXPIRED:
            has_ended.add(number)
            problem = f"it had ended before ({entry.state}), and is not withdrawn"
            console.complain(f"entry {number}: {problem}")
        return entry

    code = _each(options, withdraw, console)
    return ExitCode.FOR_A_PERSON if has_ended else code


def _each(options: argparse.Namespace, act: Callable[[int], OutboxEntry], console: Console) -> int:
    code = ExitCode.DONE
    for number in options.entries:
        # Checked before anything is done.
        number_of(number)
    for number in options.entries:
        try:
            entry = act(number)
        except OutboxError as error:
            # The others have their turn nevertheless.
            if error.code not in (Code.OUTBOX_NO_ENTRY, Code.OUTBOX_PENDING, Code.OUTBOX_BUSY):
                raise
            console.complain(error.message)
            code = ExitCode.FOR_A_PERSON
        else:
            console.print(json.dumps(entry.raw) if options.json else line(entry))
    return code


def _watch(options: argparse.Namespace, outbox: Outbox, console: Console) -> int:
    try:
        with Watch(outbox, console, options.json) as watch:
            return _watched(options, watch, console)
    except Terminated:
        raise
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _watched(options: argparse.Namespace, watch: Watch, console: Console) -> int:
    while True:
        taken = watch.show()
        if options.once or console.is_lost or not console.output.has_reader(options.interval):
            return _left(taken.counts)


def _left(counts: Optional[OutboxCounts]) -> int:
    if counts is None or counts.pending:
        return ExitCode.PENDING
    return ExitCode.FOR_A_PERSON if counts.worklist else ExitCode.DONE
