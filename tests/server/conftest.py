"""What the tests of the server share: a server that runs in a thread of this process."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import httpx
import msgspec
import numpy
import pytest
import uvicorn

from bilstm_tagger.server.app import make_app
from bilstm_tagger.server.command import listen
from bilstm_tagger.server.running import make_server
from bilstm_tagger.server.settings import Limits
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.input_specification import Feature
from bilstm_tagger.tagging.loading import read_data
from bilstm_tagger.tagging.network import Network

MODEL = "fixtures/models/quickstart_0.1.0.tar.gz"


@dataclass
class RunningServer:
    """A server, and a client of it."""

    port: int
    client: httpx.Client
    taggers: dict[str, Tagger]
    server: uvicorn.Server

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self.server.server_state.connections)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tag(self, status: int = 200, **content) -> dict:
        """The answer to a request."""
        response = self.client.post("/tag", json=content)
        assert response.status_code == status, response.text
        return response.json()

    def problem(self, status: int, **content) -> str:
        """What is said to be wrong with a request."""
        return self.tag(status, **content)["detail"]


@contextlib.contextmanager
def running(taggers, token=None, wait=0.002, **limits) -> Iterator[RunningServer]:
    settings = replace(Limits(), **limits)
    with listen("127.0.0.1", 0) as listener:
        server = make_server(make_app(taggers, settings, wait, token), settings)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        port = listener.getsockname()[1]
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield RunningServer(port, client, taggers, server)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def start_server() -> Callable[..., contextlib.AbstractContextManager[RunningServer]]:
    """A server as a context: of taggers by name, with a token and limits."""
    return running


@pytest.fixture(scope="session")
def taggers() -> dict[str, Tagger]:
    return {"english": Tagger.load("english"), "small": Tagger.load(MODEL, tokenizer="spacy")}


@pytest.fixture(scope="session")
def columns_tagger() -> Tagger:
    """A tagger whose model has the column `pos` as a feature."""
    specification, tensors = read_data(MODEL)
    inputs = {**specification.inputs, "column": Feature("column", ["NOUN"], 0, 1, "pos")}
    tensors["inputs.column.vectors"] = numpy.ones((1, 1), numpy.float32)
    for name in ("encoder.0.forward.input_weight", "encoder.0.backward.input_weight"):
        tensors[name] = numpy.pad(tensors[name], ((0, 0), (0, 1)))
    specification = msgspec.structs.replace(specification, inputs=inputs)
    return Tagger(specification, Network(specification, tensors))


@pytest.fixture(scope="module")
def server(taggers) -> Iterator[RunningServer]:
    with running(taggers) as running_server:
        yield running_server


@pytest.fixture
def serve(taggers) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers with settings of their own."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            running(settings.pop("taggers", taggers), **settings)
        )
