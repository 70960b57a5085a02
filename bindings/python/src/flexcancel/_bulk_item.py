"""What goes into a bulk run, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from . import _arguments
from ._cancellation import Cancellation
from ._enums import Code
from ._errors import ArgumentError
from ._result import Result, SessionResult
from ._retrieval import Retrieval
from ._times import Time


@dataclass(frozen=True)
class BulkItem:
    """A session of a bulk run with options of its own, as for ``Client.cancel``.

    What it leaves out is as the run's arguments say. Raises ``ArgumentError`` for an option of a
    wrong type; one out of its bounds ends the item with the code ``invalid_argument``.
    """

    session_id: str
    expand: Sequence[str] = ()
    timeout: Optional[float] = None
    idempotency_key: Optional[str] = None
    in_doubt: Optional[bool] = None
    asked_at: Optional[Time] = None
    verify: Optional[bool] = None
    max_attempts: Optional[int] = None

    def __post_init__(self) -> None:
        encoded(self)


def encoded(item: object) -> Tuple[bytes, Optional[bytes]]:
    """An item as C takes it: its session's id, and its options if it has any."""
    options = None
    session_id = item
    if isinstance(item, BulkItem):
        session_id = item.session_id
        named = {one.name: getattr(item, one.name) for one in fields(item)[1:]}
        options = _arguments.arguments_json(named)
    if not isinstance(session_id, str):
        problem = f"expected session ids or BulkItems, found {type(session_id).__name__}"
        raise ArgumentError(Code.INVALID_ARGUMENT, f"items: {problem}")
    return _arguments.session_id(session_id), options


@dataclass(frozen=True)
class BulkResult(SessionResult):
    """What the results of a bulk run have in common."""

    number: int
    """The place of the item in the input, from 0."""
    duplicate_of: Optional[int]
    """The number of the first item with the same session, whose outcome this is."""
    from_journal: bool
    """Whether an earlier run with the same journal had ended it."""

    @classmethod
    def _fields(cls, raw: Mapping[str, Any]) -> Dict[str, Any]:
        item = raw["item"]
        own = {name: item[name] for name in ("number", "duplicate_of", "from_journal")}
        return {**super()._fields(raw), **own}


@dataclass(frozen=True)
class BulkCancellation(Cancellation, BulkResult):
    """What the cancel of one item of a bulk run came to."""


@dataclass(frozen=True)
class BulkRetrieval(Retrieval, BulkResult):
    """How a session of a dry run was when it was read."""


@dataclass(frozen=True)
class BulkSummary(Result):
    """What a bulk run came to: ``code`` is ``ok``, or why it ended early. ``elapsed`` is its time.

    Where the input has failed, ``code`` is ``aborted``, or that of the ``ArgumentError`` for an
    item, and ``message`` has the exception. ``json`` and ``raw`` do not: the library was told that
    the input ended. It asserts nothing of any cancel; the results of the items do.
    """

    complete: bool
    """Whether every item of the input has ended."""
    items: int
    """How many items have ended."""
    canceled: int
    already_canceled: int
    not_cancelable: int
    not_applied: int
    unknown: int
    duplicates: int
    """How many of the items had the session of an earlier one."""
    from_journal: int
    """How many of the items an earlier run with the same journal had ended."""
    rate_limited_responses: int
    """How many responses were a 429."""

    _question = "compare summary.code, or ask summary.complete"

    @classmethod
    def _fields(cls, raw: Mapping[str, Any]) -> Dict[str, Any]:
        # Of a run that was refused nothing is counted.
        counts: Mapping[str, Any] = raw.get("bulk") or {}
        own = {one.name: counts.get(one.name, 0) for one in fields(cls)}
        base = super()._fields(raw)
        own = {name: own[name] for name in own if name not in base and name not in ("json", "raw")}
        return {**base, **own, "complete": bool(counts.get("complete"))}
