"""The command ``cancel-many``."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import signal
import sys
from typing import Any, Dict, Iterable, List, Optional

from . import _cli_input
from ._abort import AbortToken
from ._bulk_item import BulkResult, BulkSummary
from ._bulk_run import BulkRun
from ._cli_connection import repeating
from ._cli_key import key
from ._cli_signals import Terminated, aborting
from ._client import Client
from ._console import Console
from ._enums import Code
from ._errors import BulkError
from ._exit_codes import OF_OUTCOME, ExitCode, UsageError
from ._formatting import can_be_canceled, plain
from ._progress import Progress, progress_of
from ._waiting import Waiting

DESCRIPTION = """\
Releases the holds of many sessions, several at a time. Every id is read and checked before anything
is sent. Standard output has one line for each session, in the order of the input; standard error
has the progress, if it is a terminal, and what the run came to. --dry-run sends no cancel, and has
the exit status of retrieve.
"""

FIELDS = (
    "number",
    "session_id",
    "outcome",
    "code",
    "hold",
    "message",
    "idempotency_key",
    "duplicate_of",
    "from_journal",
    "repeat",
)

#: What the library advises where there may be a journal.
_OF_JOURNAL = re.compile(r"\bresume the run with its journal\b")

_JOURNAL_CODES = (Code.JOURNAL_IO, Code.JOURNAL_INVALID, Code.JOURNAL_BUSY)


def add_options(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    command.add_argument("ids", nargs="*", metavar="ID", help="a checkout session's id")
    files = command.add_mutually_exclusive_group()
    files.add_argument(
        "--file", "--from", dest="file", metavar="FILE", help="more ids, one a line; - is stdin"
    )
    files.add_argument("--csv", metavar="FILE", help="more ids, from a table; - is stdin")
    command.add_argument("--column", metavar="NAME", help="the table's column that has the ids")
    command.add_argument("--rate", type=int, metavar="N", help="at most so many requests a second")
    command.add_argument(
        "--concurrency", type=int, default=16, metavar="N", help="at most so many calls at a time"
    )
    command.add_argument("--journal", metavar="FILE", help="by which the run can be resumed")
    command.add_argument("--reason", metavar="TEXT", help="why; is kept in the journal")
    command.add_argument("--dry-run", action="store_true", help="only read the sessions")
    command.add_argument("--yes", action="store_true", help="do not ask before a live run")
    command.add_argument("--output", choices=("jsonl", "csv"), default="jsonl")
    command.add_argument(
        "--max-unknown", type=int, metavar="N", help="stop after more unknown outcomes than this"
    )
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="for each session")
    command.add_argument("--max-attempts", type=int, metavar="N", help="for each session")
    command.add_argument(
        "--verify", action="store_const", const=True, help="read back what a 200 does not show"
    )


def ids(options: argparse.Namespace) -> List[str]:
    """The ids of the sessions, checked."""
    found: List[str] = list(options.ids)
    if options.column is not None and options.csv is None:
        raise UsageError("--column: expected together with --csv")
    if options.reason is not None and options.journal is None:
        raise UsageError("--reason: expected together with --journal, where it is kept")
    if options.journal is not None:
        _cli_input.check_is_no_id(options.journal, "--journal")
    if options.file is not None:
        found += _cli_input.of_lines(options.file, _cli_input.read(options.file))
    elif options.csv is not None:
        found += _cli_input.of_table(options.csv, _cli_input.read(options.csv), options.column)
    elif not found:
        raise UsageError("expected the id of a session, --file FILE or --csv FILE")
    return found


def confirm(count: int, options: argparse.Namespace, console: Console) -> None:
    """Asks before a run that may move real money. Raises unless the answer is yes."""
    if options.yes or options.dry_run:
        return
    mode = key(options).mode
    if mode == "test":
        return
    told, asked = "the key is live", "a live key"
    if mode is None:
        told = "the key does not tell its mode, so it may be live"
        asked = "a key that may be live"
    stdin = sys.stdin
    if stdin is None or not stdin.isatty() or not console.errors.is_terminal:
        raise UsageError(f"{told}: expected --yes, where no terminal can be asked")
    console.errors.write(f"Cancel {count} sessions with {asked}? [y/N] ")
    if stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was sent")


def run(options: argparse.Namespace, names: List[str], client: Client, console: Console) -> int:
    """Runs the command. Returns the exit code."""
    common = {
        name: getattr(options, name)
        for name in (
            "concurrency",
            "rate",
            "journal",
            "max_unknown",
            "reason",
            "timeout",
            "verify",
            "max_attempts",
        )
    }
    shown = _Shown(names, options, console)
    if not names:
        console.complain("there is no session to cancel: the input has no id")
    abort = AbortToken()
    try:
        with aborting(abort) as come, shown.progress, shown.waiting:
            cancels = client.cancel_many(names, dry_run=options.dry_run, abort=abort, **common)
            with cancels:
                shown.show(cancels, abort)
    except BulkError as error:
        return shown.stopped(error)
    shown.sum_up(cancels.summary)
    if come:
        raise Terminated if signal.SIGTERM in come else KeyboardInterrupt
    return shown.worst


class _Shown:
    """What was shown of a run."""

    def __init__(self, names: List[str], options: argparse.Namespace, console: Console) -> None:
        self._names = names
        self._console = console
        self._as_csv = options.output == "csv"
        self._is_dry = options.dry_run
        self._options = options
        self._count = self._held = 0
        self.worst = 0
        self.progress: Progress = progress_of(len(names), console)
        self.waiting = Waiting(self._tell)
        if self._as_csv:
            console.print(_csv_line(FIELDS), may_be_cut=self._is_dry)

    def show(self, cancels: BulkRun[Any], abort: AbortToken) -> None:
        try:
            for result in cancels:
                self._show(result)
        except BulkError:
            raise
        except BaseException:
            abort.trigger()
            for result in cancels:
                self._show(result)
            self.sum_up(cancels.summary)
            raise

    def _tell(self, text: str) -> None:
        self.progress.close()
        self._console.complain(text)

    def _show(self, result: BulkResult) -> None:
        self.waiting.has_result()
        self._count += 1
        self._held += can_be_canceled(result)
        try:
            row = self._row(result)
            line = _csv_line(row.values()) if self._as_csv else _json_line(row)
            self._console.print(line, may_be_cut=self._is_dry)
        except BaseException:
            name = plain(self._names[result.number])
            self._console.complain(f"{name}: its result is not known")
            raise
        self.worst = max(self.worst, OF_OUTCOME[result.outcome])
        self.progress.show(self._count)

    def _row(self, result: BulkResult) -> Dict[str, Any]:
        row = {name: getattr(result, name, None) for name in FIELDS}
        # The result of an id that cannot be used does not have it.
        name = self._names[result.number]
        # With milliseconds, as the library writes it.
        return {**row, "session_id": name, "repeat": result.raw.get("repeat")}

    def stopped(self, error: BulkError) -> int:
        self.progress.close()
        self._console.complain(str(error))
        self._console.complain(self._advice(error.summary.advice))
        self.sum_up(error.summary)
        return ExitCode.OUTBOX if error.code in _JOURNAL_CODES else ExitCode.STOPPED

    def sum_up(self, summary: Optional[BulkSummary]) -> None:
        self.progress.close()
        if summary is not None:
            self._console.complain(_in_words(summary, self._held if self._is_dry else None))
            if summary.unknown and not self._is_dry:
                self._console.complain(self._how_to_go_on(summary.unknown))
        rest = len(self._names) - self._count
        if rest:
            first = plain(self._names[self._count])
            self._console.complain(f"{rest} not tried, from number {self._count} on: {first}")

    def _advice(self, text: str) -> str:
        """The library's advice, as it fits a run without a journal."""
        if self._options.journal is not None:
            return text
        again = "run it again" if self._is_dry else "run it again with the rest"
        return _OF_JOURNAL.sub(again, text)

    def _how_to_go_on(self, unknown: int) -> str:
        """What to do about outcomes that are not known."""
        if self._options.journal is not None:
            return f"{unknown} unknown: run it again with the same input and journal"
        command = "\n".join(repeating(self._options, "ID", "JSON"))
        return f"{unknown} unknown: repeat each with its repeat: {command}"


def _in_words(summary: BulkSummary, held: Optional[int]) -> str:
    """What a run came to. ``held``: of a dry run, how many sessions can be canceled."""
    voided = summary.canceled + summary.already_canceled
    before = f" ({summary.already_canceled} of them before)" if summary.already_canceled else ""
    parts = [
        f"{summary.items} sessions in {summary.elapsed:.1f} s: {voided} canceled{before}",
        f"{summary.not_cancelable} too late",
        f"{summary.not_applied} not applied",
        f"{summary.unknown} unknown",
    ]
    if held is not None:
        read = held + voided + summary.not_cancelable
        parts[0] = (
            f"{read} of {summary.items} sessions read, no cancel sent: {held} can be canceled"
        )
        parts[2] = f"{voided} are canceled, {summary.not_applied - held} refused"
    for count, what in (
        (summary.duplicates, "duplicates"),
        (summary.from_journal, "from the journal"),
        (summary.rate_limited_responses, "times rate limited"),
    ):
        if count:
            parts.append(f"{count} {what}")
    return ", ".join(parts)


def _json_line(row: Dict[str, Any]) -> str:
    return json.dumps(row, separators=(",", ":"))


def _csv_line(values: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([_cell(value) for value in values])
    return line.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        value = _json_line(value)
    return "" if value is None else plain(str(value))
