"""What a handler may know of its surroundings."""

from __future__ import annotations

from ._host import host


def now_ms() -> int:
    """The record's timestamp in milliseconds since 1970; 0 where it has none. There is no other
    clock: ``time.time()`` is the same moment."""
    return host().now_ms()


def seed() -> tuple[int, int]:
    """128 bits derived from handler, topic, partition and offset: the same for the same record, so
    that whatever is generated from them is repeated when the record is."""
    return host().seed()


def attempt() -> int:
    """Which call for this record this is: 1, 2, … The one answer that differs when a record comes
    again."""
    return host().attempt()
