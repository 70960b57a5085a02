"""The command ``doctor``."""

from __future__ import annotations

import argparse
from typing import Callable

from ._client import Client
from ._console import Console
from ._doctor import examine
from ._exit_codes import ExitCode

DESCRIPTION = """\
Checks what a cancel needs: versions, service, key, proxy, DNS, connection, TLS and its trust store,
clock; with a SESSION also whether Flex takes the key. Each line is ok, or says what to do. Sends no
cancel: without a SESSION no request at all, with one a retrieve. Shows no key and no password.
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    command.add_argument("session", nargs="?", metavar="SESSION", help="a session to read")
    command.add_argument("--outbox", metavar="FILE", help="check this outbox's file, too")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument(
        "--timeout", type=float, default=10.0, metavar="SECONDS", help="for each step (10)"
    )


def run(
    options: argparse.Namespace,
    open_client: Callable[[argparse.Namespace], Client],
    console: Console,
) -> int:
    """Runs the command. Returns the exit code."""
    code = ExitCode.DONE
    for finding in examine(options, open_client):
        console.print(finding.json() if options.json else finding.line(), may_be_cut=True)
        if finding.is_ok is False:
            code = ExitCode.FOR_A_PERSON
    return code
