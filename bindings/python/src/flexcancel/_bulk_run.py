"""A run of ``cancel_many``."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import weakref
from typing import (
    Any,
    Callable,
    Dict,
    Generic,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Type,
    TypeVar,
    Union,
)

from . import _arguments
from ._abort import AbortToken, check_token
from ._arguments import PathLike, checked
from ._bulk_call import BulkCall, Given
from ._bulk_item import BulkItem, BulkResult, BulkSummary, encoded
from ._enums import Code
from ._errors import ArgumentError, BulkError, InterruptedCallError, RefusedError
from ._not_copied import NotCopied

B = TypeVar("B", bound=BulkResult)
Item = Union[str, BulkItem]

#: What to do where the input has failed.
_ADVICE_OF_FAILED = (
    "Put the input right, then resume the run with its journal. Without one, run the items that "
    "have no result; those that are unknown or not applied say what to do."
)

#: From so many results on, they are read before the input.
MAX_UNREAD = 64


def bulk_options(
    rate: Optional[float],
    journal: Optional[PathLike],
    expand: Iterable[str],
    dry_run: bool,
    **more: Any,
) -> Dict[str, Any]:
    """The options of a run by name, whoever makes it."""
    return {
        "rate": rate,
        "journal": journal,
        "expand": expand,
        "dry_run": dry_run or None,
        **more,
    }


class BulkBase(NotCopied, Generic[B]):
    """What the runs of both clients have in common: the consumer's side of the native call."""

    __slots__ = (
        "__weakref__",
        "_call",
        "_client",
        "_close",
        "_error",
        "_is_told",
        "_kind",
        "_options",
        "summary",
    )

    def __init__(
        self,
        client: Any,
        kind: Type[B],
        options: Mapping[str, Any],
        abort: Optional[AbortToken],
        ring: Optional[Callable[[], None]] = None,
    ) -> None:
        #: What the run came to; ``None`` until it has ended.
        self.summary: Optional[BulkSummary] = None
        # Not closed before the run ends, where nobody else holds it.
        self._client = client
        self._kind = kind
        self._options = options
        self._error: Optional[Exception] = None
        self._is_told = False
        check_token(abort)
        handle = client._open_handle()
        self._call = BulkCall(self, handle, _arguments.arguments_json(options), abort, ring)
        # Also at the interpreter's end: a thread that came back from a native call then would end
        # within it, and with it the process.
        self._close = weakref.finalize(self, self._call.leave)
        client._listen()
        self._call.start()

    def __repr__(self) -> str:
        state = "" if self.summary is None else f" ({self.summary.code})"
        return f"<flexcancel.{type(self).__name__}{state}>"

    def _result(self) -> Optional[B]:
        """The next result that is there."""
        call = self._call
        if call.is_left or not call.results:
            return None
        result = self._kind.from_json(call.results[0].decode())
        call.results.popleft()
        return result

    def _encoded(self, item: object) -> Given:
        """An item for the native call. One of a wrong type ends the input."""
        try:
            return encoded(item)
        except ArgumentError as error:
            self._fail(error)
            return None

    @property
    def _is_over(self) -> bool:
        """Whether nothing more is read from the input."""
        return self._error is not None or self._call.token.is_triggered

    def _fail(self, error: Exception) -> None:
        """The input ends with an exception, which is raised after the results."""
        self._error = self._error or error

    def _leave(self) -> None:
        self._call.leave()
        self._close.detach()
        self._summarize()

    def _summarize(self) -> None:
        """Reads the summary of a run that has ended."""
        call = self._call
        call.join()
        if self.summary is not None or not call.ended:
            return
        self._close.detach()
        ended = call.ended[0]
        if isinstance(ended, BaseException):
            raise ended
        summary = BulkSummary.from_json(ended)
        self.summary = summary if self._error is None else _of_failed(summary, self._error)

    def _tell(self) -> None:
        """Raises once what ended the run, unless it was the consumer."""
        self._summarize()
        if self._is_told or self._call.is_left or self.summary is None:
            return
        self._is_told = True
        if self._error is not None:
            raise self._error
        summary = checked(self.summary, self._options)
        if summary.code not in (Code.OK, Code.ABORTED):
            raise BulkError(summary)

    def _interrupt(self, interruption: BaseException) -> BaseException:
        """Ends the run because of an exception, and notes in it what is known."""
        # A second interruption changes nothing.
        with contextlib.suppress(BaseException):
            self._call.abort()
        with contextlib.suppress(BaseException):
            self._summarize()
        if self.summary is not None and interruption.__cause__ is None:
            interruption.__cause__ = InterruptedCallError(self.summary)
        self._is_told = True
        return interruption


class BulkRun(BulkBase[B], Iterator[B]):
    """A run of ``Client.cancel_many``: an iterator of results.

    The input is read, and results are read, on the thread that iterates; a thread of the run's own
    waits in the native library. ``summary`` says what the run came to, once it has ended.

    The run ends early with ``close``, at the end of a ``with`` block, and where it is no longer
    referenced, as after a ``break``: nothing new is sent, calls in flight are aborted and waited
    for. One consumer at a time.
    """

    __slots__ = ("_items", "_lock")

    def __init__(
        self,
        client: Any,
        kind: Type[B],
        items: Iterable[Item],
        options: Mapping[str, Any],
        abort: Optional[AbortToken],
    ) -> None:
        self._items = iter_items(items)
        self._lock = threading.RLock()
        super().__init__(client, kind, options, abort)
        try:
            while not self._call.has_news:
                self._call.wait()
        except BaseException:
            self._leave()
            raise
        if self._call.ended and not self._call.results:
            self._tell()

    def __iter__(self) -> BulkRun[B]:
        return self

    def __next__(self) -> B:
        # Before the lock: in a forked child another thread's is held for good.
        self._call.check_process()
        with self._lock:
            try:
                result = self._next()
            except BaseException as interruption:
                # A signal handler raised.
                raise self._interrupt(interruption) from interruption.__cause__
            if result is None:
                self._tell()
                raise StopIteration
            return result

    def __enter__(self) -> BulkRun[B]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the run, and waits for it. Closing again has no effect."""
        self._leave()

    def _next(self) -> Optional[B]:
        call = self._call
        while True:
            # Looked at before the results: the last of them come before the end.
            has_ended = bool(call.ended)
            if call.is_hungry and not has_ended and len(call.results) < MAX_UNREAD:
                # First, so that what is in flight does not run dry while results are read.
                call.give(self._read())
                continue
            result = self._result()
            if result is not None or has_ended:
                return result
            call.wait()

    def _read(self) -> Given:
        if self._is_over:
            return None
        try:
            item = next(self._items)
        except StopIteration:
            return None
        except Exception as error:
            self._fail(error)
            return None
        return self._encoded(item)


def _of_failed(summary: BulkSummary, error: Exception) -> BulkSummary:
    """The summary of a run whose input has failed. For the library the input has just ended.

    To tell the library would abort the calls in flight.
    """
    name, code = f"{type(error).__name__}: ", Code.ABORTED
    if isinstance(error, RefusedError):
        name, code = "", error.code
    message = f"the input failed: {name}{' '.join(str(error).split())}"
    if summary.code not in (Code.OK, Code.JOURNAL_INVALID):
        # That ended the run, too, and comes first. A journal is invalid for an input that is short.
        message = f"{summary.message}; {message}"
        return dataclasses.replace(summary, message=message, complete=False)
    return dataclasses.replace(
        summary, code=code, message=message, advice=_ADVICE_OF_FAILED, complete=False
    )


def iter_items(items: Iterable[Item]) -> Iterator[Item]:
    """The items one by one. A single text is no list of them."""
    if isinstance(items, (str, bytes, BulkItem)) or not hasattr(items, "__iter__"):
        problem = f"expected an iterable of session ids or BulkItems, found {type(items).__name__}"
        raise ArgumentError(Code.INVALID_ARGUMENT, f"items: {problem}")
    return iter(items)
