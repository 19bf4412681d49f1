"""Clients that are slow, send too much, leave, or come in crowds: the server answers them, and
lives."""

import contextlib
import json
import random
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

HEAD = "POST /tag HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


@contextlib.contextmanager
def connection(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        yield client


def answer_of(client) -> bytes:
    """What comes until the server closes the connection."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65_536):
            received += piece
    return received


@pytest.fixture
def lives(server):
    """After the test the server still tags."""
    yield
    assert server.tag(text="Ada left.")["results"]


def test_a_crowd_gets_its_own_answers(server, lives):
    """64 clients at once, each with requests that no other has."""
    words = "Ada Babbage London wrote old to in . ferry".split()

    def ask(number):
        rng = random.Random(number)
        with httpx.Client(base_url=server.address, timeout=60) as client:
            for _ in range(10):
                tokens = [str(number), *rng.choices(words, k=rng.randint(1, 20))]
                model = rng.choice(["english", "small"])
                content = {"tokens": tokens, "model": model, "probabilities": rng.random() < 0.3}
                answer = client.post("/tag", json=content).json()
                (sentence,) = answer["results"][0]["sentences"]
                assert sentence["tokens"] == tokens
                assert answer["model"] == model
                assert list(sentence["tags"]) == server.taggers[model].tasks
                assert ("probabilities" in sentence) == content["probabilities"]

    with ThreadPoolExecutor(64) as threads:
        list(threads.map(ask, range(64)))


def test_bodies_over_the_limit(serve):
    server = serve(body=10_000)
    problem = server.problem(413, text="a" * 10_000)
    assert "more than 10,000 bytes" in problem and "bilstm-tagger tag" in problem
    # Without a length that could be looked at.
    pieces = (b'{"text": "', *[b"a" * 1_000] * 50, b'"}')
    headers = {"content-type": "application/json"}
    response = server.client.post("/tag", content=iter(pieces), headers=headers)
    assert response.status_code == 413
    assert "more than 10,000 bytes" in response.json()["detail"]
    # A length that is a lie.
    with connection(server) as client:
        client.sendall(f"{HEAD}content-length: 1000000000000\r\n\r\n".encode())
        assert b" 413 " in answer_of(client)
    server.tag(text="a" * 9_000)


def test_too_many_tokens(serve):
    server = serve(tokens=100)
    assert "101 tokens; the maximum is 100" in server.problem(413, tokens=["a"] * 101)
    assert "the maximum is 100" in server.problem(413, text="a b c d. " * 50)
    server.tag(tokens=["a"] * 100)


def test_too_many_alternatives(server, lives):
    words = ["a"] * 1_001
    assert "the maximum is 1,000 with 100 alternatives" in server.problem(
        413, inputs=[{"tokens": words[:500]}, {"text": " ".join(words[:501])}], top_k=100
    )
    server.tag(tokens=words, top_k=2)


def test_long_text_is_refused_at_once(server, lives):
    started = time.monotonic()
    assert "500,000 tokens; the maximum is 20,000" in server.problem(413, text="a " * 500_000)
    # To split it takes seconds.
    assert time.monotonic() - started < 2


def test_long_sentences(server, lives):
    words = random.Random(0).choices(["Ada", "wrote", "to", "London", "."], k=10_000)
    (result,) = server.tag(tokens=words, probabilities=True)["results"]
    (sentence,) = result["sentences"]
    assert sentence["tokens"] == words
    assert [len(tags) for tags in sentence["tags"].values()] == [10_000] * 4
    (result,) = server.tag(text="x" * 500_000)["results"]
    assert result["sentences"][0]["tokens"] == ["x" * 500_000]


def test_a_body_that_comes_slowly(serve):
    server = serve(body_seconds=0.5)
    with connection(server) as client:
        client.sendall(f"{HEAD}content-length: 100\r\n\r\n{{".encode())
        answer = answer_of(client)
    assert b" 408 " in answer
    assert b"did not come within 0.5 seconds" in answer
    server.tag(text="a")


def test_a_header_that_comes_slowly(serve):
    server = serve(header_seconds=0.5)
    started = time.monotonic()
    with connection(server) as client:
        client.sendall(HEAD.encode())
        assert answer_of(client) == b""
    with connection(server) as client:  # nothing at all
        assert answer_of(client) == b""
    assert time.monotonic() - started < 10
    server.tag(text="a")


def test_a_header_without_end(serve):
    server = serve(header_bytes=10_000)
    with connection(server) as client, contextlib.suppress(ConnectionError):
        client.sendall(HEAD.encode())
        for number in range(10_000):
            client.sendall(f"x-{number}: {'a' * 100}\r\n".encode())
        pytest.fail("the header was read on")
    server.tag(text="a")


def test_a_client_that_does_not_read(serve):
    server = serve(keep_alive_seconds=1)
    body = json.dumps({"tokens": ["word"] * 10_000, "probabilities": "all"}).encode()
    with connection(server) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.sendall(f"{HEAD}content-length: {len(body)}\r\n\r\n".encode() + body)
        while not server.connections:
            time.sleep(0.01)
        deadline = time.monotonic() + 60
        while server.connections and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not server.connections
    server.tag(text="a")


def test_a_client_that_does_not_read_its_file(serve):
    """Which is sent in pieces, each when the one before has been read."""
    server = serve(keep_alive_seconds=1)
    body = b"a b c d\n" * 50_000
    head = "POST /files?name=a&input_format=tokens&model=small HTTP/1.1\r\nhost: localhost\r\n"
    with connection(server) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        assert client.recv(12) == b"HTTP/1.1 200"
        deadline = time.monotonic() + 20
        while server.connections and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not server.connections


def test_clients_that_leave(server, lives):
    body = json.dumps({"tokens": ["word"] * 5_000}).encode()
    request = f"{HEAD}content-length: {len(body)}\r\n\r\n".encode() + body
    for part in (10, len(HEAD), len(request) - 10, len(request)):
        for _ in range(10):
            client = socket.create_connection(("127.0.0.1", server.port))
            client.sendall(request[:part])
            # No farewell, but a reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
    started = time.monotonic()
    server.tag(text="Ada left.")
    # Ten of these sentences would take longer.
    assert time.monotonic() - started < 10
    text = server.client.get("/metrics").text
    assert 'bilstm_tagger_waiting_requests{model="english"} 0.0' in text
    # A traceback for each would fill the disk.
    assert 'status="499"' in text
    assert 'status="500"' not in text


def test_more_than_may_wait(serve):
    server = serve(waiting=2, wait=0.5)
    with ThreadPoolExecutor(10) as threads:
        responses = list(
            threads.map(lambda _: server.client.post("/tag", json={"text": "a"}), range(10))
        )
    statuses = [response.status_code for response in responses]
    assert statuses.count(200) == 2 and statuses.count(503) == 8
    refused = next(response for response in responses if response.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert "Try again in a second" in refused.json()["detail"]
    server.tag(text="a")


def test_too_many_connections(serve):
    server = serve(connections=5)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(connection(server))
        time.sleep(0.1)
        with connection(server) as client:
            client.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert b" 503 " in answer_of(client)
    time.sleep(0.1)
    server.tag(text="a")


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 1_000, b"GET / HTTP/9.9\r\n\r\n"]
)
def test_what_is_no_http(server, lives, data):
    with connection(server) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        assert answer_of(client)[:12] in (b"HTTP/1.1 400", b"")


def test_requests_behind_each_other_on_one_connection(server, lives):
    body = json.dumps({"text": "Ada"}).encode()
    request = f"{HEAD}content-length: {len(body)}\r\n\r\n".encode() + body
    with connection(server) as client:
        client.sendall(request * 20)
        received = b""
        while received.count(b"HTTP/1.1 200") < 20:
            received += client.recv(65_536)


def test_memory_stays(serve, taggers):
    """When requests have been answered, nothing of them is left."""
    import gc

    from bilstm_tagger.server.waiting import WaitingRequest

    server = serve()
    for _ in range(200):
        server.tag(text="Ada left.", probabilities="all", top_k=2)
        server.tag(422, tokens=[])
    gc.collect()
    # An idle thread knows its last one.
    assert sum(isinstance(x, WaitingRequest) for x in gc.get_objects()) <= 4
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("tagging") <= 2 * len(taggers)
