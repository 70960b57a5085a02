"""What is known of each code: ``docs/TROUBLESHOOTING.md``, of which the package has a copy."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import List

from ._enums import Outcome

_PAGE = Path(__file__).with_name("troubleshooting.md")
_HEADING = re.compile(r"^### (\d+) `(\w+)`$", re.M)
_NEXT_CHAPTER = re.compile(r"^## ", re.M)

#: How many names are offered in place of one that does not exist.
_SIMILAR = 3


@dataclass(frozen=True)
class Section:
    """The section of a code, without its heading."""

    number: int
    name: str
    text: str

    @property
    def what_happened(self) -> str:
        """The first sentences, in one line."""
        first = self.text.strip().split("\n\n")[0]
        return " ".join(first.split()).partition(": ")[2]


class UnknownCodeError(Exception):
    """There is no such code."""


def sections() -> List[Section]:
    """The sections of all codes, in the order of their numbers."""
    page = _PAGE.read_text(encoding="utf-8")
    _, *parts = _HEADING.split(page)
    return [
        Section(int(number), name, _NEXT_CHAPTER.split(text)[0].strip())
        for number, name, text in zip(parts[::3], parts[1::3], parts[2::3])
    ]


def section(wanted: str) -> Section:
    """The section of a code, by its name or number. Raises ``UnknownCodeError``."""
    found = sections()
    name = wanted.strip().lower().replace("-", "_")
    name = name.rpartition("flexcancel_code_")[2]
    for one in found:
        if name in (one.name, str(one.number)):
            return one
    raise UnknownCodeError(_no_such_code(wanted, name, found))


def _no_such_code(wanted: str, name: str, known: List[Section]) -> str:
    if any(name == outcome for outcome in Outcome):
        return f"{wanted}: that is an outcome; its code stands beside it, in parentheses"
    if name.lstrip("-").isdigit():
        near = sorted(known, key=lambda one: abs(one.number - int(name)))[:_SIMILAR]
        similar = [f"{one.number} ({one.name})" for one in near]
    else:
        similar = difflib.get_close_matches(name, [one.name for one in known], _SIMILAR)
    offer = f"did you mean {', '.join(similar)}?" if similar else "flexcancel explain lists them"
    return f"{wanted}: there is no such code; {offer}"
