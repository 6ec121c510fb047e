"""The conformance plugin in Python: tests/conformance/README.md says what it must do."""

from __future__ import annotations

import json
import logging
import os
import random
import socket
import time

from penstock import Handler, Message, Output, Reject, Retry, Setting, Skip, context


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'expected a whole number, found "{text}"')
    return int(text)


class Conformance(Handler):
    """The handler."""

    name = "conformance"
    version = "1.0.0"
    headers = True

    out = Output("out", "Whatever the record asks for")
    about = Output("about", "What the handler knows of each record")

    word = Setting.required("word", "Any text")
    count = Setting.with_default("count", "A whole number", "1", whole)
    note = Setting.optional("note", "Any text")

    def handle(self, message: Message) -> Skip | None:
        command, argument = command_of(message)
        match command:
            case None:
                self.echo(message)
            case "outputs":
                for index in range(int(argument)):
                    self.out.emit(value=str(index))
            case "retry":
                self.echo(message)
                if context.attempt() == 1:
                    raise Retry("asked-to", "once, and later", after_ms=int(argument))
            case "reject":
                self.echo(message)
                raise Reject("asked-to", "Grüße, 世界")
            case "skip":
                self.echo(message)
                return Skip("asked-to", "the record asked for it")
            case "crash":
                breaks()
            case "trap":
                self.echo(message)
                os.abort()
            case "log":
                logging.log(5, "a trace line")
                logging.debug("a debug line")
                logging.info("an info line")
                logging.warning("a warn line")
                logging.error("an error line")
                print("printed")
                print("printed again")
            case "settings":
                settings = {"word": self.word, "count": self.count, "note": self.note}
                self.out.emit(value=json.dumps(settings))
            case "surroundings":
                self.out.emit(value=json.dumps(surroundings()))
            case _:
                raise Reject("unknown-command", f"no such command: {command}")
        self.about.emit(value=json.dumps(self.known_of(message)))
        return None

    def echo(self, message: Message) -> None:
        self.out.emit(
            key=message.key,
            value=message.value,
            headers=message.headers,
            timestamp_ms=message.timestamp.ms,
        )

    def known_of(self, message: Message) -> dict[str, object]:
        kind, ms = message.timestamp
        high, low = context.seed()
        return {
            "topic": self.topic,
            "partition": message.partition,
            "offset": message.offset,
            "timestamp": kind if ms is None else {kind: ms},
            "now": context.now_ms(),
            "attempt": context.attempt(),
            "seed": f"{high:016x}{low:016x}",
        }


def command_of(message: Message) -> tuple[str | None, str]:
    if message.value is None or not message.value.startswith(b"!"):
        return None, ""
    command, _, argument = message.text()[1:].partition(" ")
    return command, argument


def surroundings() -> dict[str, object]:
    return {
        "clock": round(time.time() * 1000),
        "random": f"{random.random()} {os.urandom(8).hex()}",
        "environment": "PATH" in os.environ,
        "file": opens("/etc/passwd"),
        "network": connects("127.0.0.1", 9092),
    }


def opens(path: str) -> bool:
    try:
        with open(path):
            return True
    except OSError:
        return False


def connects(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port)):
            return True
    except OSError:
        return False


def breaks() -> None:
    raise RuntimeError("this is broken")  # HERE
