"""rich, which the extra ``cli`` brings, on the standard streams of the command line."""

from __future__ import annotations

from typing import Any, Optional

from ._console import Stream


class _File:
    """A stream as a file for rich, which may raise where a terminal is gone."""

    def __init__(self, to: Stream) -> None:
        self._to = to

    def write(self, text: str) -> int:
        self._to.write(text)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def rich_console(to: Stream) -> Optional[Any]:
    """Rich's console on a terminal. None elsewhere, and where rich is not installed."""
    if not to.is_terminal:
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    file: Any = _File(to)
    return Console(file=file, force_terminal=True, highlight=False)
