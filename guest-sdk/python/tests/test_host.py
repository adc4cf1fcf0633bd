"""What a plugin asks the host: log, control, secrets, HTTP. A test plays the host."""

import contextlib
import io
import unittest

from pipefitter import Failure, FailureKind, context, control, http, log, secrets, testing
from pipefitter._values import clean
from pipefitter.control import StopReason
from pipefitter.http import Headers, HttpError, Request, Response
from pipefitter.log import Level
from pipefitter.secrets import SecretError, SecretReason


class Log(unittest.TestCase):
    def test_what_a_plugin_logs_is_kept_with_its_fields(self) -> None:
        with testing.host() as host:
            log.info("one\ntwo")
            log.warn("no such file", page="a.md", line=3, draft=True, message="m")
            log.write(Level.ERROR, ValueError("x"), [("a", 1)])
            log.trace("t")
            log.error("e")
            host.least = Level.INFO
            log.debug("not kept")
            self.assertEqual(log.threshold(), Level.INFO)
        said = [(line.level, line.text) for line in host.log]
        warned = (Level.WARN, "no such file")
        expected = [(Level.INFO, "one"), (Level.INFO, "two"), warned, (Level.ERROR, "x"), (Level.TRACE, "t")]
        self.assertEqual(said, [*expected, (Level.ERROR, "e")])
        fields = (("page", "a.md"), ("line", "3"), ("draft", "true"), ("message", "m"))
        self.assertEqual(host.log[2].fields, fields)
        self.assertEqual(host.lines[0], "one")

    def test_outside_of_a_tests_host_it_is_printed(self) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            log.info("built", pages=3)
        self.assertEqual(printed.getvalue(), "INFO  built pages=3\n")

    def test_half_a_character_can_be_sent(self) -> None:
        self.assertEqual(clean("a\udcffb€"), "a\\udcffb€")
        self.assertEqual(clean("größe 😀"), "größe 😀")


class Control(unittest.TestCase):
    def test_a_test_plays_the_host(self) -> None:
        with testing.host() as host:
            self.assertIsNone(control.stop_requested())
            self.assertGreater(control.time_remaining(), 4_000_000)
            host.stop = StopReason.HAND_OVER
            host.seconds = 2.5
            self.assertEqual(control.stop_requested(), StopReason.HAND_OVER)
            self.assertEqual(control.time_remaining(), 2.5)
            control.progress(40.9, "half way, nearly")
            control.progress(None, "somewhere")
            control.progress(300)
            control.progress(float("nan"), 7)
        told = [(one.percent, one.summary) for one in host.progress_told]
        self.assertEqual(told, [(40, "half way, nearly"), (None, "somewhere"), (100, ""), (0, "7")])

    def test_hosts_are_apart(self) -> None:
        with testing.host(stop=StopReason.CANCELLED) as outer:
            with testing.host() as inner:
                log.info("inner")
                self.assertIsNone(control.stop_requested())
            self.assertEqual(control.stop_requested(), StopReason.CANCELLED)
        self.assertEqual((outer.lines, inner.lines), ([], ["inner"]))


class Secrets(unittest.TestCase):
    def test_a_secret_is_what_the_test_has_set_and_nothing_else_is_granted(self) -> None:
        with testing.host(secrets={"token": "s3cr3t", "key": b"\xff\x00"}):
            self.assertEqual(secrets.get("token"), "s3cr3t")
            self.assertEqual(secrets.get_bytes("token"), b"s3cr3t")
            self.assertEqual(secrets.get_bytes("key"), b"\xff\x00")
            with self.assertRaises(SecretError) as raised:
                secrets.get("other")
        self.assertEqual((raised.exception.name, raised.exception.reason), ("other", SecretReason.DENIED))

    def test_each_error_is_a_failure_of_its_kind_that_names_the_secret(self) -> None:
        for reason, kind in [
            (SecretReason.DENIED, FailureKind.PERMISSION_ERROR),
            (SecretReason.MISSING, FailureKind.PERMISSION_ERROR),
            (SecretReason.UNAVAILABLE, FailureKind.SYSTEM_UNAVAILABLE),
        ]:
            with testing.host(secrets={"token": reason}), self.assertRaises(Failure) as raised:
                with context("signing in"):
                    secrets.get("token")
            self.assertEqual(raised.exception.kind, kind)
            self.assertTrue(raised.exception.message.startswith("signing in: the secret `token` "))


class Http(unittest.TestCase):
    def ask(self, *arguments: str, **more: object) -> Request:
        with testing.host(answer=lambda request: Response(200)) as host:
            http.request(*arguments, **more)  # type: ignore[arg-type]
        return host.requests[0]

    def test_a_request_is_made_of_its_parts(self) -> None:
        request = self.ask(
            "POST",
            "https://api.example.com:8443/a b/ä%20?q=1 2&r=[x]#part",
            headers={"accept": "text/plain"},
            json={"größe": 1},
            timeout=2.5,
            max_bytes=10,
        )
        self.assertEqual((request.method, request.scheme), ("POST", "https"))
        self.assertEqual(request.authority, "api.example.com:8443")
        self.assertEqual(request.path, "/a%20b/%C3%A4%20?q=1%202&r=[x]")
        self.assertEqual(request.headers, (("accept", "text/plain"), ("content-type", "application/json")))
        self.assertEqual(request.json(), {"größe": 1})
        self.assertEqual((request.timeout, request.max_bytes), (2.5, 10))
        plain = self.ask("GET", "http://[::1]:80", body="ä", headers=[("a", "1"), ("a", "2")])
        self.assertEqual(plain.url, "http://[::1]:80/")
        self.assertEqual((plain.body, plain.headers), (b"\xc3\xa4", (("a", "1"), ("a", "2"))))
        own = self.ask("PUT", "http://x", json=1, headers={"Content-Type": "text/json"})
        self.assertEqual(own.headers, (("Content-Type", "text/json"),))

    def test_what_cannot_be_sent_is_said(self) -> None:
        cases: list[tuple[tuple[str, str], dict[str, object], str]] = [
            (("GET", "ftp://x/"), {}, "`ftp://x/` is not a URL of the form https://host/path"),
            (("GET", "/x"), {}, "is not a URL of the form"),
            (("GET", "http://x:port/"), {}, "is not a URL"),
            (("GET", "https://me:hunter2@x/"), {}, "a URL with a user is not sent"),
            (("GET", "https://größe.example/"), {}, "xn--"),
            (("GE T", "https://x/"), {}, "`GE T` is not an HTTP method"),
            (("GET", "https://x/"), {"headers": {"a b": "c"}}, "`a b` is not a header's name"),
            (("GET", "https://x/"), {"headers": {"a": "hunter2\r\nb: c"}}, "header `a` has a control character"),
            (("GET", "https://x/"), {"body": "a", "json": 1}, "not both"),
            (("GET", "https://x/"), {"timeout": 0}, "seconds over 0"),
            (("GET", "https://x/"), {"max_bytes": -1}, "not negative"),
        ]
        for arguments, more, message in cases:
            with self.subTest(message), self.assertRaises(ValueError) as raised:
                self.ask(*arguments, **more)
            self.assertIn(message, str(raised.exception))
            self.assertNotIn("hunter2", str(raised.exception))

    def test_an_answer_is_text_or_json(self) -> None:
        headers = Headers([("Content-Type", "a"), ("set-cookie", "1"), ("Set-Cookie", "2")])
        answer = Response(201, headers, '{"größe": 1}'.encode())
        self.assertTrue(answer.ok and not Response(302).ok)
        self.assertEqual((answer.text(), answer.json()), ('{"größe": 1}', {"größe": 1}))
        self.assertEqual(answer.headers["CONTENT-type"], "a")
        self.assertEqual(answer.headers.get("x"), None)
        self.assertEqual(answer.headers.get_all("Set-Cookie"), ["1", "2"])
        self.assertEqual((list(headers), len(headers)), (["content-type", "set-cookie"], 2))
        self.assertIn("set-cookie", repr(headers))
        self.assertEqual(Response(200, body=b"\xff").text(), "\ufffd")
        with self.assertRaisesRegex(Failure, "the answer is not JSON"):
            Response(200, body=b"{").json()
        deep = b'{"a": "[[[", "b": ' + b"[" * 255 + b"]" * 255 + b"}"
        self.assertEqual(len(Response(200, body=deep).json()), 2)
        with self.assertRaisesRegex(Failure, "more than 256 lists and objects within one another"):
            Response(200, body=b"[" * 100_000).json()

    def test_an_error_is_a_failure(self) -> None:
        def refuse(request: Request) -> Response:
            raise HttpError(request, FailureKind.SYSTEM_UNAVAILABLE, "connection refused")

        with testing.host(answer=refuse), self.assertRaises(HttpError) as raised:
            http.request("GET", "https://x/y")
        self.assertEqual(raised.exception.message, "GET https://x/y: connection refused")
        self.assertEqual(raised.exception.reason, "connection refused")

    def test_without_an_answer_no_request_is_made(self) -> None:
        with testing.host(), self.assertRaisesRegex(RuntimeError, "set `answer`"):
            http.request("GET", "https://example.com/")
