"""The client."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Dict, Mapping, Optional, Sequence, Type

from . import _arguments, _events, _library
from ._abort import AbortToken
from ._arguments import PathLike
from ._cancellation import Cancellation
from ._enums import Code
from ._errors import ArgumentError, ClosedError, ConfigError, RefusedError
from ._handle import Handle
from ._native_call import Arguments, has_signal_handler, run, run_interruptibly, run_logged

#: Codes of a call that the program itself got wrong.
_REFUSALS: Dict[Code, Type[RefusedError]] = {
    Code.INVALID_ARGUMENT: ArgumentError,
    Code.INVALID_SESSION_ID: ArgumentError,
    Code.INVALID_HANDLE: ClosedError,
}


class Client(Handle):
    """Cancels holds at Flex, and tells the truth about it.

    Exactly one of ``api_key``, ``api_key_env`` and ``api_key_file`` is needed. Times are in
    seconds; what is left out has the library's default. The README's table has every argument.

    Opens no connection before the first call. May be shared between threads, whose calls run side
    by side without the GIL, and used on in a forked child. Close it, or use it as a context
    manager; a client that is forgotten is closed when it is collected.

    ``interruptible``: on the main thread, where Ctrl-C runs Python code, a call is made by a thread
    of its own, so that Ctrl-C ends it at once. False saves that thread, which costs 0.1 to 0.6 ms
    a call: then signal handlers run when the call has ended.

    Raises ``ConfigError`` if the configuration cannot be used. The message names the argument.
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
        connect_timeout: Optional[float] = None,
        dns_ttl: Optional[float] = None,
        max_attempts: Optional[int] = None,
        max_idle: Optional[float] = None,
        mode: Optional[str] = None,
        proxy: Optional[str] = None,
        timeout: Optional[float] = None,
        trust: Optional[str] = None,
        user_agent: Optional[str] = None,
        verify: Optional[bool] = None,
        interruptible: bool = True,
    ) -> None:
        arguments = {
            "api_key": api_key,
            "api_key_env": api_key_env,
            "api_key_file": api_key_file,
            "base_url": base_url,
            "ca_file": ca_file,
            "connect_timeout": connect_timeout,
            "dns_ttl": dns_ttl,
            "max_attempts": max_attempts,
            "max_idle": max_idle,
            "mode": mode,
            "proxy": proxy,
            "timeout": timeout,
            "trust": trust,
            "user_agent": user_agent,
            "verify": verify,
        }
        self._open(_arguments.config_json(arguments), arguments, interruptible)

    @classmethod
    def from_json(cls, text: str, *, interruptible: bool = True) -> Client:
        """Makes a client from the text of a JSON configuration, as all languages share it.

        Its keys are those of the project's README, with times in milliseconds.
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
        handle = _library.client_new(text, ctypes.byref(error))
        if not handle:
            result = Cancellation.from_json(_library.take_text(error.value or 0))
            message = _arguments.in_seconds(result.message, arguments)
            raise ConfigError(result.code, message, result)
        self._handle = handle
        self._close = weakref.finalize(self, _library.client_free, handle)
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
        abort: Optional[AbortToken] = None,
    ) -> Cancellation:
        """Releases the hold of a checkout session, and says whether it is released.

        Blocks until the outcome is definite or ``timeout`` seconds are over. ``expand`` names
        related objects to have in full. ``abort`` may end the call early. An exception that a
        signal handler raises, such as Ctrl-C's ``KeyboardInterrupt``, ends it too, and has an
        ``InterruptedCallError`` as its cause, which tells what is known.

        An ``unknown`` cancel is repeated by its result: ``client.cancel(session_id,
        **result.repeat)``. ``in_doubt`` says whether an earlier request with this
        ``idempotency_key`` may have reached Flex, and is true by default where a key is given: such
        a call reads the session before it sends anything, and is never ``not_applied``. False: this
        is the key's first use. ``asked_at_ms`` is when a person asked for the cancel (now), in
        milliseconds since 1970: a later hold is not released. ``verify`` (as the client): after a
        confirmation that does not show the release, read the session back once.

        Raises ``ArgumentError`` or ``ClosedError``, and then nothing was sent. Whatever else went
        wrong is in the result.
        """
        arguments = self._prepare(
            session_id,
            _arguments.cancel_arguments(
                expand=expand,
                timeout=timeout,
                idempotency_key=idempotency_key,
                in_doubt=in_doubt,
                asked_at_ms=asked_at_ms,
                verify=verify,
                max_attempts=max_attempts,
            ),
        )
        return self._finish(self._run(_library.cancel, arguments, abort), timeout)

    def retrieve(
        self,
        session_id: str,
        *,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        max_attempts: Optional[int] = None,
        abort: Optional[AbortToken] = None,
    ) -> Cancellation:
        """Reads a checkout session back, with its payment intents. Changes nothing.

        The outcome says what may be said of the void: ``already_canceled``, ``not_cancelable``
        (captured or expired), ``not_applied`` (as of now it can be canceled; a cancel that is still
        on its way may release it yet) or ``unknown``. Otherwise like ``cancel``.
        """
        arguments = self._prepare(
            session_id, {"expand": expand or None, "timeout": timeout, "max_attempts": max_attempts}
        )
        return self._finish(self._run(_library.retrieve, arguments, abort), timeout)

    def warm_up(
        self, *, timeout: Optional[float] = None, abort: Optional[AbortToken] = None
    ) -> Cancellation:
        """Opens a connection ahead of time, for the next call. Sends nothing.

        The outcome is always ``not_applied``; the code is ``ok`` if a connection waits, or says
        why none does.
        """
        arguments = self._prepare_warm_up(timeout)
        return self._finish(self._run(_library.warm_up, arguments, abort), timeout)

    def close(self) -> None:
        """Closes the connections. A call in flight on another thread goes on to its end.

        Handle again has no effect.
        """
        self._handle = None
        self._close()

    def _prepare(self, session_id: str, options: Mapping[str, Any]) -> Arguments:
        try:
            handle = self._handle or self._open_handle()
            name = _arguments.session_id(session_id)
            text = _arguments.arguments_json(options)
        except RefusedError as error:
            error.outcome = _arguments.refused_outcome(options, error)
            raise
        self._listen()
        return handle, name, text

    def _prepare_warm_up(self, timeout: Optional[float]) -> Arguments:
        handle = self._open_handle()
        options = _arguments.arguments_json({"timeout": timeout})
        self._listen()
        return handle, options

    def _listen(self) -> None:
        """Has the events of calls that begin now logged, if somebody listens."""
        handle, is_logged = self._handle, _events.wanted()
        if handle is not None and is_logged is not self._is_logged:
            self._is_logged = is_logged
            _events.subscribe(handle, is_logged)

    def _run(self, function: Any, arguments: Arguments, abort: Optional[AbortToken]) -> str:
        if self.interruptible and has_signal_handler():
            return run_interruptibly(function, arguments, abort)
        if self._is_logged:
            return run_logged(function, arguments, abort)
        return run(function, arguments, abort)

    def _finish(self, text: str, timeout: Optional[float]) -> Cancellation:
        result = Cancellation.from_json(text)
        refusal = _REFUSALS.get(result.code)
        if refusal is None:
            return result
        message = _arguments.in_seconds(result.message, {"timeout": timeout})
        raise refusal(result.code, message, result)
