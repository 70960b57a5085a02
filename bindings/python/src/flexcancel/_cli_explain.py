"""The command ``explain``."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from typing import Any, Iterator

from ._console import Console
from ._exit_codes import ExitCode, UsageError
from ._troubleshooting import Section, UnknownCodeError, section, sections

DESCRIPTION = """\
Says of a code what happened, what to check, what to say to the shopper, and what the library
advises. Without CODE, lists all codes. Sends nothing and needs no API key.
"""

#: A wider text is hard to read.
_MAX_WIDTH = 100


def add_options(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    codes: Any = command.add_argument(
        "codes", nargs="*", metavar="CODE", help="a name or number of a result"
    )
    # For argcomplete.
    codes.completer = lambda **_: [one.name for one in sections()]


def run(options: argparse.Namespace, console: Console) -> int:
    """Runs the command. Returns the exit code."""
    try:
        wanted = [section(code) for code in options.codes]
    except UnknownCodeError as error:
        raise UsageError(str(error)) from error
    if not wanted:
        for one in sections():
            line = f"{one.number:>3}  {one.name:18}  {one.what_happened}"
            console.print(line, may_be_cut=True)
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
    for index, one in enumerate(wanted):
        if index:
            console.print("", may_be_cut=True)
        for line in _lines(one, width):
            console.print(line, may_be_cut=True)
    return ExitCode.DONE


def _lines(one: Section, width: int) -> Iterator[str]:
    """A section as plain lines."""
    yield f"{one.number} {one.name}"
    for part in re.split(r"\n(?=- )|\n\n|(?<=:)\n", one.text):
        is_point = part.startswith("- ")
        if not is_point:
            yield ""
        text = " ".join(part.replace("`", "").split())
        yield from textwrap.wrap(text, width, subsequent_indent="  " if is_point else "")
