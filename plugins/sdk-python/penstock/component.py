"""The contract's exports, for the handler in the author's module ``handler``.

What is imported from ``wit_world`` is generated from ``wit/`` by componentize-py.
"""

from __future__ import annotations

import codecs
import logging
import os
import random
import sys
from collections.abc import Sequence

import handler as author
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import context, log, outputs, types

from . import __version__
from ._failures import Reject, Retry, SettingError, Skip
from ._handler import Handler as Base
from ._handler import make
from ._host import LEVELS, replace_host
from ._log import LogHandler, Stream
from ._message import Header, Message, Timestamp
from ._trace import message, trace

_SDK = f"penstock-sdk-python {__version__}"
_ROOT = os.path.dirname(author.__file__ or "")
_LEVELS = dict(zip(LEVELS, log.Level, strict=True))
_NAMES = dict(zip(log.Level, LEVELS, strict=True))


class _Imports:
    """The host's functions."""

    def emit(
        self,
        to: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header],
        timestamp_ms: int | None,
    ) -> None:
        lowered = [types.Header(name, of) for name, of in headers]
        outputs.emit(to, key, value, lowered, timestamp_ms)

    def max_level(self) -> str:
        return _NAMES[log.max_level()]

    def write(self, level: str, text: str) -> None:
        log.write(_LEVELS[level], text)

    def now_ms(self) -> int:
        return context.now_ms()

    def seed(self) -> tuple[int, int]:
        return context.seed()

    def attempt(self) -> int:
        return context.attempt()


# Modules are loaded now or never: of the codecs, those that are likely to be asked for by name.
for _codec in ("ascii", "latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-32", "idna"):
    codecs.lookup(_codec)

replace_host(_Imports())
_printed = Stream("info")
_complained = Stream("warn")
logging.basicConfig(level=1, handlers=[LogHandler()], format="%(message)s")


def _class() -> type[Base]:
    found = [
        it for it in vars(author).values()
        if isinstance(it, type) and issubclass(it, Base) and it.__module__ == author.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"handler.py must have one class that is a penstock.Handler, not {len(found)}")
    return found[0]


_handler_class = _class()
#: Once it is configured. Not an attribute below: each call has an object of its own there.
_configured: Base | None = None


class Handler(exports.Handler):
    """The contract's interface of this name."""

    def describe(self) -> types.Description:
        of = _handler_class
        return types.Description(
            of.name,
            of.version,
            _SDK,
            of.headers,
            [types.OutputSpec(it.name, it.doc) for it in of._outputs],
            [types.SettingSpec(it.name, it.doc, it.is_required, it.default) for it in of._declared],
        )

    def configure(self, topic: str, settings: list[tuple[str, str]]) -> None:
        global _configured
        _start()
        try:
            _configured = make(_handler_class, topic, settings)
        except* SettingError as group:
            errors = [it for it in group.exceptions if isinstance(it, SettingError)]
            raise Err([types.SettingError(it.name, it.problem) for it in errors]) from None

    def handle(self, m: types.Message) -> types.Outcome:
        _start()
        try:
            if _configured is None:
                raise RuntimeError("handle was called before configure")
            return _outcome(_configured.handle(_lift(m)))
        except Reject as error:
            raise Err(types.Failure_Reject(types.Reason(error.code, error.text))) from None
        except Retry as error:
            why = types.Reason(error.code, error.text)
            raise Err(types.Failure_Retry(types.RetryInfo(error.after_ms, why))) from None
        # `sys.exit` too: it would end the instance without a word of where.
        except BaseException as error:
            crash = types.CrashInfo(message(error), trace(error, _ROOT))
            raise Err(types.Failure_Crash(crash)) from None
        finally:
            _printed.finish()
            _complained.finish()


def _start() -> None:
    """Before each record: random numbers begin anew, so that they are repeated when it is."""
    sys.stdout, sys.stderr = _printed, _complained
    high, low = context.seed()
    random.seed(high << 64 | low)


def _outcome(answer: Skip | None) -> types.Outcome:
    if answer is None:
        return types.Outcome_Done()
    if isinstance(answer, Skip):
        return types.Outcome_Skip(types.Reason(answer.code, answer.text))
    raise TypeError(f"handle returns None or a Skip, not {type(answer).__name__}")


def _lift(m: types.Message) -> Message:
    headers = tuple(Header(it.name, it.value) for it in m.headers or ())
    return Message(m.partition, m.offset, _time(m.timestamp), m.key, m.value, headers)


def _time(timestamp: types.Timestamp) -> Timestamp:
    if isinstance(timestamp, types.Timestamp_CreateTime):
        return Timestamp("create-time", timestamp.value)
    if isinstance(timestamp, types.Timestamp_LogAppendTime):
        return Timestamp("log-append-time", timestamp.value)
    return Timestamp("unknown", None)
