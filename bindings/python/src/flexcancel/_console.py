"""The standard streams of the command line, which may be closed, full, or without a reader."""

from __future__ import annotations

import os
import select
import time
from typing import Optional, TextIO

from ._exit_codes import ExitCode
from ._formatting import plain


class Stream:
    """A standard stream. Writing to it never raises."""

    def __init__(self, file: Optional[TextIO]) -> None:
        self._file = file
        #: Whether whoever read it has ended the pipe.
        self.is_cut = False
        self.problem: Optional[str] = None
        self.is_terminal = file is not None and file.isatty() and os.environ.get("TERM") != "dumb"

    def write(self, text: str, *, may_be_cut: bool = False) -> bool:
        """Writes a text. False if it is lost, like every later one.

        ``may_be_cut``: whoever ends the pipe, as ``head`` does, has read enough; nothing is lost.
        """
        if self._file is None:
            self.problem = "it is closed"
        if self._file is None or self.problem is not None:
            return False
        try:
            self._file.write(text)
            self._file.flush()
        except (OSError, ValueError) as error:
            self.is_cut = isinstance(error, BrokenPipeError)
            if not (may_be_cut and self.is_cut):
                self.problem = str(error)
            self._discard_rest(self._file)
        return self.problem is None

    def has_reader(self, seconds: float) -> bool:
        """Waits so long, or until nobody reads the pipe any more. False if nobody does.

        Where the system cannot tell, as on Windows, the next write does.
        """
        if self._file is not None and not self.is_cut and hasattr(select, "poll"):
            poll = select.poll()
            # Nothing is asked for: the end of the pipe is told nevertheless.
            poll.register(self._file, 0)
            self.is_cut = bool(poll.poll(seconds * 1000))
        elif not self.is_cut:
            time.sleep(seconds)
        return not self.is_cut

    def _discard_rest(self, file: TextIO) -> None:
        """Empties the buffer, or the interpreter's own flush would change the exit code."""
        try:
            with open(os.devnull, "wb") as null:
                os.dup2(null.fileno(), file.fileno())
            file.flush()
        except (OSError, ValueError):
            pass


class Console:
    """Standard output and standard error. What the first does not take goes to the second."""

    def __init__(self, output: Optional[TextIO], errors: Optional[TextIO]) -> None:
        self.output = Stream(output)
        self.errors = Stream(errors)
        self.is_terminal = self.output.is_terminal
        self.has_color = self.is_terminal and "NO_COLOR" not in os.environ

    @property
    def is_lost(self) -> bool:
        """Whether standard output did not take everything."""
        return self.output.problem is not None

    def write(self, text: str, *, may_be_cut: bool = False) -> None:
        """Writes to standard output. ``may_be_cut``: it tells nothing new, like a help text."""
        was_lost = self.is_lost
        if self.output.write(text, may_be_cut=may_be_cut):
            return
        if not was_lost:
            self.complain(f"standard output: {self.output.problem}; it continues here:")
        self.errors.write(text)

    def print(self, line: str, *, may_be_cut: bool = False) -> None:
        """Writes a line to standard output."""
        self.write(f"{line}\n", may_be_cut=may_be_cut)

    def complain(self, text: str) -> None:
        """Writes a message to standard error."""
        lines = "\n".join(plain(line) for line in text.splitlines())
        self.errors.write(f"flexcancel: {lines}\n")

    def exit_code(self, code: int) -> int:
        """The exit code, which says so if an outcome could not be shown."""
        return ExitCode.LOST_OUTPUT if self.is_lost and code < ExitCode.USAGE else code
