"""What owns a handle of the native library until it is closed."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Type, TypeVar

from . import _arguments
from ._enums import Code, Outcome
from ._errors import ClosedError, RefusedError
from ._native_call import NativeCall
from ._not_copied import NotCopied
from ._result import R

T = TypeVar("T", bound="Handle")


class Handle(NotCopied):
    """A handle of the native library, as a context manager."""

    __slots__ = ("__weakref__", "_handle")

    _handle: Optional[int]
    # Of a cancel that is not handed on, nothing is known: a file may keep an earlier one.
    _keeps_cancels = False

    def close(self) -> None:
        """Releases the handle."""
        raise NotImplementedError

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._handle is None

    def __enter__(self: T) -> T:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<flexcancel.{type(self).__name__}{' (closed)' if self.is_closed else ''}>"

    def _open_handle(self) -> int:
        if self._handle is None:
            name = type(self).__name__
            why = f"its close() was called, or its with block ended; make a new {name}"
            raise ClosedError(Code.INVALID_HANDLE, f"the {name.lower()} is closed: {why}")
        return self._handle

    def _prepare(
        self, kind: Type[R], function: Any, options: Mapping[str, Any], *session_id: str
    ) -> NativeCall[R]:
        """Checks the arguments of a call. The exception says what may be said of the cancel."""
        try:
            handle = self._open_handle()
            named = map(_arguments.session_id, session_id)
            arguments = (handle, *named, _arguments.arguments_json(options))
        except RefusedError as error:
            error.outcome = _arguments.refused_outcome(options)
            if self._keeps_cancels and error.code is not Code.INVALID_SESSION_ID:
                error.outcome = Outcome.UNKNOWN
            raise
        return NativeCall(kind, function, arguments)
