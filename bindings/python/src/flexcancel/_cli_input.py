"""The files that the command line reads."""

from __future__ import annotations

import csv
import difflib
import io
import os
import re
import sys
from typing import Iterator, List, Optional

from ._exit_codes import UsageError
from ._formatting import plain

EXPECTED_ID = "expected one session's id, 1 to 255 characters of A-Z, a-z, 0-9, _ and -"

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")

#: What no file is called that is not there yet.
_LIKE_AN_ID = re.compile(r"fcs_[A-Za-z0-9_-]+")


def read(path: str) -> str:
    """The text of a file; - is standard input."""
    try:
        if path == "-":
            if sys.stdin is None:
                raise UsageError("-: standard input is closed")
            return sys.stdin.read().lstrip("\ufeff")
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        is_wide = error.object[:2] in (b"\xff\xfe", b"\xfe\xff")
        found = "UTF-16" if is_wide else "something else"
        raise UsageError(f"{path}: expected UTF-8, found {found}; save it as UTF-8") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None


def check_is_no_id(path: str, name: str) -> None:
    """Raises for a path that looks like a session's id, unless there is such a file."""
    if _LIKE_AN_ID.fullmatch(path) and not os.path.lexists(path):
        problem = f"expected a file, found {path}, which looks like a session's id"
        raise UsageError(f"{name}: {problem}; the file comes first")


def of_lines(path: str, text: str) -> Iterator[str]:
    """The ids of a file, one a line. The line itself may be anything, and is not shown."""
    for number, line in enumerate(text.splitlines(), 1):
        name = line.strip()
        if name and not name.startswith("#"):
            yield _checked(path, number, name)


def _checked(path: str, number: int, name: str) -> str:
    if not _ID.fullmatch(name):
        raise UsageError(f"{path}:{number}: {EXPECTED_ID}")
    return name


def of_table(path: str, text: str, column: Optional[str]) -> Iterator[str]:
    """The ids of a column of a table, whose first line names the columns."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        index = _column(path, next(rows, []), column)
        for row in rows:
            if row:
                name = row[index].strip() if index < len(row) else ""
                yield _checked(path, rows.line_num, name)
    except csv.Error as error:
        raise UsageError(f"{path}:{rows.line_num}: expected CSV: {error}") from None


def _column(path: str, header: List[str], column: Optional[str]) -> int:
    names = [name.strip() for name in header]
    if column is None and len(names) == 1:
        raise UsageError(f"--column: expected with --csv, like --column {plain(names[0])}")
    if column is None:
        raise UsageError("--column: expected with --csv")
    if names.count(column) > 1:
        raise UsageError(f"{path}:1: expected one column {plain(column)}, found several")
    if column not in names:
        close = difflib.get_close_matches(column, names, 1)
        hint = f"did you mean {close[0]}?" if close else f"found {', '.join(names) or 'none'}"
        raise UsageError(f"{path}:1: expected a column {plain(column)}; {plain(hint)}")
    return names.index(column)
