"""The outbox."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence, Tuple, Union

from . import _arguments
from ._abort import AbortToken
from ._arguments import PathLike, checked
from ._async import AsyncClient
from ._cancellation import Cancellation
from ._client import Client
from ._enums import Code, OutboxState, Outcome
from ._errors import ArgumentError, OutboxError
from ._flush_report import FlushReport
from ._handle import Handle
from ._library import native
from ._native_call import take
from ._outbox_entry import (
    OutboxClaim,
    OutboxCounts,
    OutboxEntry,
    claims_of,
    counts_of,
    entries_of,
    entry_of,
)
from ._result import R, Result
from ._times import Time

#: The states that a person must see.
WORKLIST = (OutboxState.REFUSED, OutboxState.EXPIRED, OutboxState.NEEDS_ATTENTION)

#: How many entries one list can have.
_MAX_LISTED = 1000

_MAX_ID = 2**63 - 1


class Outbox(Handle):
    """Keeps cancels in a file until they are delivered. ``docs/OUTBOX.md`` says what it promises.

    - ``client``: a ``Client``, which delivers the cancels. It is not closed with the outbox, and
      may be closed before it. Of an ``AsyncClient``, pass its ``client``.
    - ``path``: the file, 1 to 2,048 bytes. Its directory must exist.
    - ``keep``: how many seconds delivered and acknowledged entries are kept. 2592000 (30 days) if
      left out; 0 to 315360000.
    - ``create``: whether to make the file if it does not exist. True if left out.

    The outbox has no thread: nothing is delivered unless ``flush`` is called. Thread-safe;
    processes of one till may share the file, and a forked child may use its parent's outbox. An
    outbox cannot be pickled or copied. Close it, or use it as a context manager; an outbox that is
    no longer referenced closes itself. Its entries stay in the file.

    Raises ``TypeError`` for what is no ``Client``, ``ClosedError`` for a closed one,
    ``ArgumentError``, or ``OutboxError`` if the file cannot be used. A damaged file is set aside
    (``outbox_corrupt``); opening the outbox again starts a new one.
    """

    __slots__ = ("_client", "_close")

    _keeps_cancels = True

    def __init__(
        self,
        client: Client,
        path: PathLike,
        *,
        keep: Optional[float] = None,
        create: Optional[bool] = None,
    ) -> None:
        self._handle = None
        hint = ""
        if isinstance(client, AsyncClient):
            hint = "; pass its client: Outbox(async_client.client, path)"
        elif isinstance(path, Client):
            hint = "; the client comes first: Outbox(client, path)"
        _arguments.instance("client", client, Client, hint)
        self._client = client
        arguments = {"path": path, "keep": keep, "create": create}
        options = _arguments.arguments_json(arguments)
        error = ctypes.c_void_p()
        handle = native.outbox_open(client._open_handle(), options or b"{}", ctypes.byref(error))
        if not handle:
            raise OutboxError(checked(take(Result, error.value), arguments))
        self._handle = handle
        self._close = weakref.finalize(self, native.outbox_free, handle)
        # At the interpreter's end the system closes what is open, and calls may be in flight.
        self._close.atexit = False

    def cancel(
        self,
        session_id: str,
        *,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        idempotency_key: Optional[str] = None,
        in_doubt: Optional[bool] = None,
        asked_at: Optional[Time] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        deliver_within: Optional[float] = None,
        abort: Optional[AbortToken] = None,
    ) -> Cancellation:
        """Keeps a cancel, then tries it at once: one call for a till.

        The cancel is on the disk before its first byte is sent. A definite outcome ends the entry.
        Any other keeps it for a later ``flush``, for ``deliver_within`` seconds (7 days), and the
        outcome is then ``unknown``, even where nothing was sent, because it will be. ``entry`` of
        the result is the entry; ``None`` if it could not be kept, and then nothing was sent. A
        session whose cancel is pending already keeps that entry and its key.

        ``outbox.cancel(session_id, **result.repeat)`` takes over a cancel of ``Client`` that ended
        ``unknown``. Otherwise like ``Client.cancel``: Ctrl-C ends the attempt, not the entry.
        """
        named = {"timeout": timeout, "verify": verify, "max_attempts": max_attempts}
        arguments = _arguments.cancel_options(
            expand, idempotency_key, in_doubt, asked_at, deliver_within=deliver_within, **named
        )
        call = self._prepare(Cancellation, native.outbox_cancel, arguments, session_id)
        result = self._client._run(call, abort)
        return result if result.entry is not None else checked(result, arguments, session_id)

    def enqueue(
        self,
        session_id: str,
        *,
        expand: Sequence[str] = (),
        idempotency_key: Optional[str] = None,
        in_doubt: Optional[bool] = None,
        asked_at: Optional[Time] = None,
        deliver_within: Optional[float] = None,
    ) -> OutboxEntry:
        """Keeps a cancel for a later ``flush``. Sends nothing; on return it is on the disk.

        Treat the void as pending. A session whose cancel is pending already gets that entry back.
        ``outbox.enqueue(session_id, **result.repeat)`` takes over a cancel that ended ``unknown``.
        Raises ``OutboxError`` if the cancel was not kept, or may not have been.
        """
        arguments = _arguments.cancel_options(
            expand, idempotency_key, in_doubt, asked_at, deliver_within=deliver_within
        )
        call = self._prepare(Result, native.outbox_enqueue, arguments, session_id)
        return _entry(checked(call.make(), arguments, session_id), arguments)

    def flush(
        self,
        *,
        timeout: Optional[float] = None,
        max: Optional[int] = None,
        now: Optional[bool] = None,
        abort: Optional[AbortToken] = None,
    ) -> FlushReport:
        """Delivers the entries that are due, those that have waited longest first.

        Ends when none is left, ``max`` were tried (100), ``timeout`` seconds are over (60), it is
        aborted, or Flex cannot be reached; ``code`` says which. With ``now``, entries are tried,
        too, that wait for their next try; but none that somebody delivers, or may still deliver,
        until its lease is over. Ctrl-C ends it as it ends
        ``Client.cancel``. Raises ``OutboxError`` if the file could not be used and nothing was
        tried.
        """
        arguments = {"timeout": timeout, "max": max, "now": now}
        call = self._prepare(FlushReport, native.outbox_flush, arguments)
        report = checked(self._client._run(call, abort), arguments)
        is_refused = report.code in (Code.INVALID_ARGUMENT, Code.INVALID_HANDLE)
        if is_refused or (report.code in _FILE_ERRORS and not report.entries):
            raise OutboxError(report)
        return report

    def claim(
        self, *, max: Optional[int] = None, lease_time: Optional[float] = None
    ) -> Tuple[OutboxClaim, ...]:
        """Hands the entries that are due over to somebody else for delivery. Sends nothing.

        They are those that ``flush`` would try, in the same order, at most ``max`` (100; up to
        1000). On return the claim is on the disk. For ``lease_time`` seconds (900) nobody else
        delivers them; an entry that was not settled by then is due again, and in doubt. A client
        without an API key, such as ``Client("no-key")``, claims the entries of its ``base_url`` of
        either mode. Raises ``OutboxError`` if the file could not be used.
        """
        arguments = {"max": max, "lease_time": lease_time}
        call = self._prepare(Result, native.outbox_claim, arguments)
        return claims_of(_done(call.make(), arguments).raw)

    def settle(
        self,
        entry: Union[OutboxEntry, int],
        *,
        lease: str,
        idempotency_key: str,
        outcome: Union[Outcome, str],
        code: Union[Code, str],
        message: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> OutboxEntry:
        """Notes how the delivery of a claimed entry ended, and gives the entry as it is now.

        The entry becomes what it would have become by a ``flush``. ``not_applied`` asserts that no
        request under the lease had an effect or will have one: send nothing more under it, even if
        the answer of this is lost. Raises ``OutboxError`` with ``outbox_final`` for an entry that
        had ended in another way, ``outbox_busy`` if the lease has ended and somebody else delivers
        the entry now (settle it again later), or ``outbox_no_entry``; and ``ArgumentError``, also
        for the key of another cancel.
        """
        arguments = {
            "lease": lease,
            "idempotency_key": idempotency_key,
            "outcome": outcome,
            "code": code,
            "message": message,
            "retry_after": retry_after,
        }
        text = _arguments.arguments_json(arguments) or b"{}"
        number = number_of(entry)
        result = take(Result, native.outbox_settle(self._open_handle(), number, text))
        return _entry(result, arguments)

    def list(
        self,
        *,
        states: Optional[Iterable[Union[OutboxState, str]]] = None,
        acknowledged: Optional[bool] = None,
        session_id: Optional[str] = None,
        after: Optional[int] = None,
        max: Optional[int] = None,
    ) -> Tuple[OutboxEntry, ...]:
        """Lists entries in the order of their numbers: at most ``max`` (100; up to 1000).

        The filters are ``states``, ``acknowledged`` or not, one session, and numbers greater than
        ``after``, where the previous list ended.
        """
        arguments = {
            "states": states,
            "acknowledged": acknowledged,
            "session_id": session_id,
            "after": after,
            "max": max,
        }
        call = self._prepare(Result, native.outbox_list, arguments)
        return entries_of(_done(call.make(), arguments).raw)

    def worklist(self) -> Tuple[OutboxEntry, ...]:
        """Lists every entry that a person must see: final, not delivered, not acknowledged."""
        return tuple(self._all(WORKLIST, acknowledged=False))

    def acknowledge(self, entry: Union[OutboxEntry, int]) -> OutboxEntry:
        """Notes that a person has seen an entry, given as such or by its number.

        It leaves the worklist. Acknowledging again has no effect. Raises ``OutboxError`` with
        ``outbox_no_entry``, or ``outbox_pending`` for an entry that is not final yet.
        """
        number = number_of(entry)
        return _entry(take(Result, native.outbox_acknowledge(self._open_handle(), number)), {})

    def withdraw(self, entry: Union[OutboxEntry, int], reason: str) -> OutboxEntry:
        """Ends a pending entry for good, because a person says so.

        It is not delivered any more, and is acknowledged. The reason, of 1 to 200 bytes, is kept as
        its message. What is final stays as it is. Raises ``OutboxError`` with ``outbox_no_entry``,
        or ``outbox_busy`` while somebody delivers the entry.
        """
        text = _arguments.c_text("reason", reason, ArgumentError, Code.INVALID_ARGUMENT)
        number = number_of(entry)
        return _entry(take(Result, native.outbox_withdraw(self._open_handle(), number, text)), {})

    def stats(self) -> OutboxCounts:
        """Counts the entries."""
        result = _done(take(Result, native.outbox_stats(self._open_handle())), {})
        counts = counts_of(result.raw)
        if counts is None:
            raise OutboxError(result)
        return counts

    def close(self) -> None:
        """Closes the file. A call in flight on another thread goes on to its end.

        Closing again has no effect.
        """
        if self._handle is None:
            return
        self._handle = None
        self._close()

    def _all(
        self, states: Sequence[OutboxState], acknowledged: Optional[bool] = None
    ) -> Iterator[OutboxEntry]:
        """All entries of a list, however many, in the order of their numbers."""
        after = 0
        while True:
            page = self.list(states=states, acknowledged=acknowledged, after=after, max=_MAX_LISTED)
            yield from page
            if len(page) < _MAX_LISTED:
                return
            after = page[-1].id


_FILE_ERRORS = (
    Code.OUTBOX_UNAVAILABLE,
    Code.OUTBOX_UNSAFE,
    Code.OUTBOX_IO,
    Code.OUTBOX_FULL,
    Code.OUTBOX_CORRUPT,
    Code.OUTBOX_SCHEMA,
    Code.OUTBOX_BUSY,
)


def number_of(entry: Union[OutboxEntry, int]) -> int:
    """The number of an entry. Raises ``ArgumentError`` for what no entry has."""
    number = entry.id if isinstance(entry, OutboxEntry) else entry
    if isinstance(number, bool) or not isinstance(number, int):
        problem = f"expected an entry or its number, found {type(number).__name__}"
        raise ArgumentError(Code.INVALID_ARGUMENT, f"entry: {problem}")
    if not 1 <= number <= _MAX_ID:
        # C cannot pass it, and no entry has it.
        expected = f"expected a whole number from 1 to {_MAX_ID}"
        problem = f"entry: {expected}, found {_arguments.shown(number)}"
        raise ArgumentError(Code.INVALID_ARGUMENT, problem)
    return number


def _done(result: R, arguments: Mapping[str, Any]) -> R:
    """The result of an operation that has done what it was asked to do."""
    if checked(result, arguments).code is not Code.OK:
        raise OutboxError(result)
    return result


def _entry(result: Result, arguments: Mapping[str, Any]) -> OutboxEntry:
    entry = entry_of(_done(result, arguments).raw)
    if entry is None:
        raise OutboxError(result)
    return entry
