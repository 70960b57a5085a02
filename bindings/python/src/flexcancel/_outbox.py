"""The outbox."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence, Tuple, Union

from . import _arguments, _library
from ._abort import AbortToken
from ._arguments import PathLike
from ._cancellation import Cancellation, FlushReport
from ._client import Client
from ._closing import Closing
from ._entry import OutboxCounts, OutboxEntry, OutboxView
from ._errors import ArgumentError, ClosedError, OutboxError, RefusedError
from ._words import Code, OutboxState, Outcome

#: The states that a person must see.
WORKLIST = (OutboxState.REFUSED, OutboxState.EXPIRED, OutboxState.NEEDS_ATTENTION)

#: The most entries that one list may have.
_MOST_LISTED = 1000

_MOST_ID = 2**63 - 1


class Outbox(Closing):
    """Keeps cancels in a file until they are delivered. ``docs/OUTBOX.md`` says what it promises.

    ``client`` is what delivers; it is not closed with the outbox, and may be closed before it.
    ``path`` is the file, which is made if it is not there; its directory must be. ``keep`` is how
    many seconds delivered and acknowledged entries are kept (30 days). Times are in seconds.

    No thread is behind it: nothing is delivered unless ``flush`` is called. May be shared between
    threads, and the file between processes of one till; a forked child may use its parent's
    outbox. Close it, or use it as a context manager; an outbox that is forgotten is closed when
    it is collected. Its entries stay in the file.

    Raises ``ArgumentError``, or ``OutboxError`` if the file cannot be used. A damaged file is set
    aside (``outbox_corrupt``): making the outbox again begins a new one.
    """

    __slots__ = ("_client", "_close")

    def __init__(self, client: Client, path: PathLike, *, keep: Optional[float] = None) -> None:
        self._handle = None
        self._client = client
        arguments = {"path": path, "keep": keep}
        options = _arguments.arguments_json(arguments)
        error = ctypes.c_void_p()
        handle = _library.outbox_open(client._open_handle(), options or b"{}", ctypes.byref(error))
        if not handle:
            raise _trouble(Cancellation.from_json(_library.take_text(error.value or 0)), arguments)
        self._handle = handle
        self._close = weakref.finalize(self, _library.outbox_free, handle)
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
        asked_at_ms: Optional[int] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        deliver_within: Optional[float] = None,
        abort: Optional[AbortToken] = None,
    ) -> Cancellation:
        """Keeps a cancel, then tries it at once: one call for a till.

        The intent is on the disk before the first byte is sent. A definite outcome ends the entry;
        anything else keeps it for a later ``flush`` for ``deliver_within`` seconds (7 days), and
        the outcome is then ``unknown``, even where nothing was sent, because it will be.
        ``outbox.entry`` of the result is the entry; ``None`` if it could not be kept, and then
        nothing was sent. A session whose cancel is pending already keeps that entry and its key.

        A cancel of ``Client`` that ended ``unknown`` is handed over by its result:
        ``outbox.cancel(session_id, **result.repeat)``. Otherwise like ``Client.cancel``: Ctrl-C
        ends the try, not the entry.
        """
        arguments = _arguments.cancel_arguments(
            expand=expand,
            timeout=timeout,
            idempotency_key=idempotency_key,
            in_doubt=in_doubt,
            asked_at_ms=asked_at_ms,
            verify=verify,
            max_attempts=max_attempts,
            deliver_within=deliver_within,
        )
        result = self._call(_library.outbox_cancel, session_id, arguments, abort)
        if result.code in _REFUSALS and _view(result).entry is None:
            raise _trouble(result, arguments)
        return result

    def enqueue(
        self,
        session_id: str,
        *,
        expand: Sequence[str] = (),
        idempotency_key: Optional[str] = None,
        in_doubt: Optional[bool] = None,
        asked_at_ms: Optional[int] = None,
        deliver_within: Optional[float] = None,
    ) -> OutboxEntry:
        """Keeps a cancel for a later ``flush``, and sends nothing. It is on the disk then.

        Treat the void as pending. A session whose cancel is pending already gets that entry back.
        ``**result.repeat`` hands over a cancel that ended ``unknown``.
        Raises ``OutboxError`` if it was not kept, or may not have been.
        """
        arguments = _arguments.cancel_arguments(
            expand=expand,
            idempotency_key=idempotency_key,
            in_doubt=in_doubt,
            asked_at_ms=asked_at_ms,
            deliver_within=deliver_within,
        )
        handle, *named, options = self._prepare(session_id, arguments)
        text = _library.take_text(_library.outbox_enqueue(handle, *named, options))
        return _entry(Cancellation.from_json(text), arguments)

    def flush(
        self,
        *,
        timeout: Optional[float] = None,
        max: Optional[int] = None,
        abort: Optional[AbortToken] = None,
    ) -> FlushReport:
        """Delivers what is due, the entries that have waited longest first.

        Ends when none is left, ``max`` were tried (100), ``timeout`` seconds are over (60), it is
        aborted, or the way to Flex turns out to be closed; ``code`` says which. Ctrl-C ends it as
        it ends ``Client.cancel``. Raises ``OutboxError`` if nothing could be tried for the file's
        sake.
        """
        arguments = {"timeout": timeout, "max": max}
        result = self._call(_library.outbox_flush, None, arguments, abort)
        report = FlushReport.of(result)
        is_refused = result.code in (Code.INVALID_ARGUMENT, Code.INVALID_HANDLE)
        if is_refused or (result.code in _FILE_TROUBLES and not report.entries):
            raise _trouble(result, arguments)
        return report

    def list(
        self,
        *,
        states: Optional[Iterable[Union[OutboxState, str]]] = None,
        acknowledged: Optional[bool] = None,
        session_id: Optional[str] = None,
        after: Optional[int] = None,
        max: Optional[int] = None,
    ) -> Tuple[OutboxEntry, ...]:
        """Lists entries, in the order of their numbers: at most ``max`` (100; up to 1000).

        Of all, or of those in these ``states``, that are ``acknowledged`` or not, of one session,
        or with a number greater than ``after``, where the list before ended.
        """
        arguments = {
            "states": states,
            "acknowledged": acknowledged,
            "session_id": session_id,
            "after": after,
            "max": max,
        }
        result = self._ask(_library.outbox_list, _arguments.arguments_json(arguments))
        return _view(_checked(result, arguments)).entries

    def worklist(self) -> Tuple[OutboxEntry, ...]:
        """Lists all that a person must see: final, not delivered, and not acknowledged."""
        return tuple(self._all(WORKLIST, acknowledged=False))

    def acknowledge(self, entry: Union[OutboxEntry, int]) -> OutboxEntry:
        """Notes that a person has seen an entry, or the one of that number.

        It leaves the worklist. Doing so again has no effect. Raises ``OutboxError``:
        ``outbox_no_entry``, or ``outbox_pending`` for one that is not final yet.
        """
        number = entry.id if isinstance(entry, OutboxEntry) else entry
        if isinstance(number, bool) or not isinstance(number, int):
            problem = f"expected an entry or its number, found {type(number).__name__}"
            raise ArgumentError(Code.INVALID_ARGUMENT, f"entry: {problem}")
        # No entry has a number that C cannot say.
        number = number if 0 <= number <= _MOST_ID else 0
        return _entry(self._ask(_library.outbox_acknowledge, number), {})

    def stats(self) -> OutboxCounts:
        """Counts the entries."""
        result = _checked(self._ask(_library.outbox_stats), {})
        counts = _view(result).counts
        if counts is None:
            raise OutboxError(result.message, result)
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
            page = self.list(
                states=states, acknowledged=acknowledged, after=after, max=_MOST_LISTED
            )
            yield from page
            if len(page) < _MOST_LISTED:
                return
            after = page[-1].id

    def _call(
        self,
        function: Any,
        session_id: Optional[str],
        arguments: Mapping[str, Any],
        abort: Optional[AbortToken],
    ) -> Cancellation:
        """Makes a call that may send: on the right thread, and its events are logged."""
        prepared = self._prepare(session_id, arguments)
        self._client._listen()
        return Cancellation.from_json(self._client._run(function, prepared, abort))

    def _prepare(self, session_id: Optional[str], arguments: Mapping[str, Any]) -> Tuple[Any, ...]:
        try:
            handle = self._open_handle()
            named = () if session_id is None else (_arguments.session_id(session_id),)
            return (handle, *named, _arguments.arguments_json(arguments))
        except RefusedError as error:
            error.outcome = _arguments.refused_outcome(arguments, error)
            raise

    def _ask(self, function: Any, *arguments: Union[int, bytes, None]) -> Cancellation:
        """Makes a call that is about the file alone."""
        return Cancellation.from_json(_library.take_text(function(self._open_handle(), *arguments)))


_REFUSALS = (Code.INVALID_ARGUMENT, Code.INVALID_SESSION_ID, Code.INVALID_HANDLE)

_FILE_TROUBLES = (
    Code.OUTBOX_UNAVAILABLE,
    Code.OUTBOX_UNSAFE,
    Code.OUTBOX_IO,
    Code.OUTBOX_FULL,
    Code.OUTBOX_CORRUPT,
    Code.OUTBOX_SCHEMA,
    Code.OUTBOX_BUSY,
)


def _view(result: Cancellation) -> OutboxView:
    return result.outbox or OutboxView(None, (), None)


def _checked(result: Cancellation, arguments: Mapping[str, Any]) -> Cancellation:
    if result.code is not Code.OK:
        raise _trouble(result, arguments)
    return result


def _entry(result: Cancellation, arguments: Mapping[str, Any]) -> OutboxEntry:
    entry = _view(_checked(result, arguments)).entry
    if entry is None:
        raise OutboxError(result.message, result)
    return entry


def _trouble(
    result: Cancellation, arguments: Mapping[str, Any]
) -> Union[ArgumentError, ClosedError, OutboxError]:
    """The exception for what is no outcome."""
    message = _arguments.in_seconds(result.message, arguments)
    if result.code is Code.INVALID_HANDLE:
        return ClosedError(result.code, message, result)
    if result.code in _REFUSALS:
        return ArgumentError(result.code, message, result)
    return OutboxError(message, result)
