"""JSON whose numbers keep their digits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Tuple, Union

_scan = json.JSONDecoder(parse_float=Decimal).raw_decode
_encode_text = json.JSONEncoder(ensure_ascii=False).encode

# Python refuses to read integers of more digits; a Decimal holds them all.
_MOST_INT_DIGITS = 4_000


def _integer(digits: str) -> Union[int, Decimal]:
    return int(digits) if len(digits) <= _MOST_INT_DIGITS else Decimal(digits)


# Much slower, because it reads each integer in Python.
_scan_huge = json.JSONDecoder(parse_float=Decimal, parse_int=_integer).raw_decode


def scan(text: str, start: int = 0) -> Tuple[Any, int]:
    """The value that begins at an index, and where it ends. Fractions are read as ``Decimal``."""
    try:
        return _scan(text, start)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return _scan_huge(text, start)


def dumps(value: object) -> str:
    """Writes what ``scan`` reads, with every digit."""
    if isinstance(value, dict):
        pairs = (f"{_encode_text(str(key))}:{dumps(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str):
        return _encode_text(str(value))
    return json.dumps(value)
