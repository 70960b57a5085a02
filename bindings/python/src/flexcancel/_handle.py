"""What holds something of the native library, until it is closed."""

from __future__ import annotations

from types import TracebackType
from typing import Optional, Type, TypeVar

from ._enums import Code
from ._errors import ClosedError

T = TypeVar("T", bound="Handle")


class Handle:
    """A handle of the native library, in a context manager."""

    __slots__ = ("__weakref__", "_handle")

    _handle: Optional[int]

    def close(self) -> None:
        """Lets go of the handle."""
        raise NotImplementedError

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._handle is None

    def __enter__(self: T) -> T:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<flexcancel.{type(self).__name__}{' (closed)' if self.is_closed else ''}>"

    def _open_handle(self) -> int:
        if self._handle is None:
            name = type(self).__name__.lower()
            raise ClosedError(Code.INVALID_HANDLE, f"the {name} is closed")
        return self._handle
