"""JSON whose numbers keep their digits."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Callable, Tuple, Union


class ExactNumber(Decimal):
    """A number that no ``int`` stands for, and how it was written."""

    __slots__ = ("text",)

    text: str
    """As it stands in the JSON, like ``1.50`` or ``1E400``."""

    def __new__(cls, text: str) -> ExactNumber:
        """Reads a number of JSON, of any size."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> Tuple[Any, ...]:
        return ExactNumber, (self.text,)

    def __copy__(self) -> ExactNumber:
        return self

    def __deepcopy__(self, memo: object) -> ExactNumber:
        return self


# What raw_decode calls. The types of the standard library do not have it.
_scan: Callable[[str, int], Tuple[Any, int]]
_scan = json.JSONDecoder(parse_float=ExactNumber).scan_once  # type: ignore[attr-defined]
_encode_text = json.JSONEncoder().encode

# Python refuses to read integers of more digits.
_MOST_INT_DIGITS = 4_000

# An integer, or the same within a text, which is then read more slowly than it need be.
_negative_zero = re.compile(r"-0(?:[ \t\r\n,\]}]|$)").search


def _integer(digits: str) -> Union[int, ExactNumber]:
    is_int = len(digits) <= _MOST_INT_DIGITS and digits != "-0"
    return int(digits) if is_int else ExactNumber(digits)


# Slower, because it reads each integer in Python.
_scan_exactly = json.JSONDecoder(parse_float=ExactNumber, parse_int=_integer).raw_decode


def scan(text: str, start: int = 0) -> Tuple[Any, int]:
    """The value that begins at an index, and where it ends.

    What an ``int`` would not write back as it was is read as an ``ExactNumber``.
    """
    # Most texts have no dash, or a late one, and that is found fastest.
    dash = text.find("-", start)
    if dash >= 0 and _negative_zero(text, dash) is not None:
        return _scan_exactly(text, start)
    try:
        return _scan(text, start)
    except (ValueError, StopIteration):
        # An integer with too many digits; or no JSON, and then this says so.
        return _scan_exactly(text, start)


def dumps(value: object) -> str:
    """Writes what ``scan`` reads, with every digit."""
    if isinstance(value, dict):
        pairs = (f"{_encode_text(str(key))}:{dumps(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    if isinstance(value, ExactNumber):
        return value.text
    if isinstance(value, str):
        return _encode_text(str(value))
    return json.dumps(value)
