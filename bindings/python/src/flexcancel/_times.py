"""Times as Python has them, from the milliseconds of the library."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional, Union

#: A point in time as an argument: an aware ``datetime``, or seconds since 1970.
Time = Union[datetime, float]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

#: The last millisecond that a ``datetime`` can hold.
_MAX_MS = 253_402_300_799_999


def utc(milliseconds: Optional[int]) -> Optional[datetime]:
    """A point in time, as an aware ``datetime`` in UTC."""
    if milliseconds is None:
        return None
    return _EPOCH + timedelta(milliseconds=min(milliseconds, _MAX_MS))
