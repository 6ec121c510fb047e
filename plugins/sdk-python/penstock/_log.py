"""``print`` and ``logging``, as lines of the host's log."""

from __future__ import annotations

import io
import logging

from ._host import LEVELS, host


def write(level: str, text: str) -> None:
    """A line, if the host keeps its level."""
    if LEVELS.index(level) >= LEVELS.index(host().max_level()):
        host().write(level, text)


class Stream(io.TextIOBase):
    """What is printed, line by line."""

    def __init__(self, level: str) -> None:
        self._level = level
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            write(self._level, line)
        return len(text)

    def finish(self) -> None:
        """A line that was begun ends here."""
        if self._begun:
            self.write("\n")


class LogHandler(logging.Handler):
    """The ``logging`` module's lines."""

    def emit(self, record: logging.LogRecord) -> None:
        write(_level(record.levelno), self.format(record))


def _level(number: int) -> str:
    for level, least in (("error", 40), ("warn", 30), ("info", 20), ("debug", 10)):
        if number >= least:
            return level
    return "trace"
