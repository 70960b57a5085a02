"""The command line: ``python -m flexcancel``."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from contextlib import ExitStack
from functools import partial
from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence

from . import (
    _cli_bulk,
    _cli_completion,
    _cli_connection,
    _cli_doctor,
    _cli_explain,
    _cli_input,
    _cli_outbox,
    _cli_signals,
    _library,
)
from ._arguments import arguments_json
from ._cancellation import Repeat, repeat_of
from ._cli_connection import client as open_client
from ._cli_connection import client_of_outbox, option, repeating
from ._cli_parser import Answered, Parser
from ._client import Client
from ._console import Console
from ._enums import Code
from ._errors import (
    ArgumentError,
    ConfigError,
    InterruptedCallError,
    LibraryError,
    OutboxError,
    RefusedError,
)
from ._exit_codes import OF_OUTCOME, ExitCode, UsageError, epilog
from ._formatting import describe, repeat_of_unknown
from ._outbox import Outbox
from ._progress import progress_of
from ._result import SessionResult
from ._version import __version__

EPILOG = """\
The API key comes from the environment variable FLEX_API_KEY, or that which --key-env names, or
from the file that --key-file names; never from an argument, which other users could read.

The variable FLEX_BASE_URL, where it is set, names the service in place of Flex, like a sandbox;
--base-url and --config go before it.

"""

OF_SEVERAL = "\n\nOf several sessions, the greatest of 0 to 3."


class _Version(argparse.Action):
    def __call__(self, *_: Any) -> NoReturn:
        raise Answered(f"flexcancel {__version__} (library {_library.version()})\n")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs the command line. Returns the exit code; raises nothing but a second Ctrl-C."""
    try:
        with _cli_signals.terminable():
            return _run(arguments, Console(sys.stdout, sys.stderr))
    except _cli_signals.Terminated:
        # Before or after all else.
        return ExitCode.TERMINATED


def _run(arguments: Optional[Sequence[str]], console: Console) -> int:
    try:
        command_line = parser()
        _cli_completion.complete(command_line)
        options = command_line.parse_args(arguments)
        code = int(options.run(options, console))
    except Answered as answer:
        console.write(str(answer), may_be_cut=True)
        code = ExitCode.DONE
    except UsageError as error:
        console.complain(str(error))
        code = ExitCode.USAGE
    except (ConfigError, ArgumentError) as error:
        console.complain(f"{error.code}: {error}")
        code = ExitCode.USAGE
    except LibraryError as error:
        console.complain(str(error))
        code = ExitCode.LIBRARY
    except OutboxError as error:
        console.complain(str(error))
        code = ExitCode.OUTBOX
    except KeyboardInterrupt as signaled:
        # The results of the calls were shown.
        is_terminated = isinstance(signaled, _cli_signals.Terminated)
        console.complain("terminated" if is_terminated else "interrupted")
        code = ExitCode.TERMINATED if is_terminated else ExitCode.INTERRUPTED
    except Exception:
        console.complain(f"unexpected error\n{traceback.format_exc()}")
        code = ExitCode.UNEXPECTED
    return console.exit_code(code)


def parser() -> argparse.ArgumentParser:
    """The command line. The man page is made from it, too."""
    found = Parser(
        prog="flexcancel",
        description="Releases holds on HSA/FSA cards (Flex), and tells the truth about it.",
        epilog=EPILOG + epilog(0) + OF_SEVERAL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("--version", action=_Version, nargs=0, help="show the versions")
    commands = found.add_subparsers(title="commands", dest="command", required=True)
    for index, name, help_text in (
        (0, "cancel", "release the holds of sessions"),
        (1, "retrieve", "read sessions; changes nothing"),
    ):
        command = _add(commands, name, help_text, help_text, epilog(index) + OF_SEVERAL)
        _cli_connection.add(command)
        _add_call(command)
        if name == "cancel":
            _add_cancel(command)
        command.set_defaults(run=_run_calls)
    help_text = "release the holds of many sessions, several at a time"
    bulk = _add(commands, "cancel-many", help_text, _cli_bulk.DESCRIPTION, epilog(0) + OF_SEVERAL)
    _cli_bulk.add_options(bulk)
    _cli_connection.add(bulk)
    bulk.set_defaults(run=_run_bulk)
    _cli_outbox.add(commands, _cli_connection.add, _run_outbox)
    help_text = "check what a cancel needs; sends no cancel"
    doctor = _add(commands, "doctor", help_text, _cli_doctor.DESCRIPTION, epilog(3))
    _cli_doctor.add_options(doctor)
    _cli_connection.add(doctor)
    doctor.set_defaults(run=_run_doctor)
    help_text = "say what a code means and what to do"
    explain = _add(commands, "explain", help_text, _cli_explain.DESCRIPTION)
    _cli_explain.add_options(explain)
    explain.set_defaults(run=_cli_explain.run)
    help_text = "print what makes a shell complete this command"
    completion = _add(commands, "completion", help_text, _cli_completion.DESCRIPTION)
    _cli_completion.add_options(completion)
    completion.set_defaults(run=_cli_completion.run)
    return found


def _add(
    commands: Any, name: str, help_text: str, description: str, exit_status: str = ""
) -> argparse.ArgumentParser:
    """Adds a command. One that has an exit status of its own takes the API key."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_text,
        description=description,
        epilog=EPILOG + exit_status if exit_status else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return command


def _add_call(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="*", metavar="ID", help="a checkout session's id")
    command.add_argument(
        "--from", dest="file", metavar="FILE", help="more ids, one a line; - is standard input"
    )
    command.add_argument("--json", action="store_true", help="one JSON result a line")
    command.add_argument("--expand", action="append", default=[], metavar="NAME")
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="for each session")
    command.add_argument("--max-attempts", type=int, metavar="N", help="for each session")


def _add_cancel(command: argparse.ArgumentParser) -> None:
    command.add_argument("--outbox", metavar="FILE", help="keep there what cannot be settled now")
    # Left out, it is as the configuration says.
    command.add_argument(
        "--verify", action="store_const", const=True, help="read back what a 200 does not show"
    )
    group = command.add_argument_group("repeating the cancel of one session")
    group.add_argument("--repeat", metavar="JSON", help="as an unknown result shows it")
    group.add_argument("--idempotency-key", metavar="KEY", help="the key of every request")
    doubt = group.add_mutually_exclusive_group()
    doubt.add_argument(
        "--in-doubt",
        action="store_const",
        const=True,
        help="an earlier request with this key may have reached Flex (the default with a key)",
    )
    doubt.add_argument(
        "--first-use",
        dest="in_doubt",
        action="store_const",
        const=False,
        help="no request with this key was ever sent",
    )
    group.add_argument(
        "--asked-at",
        type=float,
        metavar="SECONDS",
        help="when the cancel was asked for, in seconds since 1970: no later hold is released",
    )


def _ids(options: argparse.Namespace) -> List[str]:
    ids: List[str] = list(options.ids)
    if options.file is not None:
        # Checked before anything is sent.
        ids += _cli_input.of_lines(options.file, _cli_input.read(options.file))
    if not ids and options.file is None:
        raise UsageError("expected the id of a session, or --from FILE")
    for name in ("repeat", "idempotency_key"):
        if getattr(options, name, None) is not None and len(ids) > 1:
            raise UsageError(f"{option(name)}: expected one session, found several")
    return ids


def _repeat(options: argparse.Namespace) -> Dict[str, Any]:
    """The arguments of one cancel, from ``--repeat`` or one by one."""
    one_by_one = {name: getattr(options, name) for name in Repeat.__annotations__}
    if options.repeat is None:
        return one_by_one
    given = [name for name, value in one_by_one.items() if value is not None]
    if given:
        raise UsageError(f"{option(given[0])}: expected in --repeat")
    try:
        repeat = json.loads(options.repeat)
        # A till in Python stores seconds, the others the library's milliseconds.
        repeat = dict(repeat_of(repeat)) if "asked_at_ms" in repeat else repeat
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        repeat = None
    if not isinstance(repeat, dict) or set(repeat) != set(one_by_one):
        expected = "a JSON object with idempotency_key, in_doubt, asked_at_ms"
        raise UsageError(f"--repeat: expected {expected}")
    return repeat


def _run_calls(options: argparse.Namespace, console: Console) -> int:
    ids = _ids(options)
    path = getattr(options, "outbox", None)
    if path is not None:
        _cli_input.check_is_no_id(path, "--outbox")
    if not ids:
        what = "cancel" if options.command == "cancel" else "read"
        console.complain(f"there is no session to {what}: the input has no id")
    with open_client(options) as client, ExitStack() as opened:
        outbox = None if path is None else opened.enter_context(Outbox(client, path))
        return _each(ids, _call(client, outbox, options), options, console)


def _run_bulk(options: argparse.Namespace, console: Console) -> int:
    ids = _cli_bulk.ids(options)
    with open_client(options) as client:
        _cli_bulk.confirm(len(ids), options, console)
        return _cli_bulk.run(options, ids, client, console)


def _run_doctor(options: argparse.Namespace, console: Console) -> int:
    return _cli_doctor.run(options, open_client, console)


def _run_outbox(options: argparse.Namespace, console: Console) -> int:
    with client_of_outbox(options) as client:
        return _cli_outbox.run(options, client, console)


def _call(
    client: Client, outbox: Optional[Outbox], options: argparse.Namespace
) -> Callable[[str], SessionResult]:
    named = {name: getattr(options, name) for name in ("expand", "timeout", "max_attempts")}
    if options.command == "cancel":
        named = {**named, **_repeat(options), "verify": options.verify}
    # What cannot be used is told before any call: "its result is not known" would be false.
    arguments_json(named)
    if options.command == "retrieve":
        return partial(client.retrieve, **named)
    return partial(client.cancel if outbox is None else outbox.cancel, **named)


def _each(
    ids: Sequence[str],
    call: Callable[[str], SessionResult],
    options: argparse.Namespace,
    console: Console,
) -> int:
    worst = 0
    progress = progress_of(len(ids), console)

    def show(result: SessionResult, session_id: str) -> None:
        text = result.json
        if not options.json:
            text = describe(result, session_id, in_color=console.has_color)
            repeat = repeat_of_unknown(result)
            for line in repeating(options, session_id, repeat) if repeat else ():
                text += f"\n  {line}"
        console.print(text, may_be_cut=options.command == "retrieve")

    done = 0
    try:
        while done < len(ids):
            progress.show(done)
            result = _result(call, ids[done], is_only=len(ids) == 1)
            show(result, ids[done])
            worst = max(worst, OF_OUTCOME[result.outcome])
            done += 1
    except RefusedError:
        # An argument of all the calls: nothing was sent.
        raise
    except BaseException as error:
        ended = InterruptedCallError.of(error)
        if ended is not None and isinstance(ended.result, SessionResult):
            show(ended.result, ids[done])
        else:
            progress.close()
            console.complain(f"{ids[done]}: its result is not known")
        for session_id in ids[done + 1 :]:
            console.complain(f"{session_id}: not tried")
        raise
    finally:
        progress.close()
    return worst


def _result(
    call: Callable[[str], SessionResult], session_id: str, *, is_only: bool
) -> SessionResult:
    try:
        return call(session_id)
    except ArgumentError as error:
        # The other ids are canceled nevertheless.
        is_id = error.code is Code.INVALID_SESSION_ID
        if is_only or not is_id or not isinstance(error.result, SessionResult):
            raise
        return error.result
