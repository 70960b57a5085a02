"""What owns a handle of the native library and cannot be copied with it."""

from __future__ import annotations

from typing import Any, NoReturn


class NotCopied:
    """An object that refuses to be pickled or copied.

    A handle is a number in this process: in another one it names nothing, or somebody else's
    client.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        name = type(self).__name__
        raise TypeError(
            f"cannot pickle or copy a flexcancel.{name}: it belongs to this process. "
            "Share it between threads, and make another one in another process"
        )
