"""The client."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Iterable, Literal, Mapping, Optional, Sequence, Union, overload

from . import _arguments, _events
from ._abort import AbortToken, check_token
from ._arguments import PathLike, checked
from ._bulk_item import BulkCancellation, BulkRetrieval
from ._bulk_run import BulkRun, Item, bulk_options
from ._cancellation import Cancellation
from ._enums import Code
from ._errors import ConfigError, WarmUpError
from ._handle import Handle
from ._library import native
from ._native_call import NativeCall, has_signal_handler, take
from ._result import R, Result
from ._retrieval import Retrieval
from ._times import Time


class Client(Handle):
    """Cancels holds at Flex, and tells the truth about it.

    Exactly one of ``api_key``, ``api_key_env`` and ``api_key_file`` is required. An argument that
    is left out, or is ``None``, has its default. Durations are in seconds, as ``int`` or ``float``.
    ``docs/CONFIGURATION.md`` says more of each.

    - ``api_key``: the key.
    - ``api_key_env``: the name of the environment variable with the key.
    - ``api_key_file``: the path of the file with the key.
    - ``base_url``: where requests go. Default: ``https://api.withflex.com``, which is Flex itself.
    - ``ca_file``: a PEM file; only its certificates are trusted. Default: none, as ``trust`` says.
    - ``connect_attempts``: how many attempts may fail before a cancel is sent, 1 to 100.
      Default: 8.
    - ``connect_timeout``: seconds to open one connection, 0.001 to 600. Default: 5.
    - ``dns_ttl``: seconds for which resolved addresses are used, 0 to 3600. Default: 30.
    - ``max_attempts``: how often one cancel is sent at most, 1 to 10. Default: 4.
    - ``max_idle``: seconds for which an idle connection may be reused, 0 to 600. Default: 5.
    - ``mode``: ``"test"`` or ``"live"``, the mode that is expected. Default: that of the key.
    - ``proxy``: ``"none"``, ``"env"`` or ``"http://[USER:PASSWORD@]HOST[:PORT]"``. Default:
      ``"none"``.
    - ``rate_per_second``: requests per second of all calls together, 1 to 10000. Default: no limit.
    - ``timeout``: seconds of a whole call, 0.001 to 600. Default: 15.
    - ``trust``: ``"system"`` or ``"bundled"``, the trusted roots. Default: ``"system"``.
    - ``user_agent``: a text after ``flexcancel/VERSION``. Default: none.
    - ``verify``: read the session back after a confirmation that does not show the release.
      Default: false.
    - ``interruptible``: on the main thread, where Ctrl-C or SIGTERM runs Python code, a thread of
      its own makes each call, so that the signal ends the call at once. Default: true. False saves
      that thread, which costs 0.1 to 0.6 ms per call: then signal handlers run when the call has
      ended.

    Opens no connection before the first call. Thread-safe; concurrent calls run without the GIL.
    A forked child may use its parent's client. A client cannot be pickled or copied. Close it, or
    use it as a context manager; a client that is no longer referenced closes itself.

    Raises ``ConfigError`` if the configuration cannot be used; the message names the argument.
    Raises ``LibraryError`` if the native library cannot be loaded.
    """

    __slots__ = ("_close", "_is_logged", "interruptible")

    def __init__(
        self,
        api_key: Optional[str] = None,
        *,
        api_key_env: Optional[str] = None,
        api_key_file: Optional[PathLike] = None,
        base_url: Optional[str] = None,
        ca_file: Optional[PathLike] = None,
        connect_attempts: Optional[int] = None,
        connect_timeout: Optional[float] = None,
        dns_ttl: Optional[float] = None,
        max_attempts: Optional[int] = None,
        max_idle: Optional[float] = None,
        mode: Optional[str] = None,
        proxy: Optional[str] = None,
        rate_per_second: Optional[int] = None,
        timeout: Optional[float] = None,
        trust: Optional[str] = None,
        user_agent: Optional[str] = None,
        verify: Optional[bool] = None,
        interruptible: bool = True,
    ) -> None:
        arguments = {**locals()}
        del arguments["self"], arguments["interruptible"]
        self._open(_arguments.config_json(arguments), arguments, interruptible)

    @classmethod
    def from_json(cls, text: str, *, interruptible: bool = True) -> Client:
        """Makes a client from the JSON configuration that all languages share.

        Its keys are those of docs/CONFIGURATION.md, with durations in milliseconds.
        """
        client = cls.__new__(cls)
        client._open(text, {}, interruptible)
        return client

    def _open(self, config: str, arguments: Mapping[str, Any], interruptible: bool) -> None:
        self.interruptible = interruptible
        self._is_logged = False
        self._handle = None
        error = ctypes.c_void_p()
        text = _arguments.c_text("configuration", config, ConfigError, Code.INVALID_CONFIG)
        handle = native.client_new(text, ctypes.byref(error))
        if not handle:
            result = take(Cancellation, error.value)
            message = _arguments.in_seconds(result.message, arguments)
            raise ConfigError(result.code, message, result)
        self._handle = handle
        self._close = weakref.finalize(self, native.client_free, handle)
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
        abort: Optional[AbortToken] = None,
    ) -> Cancellation:
        """Releases the hold of a checkout session, and says whether it is released.

        Blocks until the outcome is definite or ``timeout`` seconds are over. ``expand`` names
        related objects to expand in the response. ``abort`` may end the call early. An exception
        that a signal handler raises, such as Ctrl-C's ``KeyboardInterrupt``, ends it too, and has
        an ``InterruptedCallError`` as its cause, whose ``result`` says what is known.

        A cancel that ended ``unknown`` is repeated with its result: ``client.cancel(session_id,
        **result.repeat)``. ``in_doubt`` says whether an earlier request with this
        ``idempotency_key`` may have reached Flex; the default is true where a key is given. A call
        in doubt reads the session before it sends anything, and is never ``not_applied``. False
        says that the key was not used before. ``asked_at`` is when a person asked for the cancel,
        an aware ``datetime`` or seconds since 1970 (now): a hold made later is not released.
        ``verify`` (as the client's): reads the session back once after a confirmation that does
        not show the release.

        Raises ``ArgumentError`` or ``ClosedError``; nothing was sent then. Every other failure is
        in the result.
        """
        named = {"timeout": timeout, "verify": verify, "max_attempts": max_attempts}
        options = _arguments.cancel_options(expand, idempotency_key, in_doubt, asked_at, **named)
        call = self._prepare(Cancellation, native.client_cancel, options, session_id)
        return checked(self._run(call, abort), options, session_id)

    def retrieve(
        self,
        session_id: str,
        *,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        max_attempts: Optional[int] = None,
        abort: Optional[AbortToken] = None,
    ) -> Retrieval:
        """Reads a checkout session. Changes nothing.

        ``session`` of the result is the session, and ``hold`` and ``outcome`` say what it means for
        the money. Arguments and exceptions are those of ``cancel``.
        """
        options = {"expand": expand, "timeout": timeout, "max_attempts": max_attempts}
        call = self._prepare(Retrieval, native.client_retrieve, options, session_id)
        return checked(self._run(call, abort), options, session_id)

    @overload
    def cancel_many(
        self,
        items: Iterable[Item],
        *,
        concurrency: int = 16,
        rate: Optional[int] = None,
        journal: Optional[PathLike] = None,
        in_order: bool = True,
        max_unknown: Optional[int] = None,
        dry_run: Literal[False] = False,
        reason: Optional[str] = None,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        asked_at: Optional[Time] = None,
        abort: Optional[AbortToken] = None,
    ) -> BulkRun[BulkCancellation]: ...

    @overload
    def cancel_many(
        self,
        items: Iterable[Item],
        *,
        concurrency: int = 16,
        rate: Optional[int] = None,
        journal: Optional[PathLike] = None,
        in_order: bool = True,
        max_unknown: Optional[int] = None,
        dry_run: Literal[True],
        reason: Optional[str] = None,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        asked_at: Optional[Time] = None,
        abort: Optional[AbortToken] = None,
    ) -> BulkRun[BulkRetrieval]: ...

    def cancel_many(
        self,
        items: Iterable[Item],
        *,
        concurrency: int = 16,
        rate: Optional[int] = None,
        journal: Optional[PathLike] = None,
        in_order: bool = True,
        max_unknown: Optional[int] = None,
        dry_run: bool = False,
        reason: Optional[str] = None,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        asked_at: Optional[Time] = None,
        abort: Optional[AbortToken] = None,
    ) -> Union[BulkRun[BulkCancellation], BulkRun[BulkRetrieval]]:
        """Cancels many sessions, several at a time. Returns an iterator of one result for each.

        ``items`` are session ids, or ``BulkItem``s with options of their own. They are read on the
        thread that iterates, a few ahead of what is sent; an input that waits holds up the results.
        An exception of the input ends it: the results of what was sent come first. At most
        ``concurrency`` calls run at a time, and ``rate`` requests per second. Results come in the
        order of the input, or as the calls end (``in_order=False``). With ``journal``, the path of
        a file, the run can be resumed; ``reason`` is written there. The run stops after more than
        ``max_unknown`` unknown outcomes. ``dry_run`` only retrieves. Other arguments are those of
        ``cancel``, for each item. ``docs/BULK.md`` has it all.

        Leaving the loop early, Ctrl-C and ``abort`` abort the calls in flight, and wait for them.
        After Ctrl-C or ``abort``, their results can still be read from the iterator. ``summary`` of
        the iterator says what the run came to.

        Raises ``ArgumentError`` or ``ClosedError`` at once; nothing was sent then. ``BulkError``
        is raised after the results where something else than the caller ended the run.
        """
        options = bulk_options(
            rate, journal, expand, dry_run, concurrency=concurrency, in_order=in_order,
            max_unknown=max_unknown, reason=reason, timeout=timeout, verify=verify,
            max_attempts=max_attempts, asked_at=asked_at,
        )  # fmt: skip
        if dry_run:
            return BulkRun(self, BulkRetrieval, items, options, abort)
        return BulkRun(self, BulkCancellation, items, options, abort)

    def warm_up(
        self, *, timeout: Optional[float] = None, abort: Optional[AbortToken] = None
    ) -> None:
        """Opens a connection ahead of time, for the next call. Sends no request.

        Raises ``WarmUpError`` if no connection could be opened within ``timeout`` seconds, or
        ``abort`` was triggered; its ``code`` says why. Later calls open one of their own.
        """
        options = {"timeout": timeout}
        call = self._prepare(Result, native.client_warm_up, options)
        check_warm_up(checked(self._run(call, abort), options))

    def close(self) -> None:
        """Closes the connections. A call in flight on another thread goes on to its end.

        Closing again has no effect.
        """
        self._handle = None
        self._close()

    def _listen(self) -> None:
        """Starts or stops the log events of later calls, as the logger is configured now."""
        handle, is_logged = self._handle, _events.wanted()
        if handle is not None and is_logged is not self._is_logged:
            self._is_logged = is_logged
            _events.subscribe(handle, is_logged)

    def _run(self, call: NativeCall[R], abort: Optional[AbortToken]) -> R:
        """Makes a call on the right thread."""
        check_token(abort)
        self._listen()
        if self.interruptible and has_signal_handler():
            return call.run_interruptibly(abort)
        if self._is_logged:
            return call.run_logged(abort)
        return call.run(abort)


def check_warm_up(result: Result) -> None:
    """Raises unless a connection is open."""
    if result.code is not Code.OK:
        raise WarmUpError(result)
