"""The host's functions: the contract's imports in a component, a fake in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._message import Header

#: From the most verbose to the most urgent.
LEVELS = ("trace", "debug", "info", "warn", "error")


class Host(Protocol):
    """What a host gives."""

    def emit(
        self,
        to: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header],
        timestamp_ms: int | None,
    ) -> None: ...

    def max_level(self) -> str: ...

    def write(self, level: str, text: str) -> None: ...

    def now_ms(self) -> int: ...

    def seed(self) -> tuple[int, int]: ...

    def attempt(self) -> int: ...


_current: Host | None = None


def host() -> Host:
    """The host of this process; there is one in a component and within a test's call."""
    if _current is None:
        raise RuntimeError("only a handler that is being called may ask the host")
    return _current


def replace_host(other: Host | None) -> Host | None:
    """Makes ``other`` the host; the one that was."""
    global _current
    before, _current = _current, other
    return before
