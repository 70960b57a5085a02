"""Decodes the library's JSON. Numbers keep their digits."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Union


def _fraction(digits: str) -> Union[Decimal, float]:
    try:
        return Decimal(digits)
    except InvalidOperation:
        # An exponent of more than 18 digits: infinity or zero.
        return float(digits)


def _integer(digits: str) -> Union[int, Decimal]:
    try:
        return int(digits)
    except ValueError:
        return Decimal(digits)


_decode = json.JSONDecoder(parse_float=_fraction).decode
_decode_long = json.JSONDecoder(parse_float=_fraction, parse_int=_integer).decode


def decode(text: str) -> Any:
    """Decodes a JSON text. Fractions are ``Decimal``, and so are integers too long for ``int``."""
    try:
        return _decode(text)
    except ValueError:
        # Python limits how many digits it reads into an int. Slower: each integer is a call.
        return _decode_long(text)
