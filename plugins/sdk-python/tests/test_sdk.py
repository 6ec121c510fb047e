"""The SDK with its fake host."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from unittest import TestCase

from penstock import Handler, Message, Output, Reject, Retry, Setting, SettingError, Skip, context
from penstock._trace import message as told
from penstock._trace import trace
from penstock.testing import Instance


class Shout(Handler):
    name = "shout"
    version = "1.0.0"
    headers = True

    loud = Output("loud", "In capitals")
    other = Output("other", "Never")
    mark = Setting.required("mark", "What to end with")
    times = Setting.with_default("times", "How often", "1", int)
    note = Setting.optional("note", "Any text")

    def configure(self) -> None:
        if self.times > 9:
            raise SettingError("times", "at most 9")

    def handle(self, message: Message) -> Skip | None:
        text = message.text()
        print(self.topic, message.offset, end="")
        logging.getLogger("shout").warning("%s", self.note)
        self.loud.emit(key=message.key, value=text.upper() + self.mark * self.times)
        timestamp = message.timestamp.ms
        self.other.emit(value=None, headers=message.headers, timestamp_ms=timestamp)
        match text:
            case "skip":
                return Skip("asked-to", "text")
            case "reject":
                raise Reject("asked-to", "text")
            case "retry":
                raise Retry("asked-to", "text", after_ms=context.attempt())
            case "code":
                raise Reject("Not A Code", "text")
            case "crash":
                raise TypeError("broken")
        return None


@dataclass
class Person:
    name: str
    age: float | None = None


class SdkTest(TestCase):
    def test_what_is_emitted_and_logged_is_there(self) -> None:
        one = Instance(Shout, {"mark": "!", "times": "2"}, "texts")
        headers = [("a", b"1"), ("a", None)]
        run = one.handle("hello", key="k", offset=2**62, headers=headers)
        self.assertIsNone(run.result)
        self.assertEqual([it.output for it in run.outputs], ["loud", "other"])
        self.assertEqual(run.outputs[0].text(), "HELLO!!")
        self.assertIsNone(run.outputs[1].value)
        self.assertEqual([tuple(it) for it in run.outputs[1].headers], headers)
        self.assertEqual(run.outputs[1].timestamp_ms, 1_767_225_600_000)
        self.assertEqual(run.log, [("warn", "None"), ("info", f"texts {2**62}")])

    def test_what_fails_emits_nothing(self) -> None:
        one = Instance(Shout, {"mark": "!"})
        for value, kind in (("skip", Skip), ("reject", Reject), ("retry", Retry)):
            run = one.handle(value, attempt=3)
            assert isinstance(run.result, kind)
            self.assertEqual(run.outputs, [])
            if isinstance(run.result, Retry):
                self.assertEqual(run.result.after_ms, 3)
        with self.assertRaises(TypeError):
            one.handle("crash")
        with self.assertRaises(AssertionError):
            one.handle("code")

    def test_all_that_is_wrong_with_the_settings_is_said(self) -> None:
        with self.assertRaises(ExceptionGroup) as raised:
            Instance(Shout, {"times": "many", "colour": "red"})
        problems = [str(it) for it in raised.exception.exceptions]
        self.assertEqual(
            problems,
            [
                "colour: unknown setting; this plugin knows: mark, times, note",
                "mark: must be given: What to end with",
                "times: invalid literal for int() with base 10: 'many'",
            ],
        )
        with self.assertRaises(ExceptionGroup) as raised:
            Instance(Shout, {"mark": "!", "times": "10"})
        self.assertEqual([str(it) for it in raised.exception.exceptions], ["times: at most 9"])

    def test_a_field_that_is_wrong_is_named(self) -> None:
        def into(value: str) -> Person:
            found: list[Person] = []

            class Reads(Handler):
                name, version = "reads", "1"

                def handle(self, message: Message) -> None:
                    found.append(message.into(Person))

            result = Instance(Reads).handle(value).result
            if isinstance(result, Reject):
                raise result
            return found[0]

        self.assertEqual(into('{"name":"Ada","more":1}'), Person("Ada"))
        self.assertEqual(into('{"name":"Ada","age":36}'), Person("Ada", 36.0))
        self.assertEqual(into('{"name":"Ada","age":null}'), Person("Ada"))
        for value, problem in (
            ("{}", "name: missing, expected a string"),
            ('{"name":7}', "name: expected a string, found a number"),
            ('{"name":"Ada","age":true}', "age: expected a number, found a boolean"),
            ('{"name":["Ada"]}', "name: expected a string, found an array"),
            ("[]", "expected a JSON object"),
            ("{", "not JSON: Expecting property name enclosed in double quotes"),
        ):
            with self.assertRaises(Reject) as raised:
                into(value)
            self.assertTrue(raised.exception.text.startswith(problem), raised.exception.text)

    def test_random_numbers_are_repeated_with_the_record(self) -> None:
        class Draws(Handler):
            name, version = "draws", "1"
            out = Output("out", "A random number")

            def handle(self, message: Message) -> None:
                self.out.emit(value=str(random.random()))

        draws = Instance(Draws)
        first, again, other = (draws.handle("", offset=at).outputs[0].text() for at in (1, 1, 2))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_a_trace_names_file_and_line(self) -> None:
        def breaks() -> None:
            raise ValueError("no") from KeyError("k")

        try:
            breaks()
        except ValueError as error:
            lines = trace(error, __file__.rsplit("/", 1)[0]).split("\n")
            self.assertRegex(lines[0], r"^at breaks \(test_sdk\.py:\d+\)$")
            self.assertRegex(lines[1], r"^at test_a_trace_names_file_and_line \(test_sdk\.py:\d+\)$")
            self.assertEqual(told(error), "ValueError: no; caused by KeyError: 'k'")
