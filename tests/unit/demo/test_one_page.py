"""One page on this machine: what is answered, and to whom."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest

from lora_registry.demo.ports import free_port
from lora_registry.web.one_page import LOCAL, PageServer


@pytest.fixture
def server() -> Iterator[PageServer]:
    server = PageServer(free_port())
    server.start()
    yield server
    server.stop()


def ask(
    server: PageServer, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(LOCAL, server.server_port, timeout=10)
    connection.request(method, path, headers={"Host": host} if host is not None else {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def test_until_there_is_a_page_it_says_to_come_back(server: PageServer) -> None:
    for path in ("/", "/healthz"):
        status, headers, _ = ask(server, path)
        assert (status, headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/", 200, "<p>été</p>".encode()),
        ("HEAD", "/", 200, b""),
        ("GET", "/?lang=../../etc", 200, "<p>été</p>".encode()),
        ("GET", "/healthz", 200, b"ok\n"),
        ("GET", "/index.html", 404, b"not found\n"),
        ("GET", "/../", 404, b"not found\n"),
        ("GET", "/%2e%2e/etc/passwd", 404, b"not found\n"),
    ],
)
def test_only_the_page_and_the_health_are_there(
    server: PageServer, method: str, path: str, status: int, body: bytes
) -> None:
    server.show("<p>été</p>")
    assert (status, body) == (ask(server, path, method)[0], ask(server, path, method)[2])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_sent(server: PageServer, method: str) -> None:
    server.show("x")
    assert ask(server, "/", method)[0] == 501


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:9999", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_it_answers_to_the_names_of_this_machine_only(server: PageServer, host: str, status: int) -> None:
    server.show("x")
    assert ask(server, "/", host=host)[0] == status


def test_headers_protect_the_reader_and_tell_nothing_of_the_server(server: PageServer) -> None:
    server.show("x")
    for path in ("/", "/healthz", "/nothing"):
        _, headers, _ = ask(server, path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Server"].strip() == "lora-registry"


def test_a_visitor_who_says_nothing_does_not_keep_others_waiting(server: PageServer) -> None:
    server.show("x")
    with socket.create_connection((LOCAL, server.server_port)):
        assert ask(server, "/")[0] == 200
