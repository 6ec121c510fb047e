"""A fake host, so that handlers are tested by any test runner::

    run = Instance(Shout, {"mark": "?"}).handle("hello")
    assert run.outputs[0].text() == "HELLO?"

It keeps the contract's rules: outputs are dropped unless the handler succeeds, and a reason code
that the host would refuse fails the test. An exception that is neither a Reject nor a Retry is
raised on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._failures import Reject, Retry, Skip
from ._handler import Handler, make
from ._host import replace_host
from ._log import LogHandler, Stream
from ._message import Header, Message, Timestamp

_NEW_YEAR = Timestamp("create-time", 1_767_225_600_000)


@dataclass
class Emitted:
    """A record that a handler emitted."""

    #: The output's name.
    output: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
    #: Milliseconds since 1970, where they were given.
    timestamp_ms: int | None

    def text(self) -> str:
        """The value as text."""
        assert self.value is not None, "a tombstone has no text"
        return self.value.decode()

    def json(self) -> Any:
        """The value as JSON."""
        return json.loads(self.text())


@dataclass
class Run:
    """What became of a record."""

    #: None is success.
    result: Skip | Reject | Retry | None = None
    #: What the host would send.
    outputs: list[Emitted] = field(default_factory=list)
    #: Levels and lines, of ``print`` and ``logging``.
    log: list[tuple[str, str]] = field(default_factory=list)


class Instance:
    """A configured handler, fed one record after another. Raises an ExceptionGroup of all that is
    wrong with the settings."""

    def __init__(
        self,
        handler: type[Handler],
        settings: Mapping[str, str] | None = None,
        topic: str = "topic",
    ) -> None:
        self.handler = make(handler, topic, (settings or {}).items())

    def handle(
        self,
        value: bytes | str | None,
        *,
        key: bytes | str | None = None,
        headers: Iterable[tuple[str, bytes | None]] = (),
        partition: int = 0,
        offset: int = 0,
        timestamp: Timestamp = _NEW_YEAR,
        attempt: int = 1,
    ) -> Run:
        """Handles one record."""
        given = tuple(Header(*header) for header in headers) if self.handler.headers else ()
        message = Message(partition, offset, timestamp, _bytes(key), _bytes(value), given)
        run = Run()
        with _host(_Fake(run, self.handler, message, attempt)):
            try:
                run.result = self.handler.handle(message)
            except (Reject, Retry) as error:
                run.result = error
        if run.result is not None:
            run.outputs.clear()
            code = run.result.code
            assert re.fullmatch("[a-z0-9-]{1,64}", code), f"reason code {code!r}"
        return run


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


@contextlib.contextmanager
def _host(fake: _Fake) -> Iterator[None]:
    root, log, printed = logging.getLogger(), LogHandler(), Stream("info")
    before, state, level = replace_host(fake), random.getstate(), root.level
    root.addHandler(log)
    root.setLevel(1)
    high, low = fake.seed()
    random.seed(high << 64 | low)
    try:
        with contextlib.redirect_stdout(printed):
            yield
        printed.finish()
    finally:
        root.removeHandler(log)
        root.setLevel(level)
        random.setstate(state)
        replace_host(before)


class _Fake:
    """The host's functions, recorded."""

    def __init__(self, run: Run, handler: Handler, message: Message, attempt: int) -> None:
        self._run = run
        self._handler = handler
        self._message = message
        self._attempt = attempt

    def emit(
        self,
        to: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header],
        timestamp_ms: int | None,
    ) -> None:
        output = self._handler._outputs[to].name
        self._run.outputs.append(Emitted(output, key, value, headers, timestamp_ms))

    def max_level(self) -> str:
        return "trace"

    def write(self, level: str, text: str) -> None:
        self._run.log.append((level, text))

    def now_ms(self) -> int:
        return self._message.timestamp.ms or 0

    def seed(self) -> tuple[int, int]:
        message = self._message
        place = (self._handler.name, self._handler.topic, message.partition, message.offset)
        digest = hashlib.sha256(repr(place).encode()).digest()
        return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")

    def attempt(self) -> int:
        return self._attempt
