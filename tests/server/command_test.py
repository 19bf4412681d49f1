"""The command `serve`."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from bilstm_tagger.command_line import main, make_parser
from bilstm_tagger.server.models import model_names
from bilstm_tagger.text.errors import UserError

MODEL = "fixtures/models/quickstart_0.1.0.tar.gz"


@contextlib.contextmanager
def process(*arguments, **variables):
    """A server, its address, and the line that it says."""
    command = [sys.executable, "-m", "bilstm_tagger", "serve", *arguments, "--port", "0"]
    environment = {**os.environ, **variables}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as started:
        try:
            line = started.stderr.readline()
            address = re.search(r"http://\S+:\d+", line)
            assert address, line + started.stderr.read()
            yield started, address[0], line
        finally:
            started.kill()


def test_serves_several_models_and_ends_what_was_begun():
    with process("english", f"small={MODEL}", "--batch-wait", "300") as (started, address, line):
        assert re.fullmatch(
            r"english, small at http://127\.0\.0\.1:\d+ \(the API: http://127\.0\.0\.1:\d+/docs\)\n",
            line,
        )
        statuses = []

        def ask():
            # They wait for others, and the server for them.
            response = httpx.post(f"{address}/tag", json={"tokens": ["a"]}, timeout=60)
            statuses.append(response.status_code)

        # The first answer is there when the server is.
        ask()
        threads = [threading.Thread(target=ask) for _ in range(5)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 20
        waiting = 0
        while waiting < 5 and time.monotonic() < deadline:
            text = httpx.get(f"{address}/metrics").text
            waiting = float(re.search(r'waiting_requests\{model="english"\} (\S+)', text)[1])
        started.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert statuses == [200] * 6
        assert started.wait(20) in (0, -signal.SIGTERM)
        assert started.stderr.read() == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/health")


def test_a_server_for_others_wants_a_token():
    with process(MODEL, "--host", "0.0.0.0") as (started, _, _):
        assert "set a token by --token-file" in started.stderr.readline()


def test_interruption_ends_without_a_traceback():
    with process(MODEL) as (started, address, _):
        httpx.get(f"{address}/health")
        started.send_signal(signal.SIGINT)
        assert started.wait(20) in (0, 130, -signal.SIGINT)
        assert started.stderr.read() == ""


def test_the_token_comes_from_a_file_or_the_environment(tmp_path):
    path = tmp_path / "token"
    path.write_text("from-file\n")
    for arguments, token in (("--token-file", str(path)), "from-file"), ((), "from-environment"):
        with process(MODEL, *arguments, BILSTM_TAGGER_TOKEN="from-environment") as (_, address, _):
            assert httpx.get(f"{address}/models").status_code == 401
            headers = {"authorization": f"Bearer {token}"}
            assert httpx.get(f"{address}/models", headers=headers).status_code == 200


def error_of(*arguments):
    with pytest.raises(UserError) as caught:
        _run(arguments)
    return str(caught.value)


def _run(arguments):
    words = ["serve", *map(str, arguments)]
    args = make_parser(words).parse_args(words)
    args.func(args)


def test_mistakes(tmp_path, monkeypatch):
    monkeypatch.setattr("bilstm_tagger.server.running.run", lambda *_: pytest.fail("it serves"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "Address already in use" in error_of("english", "--port", port)
    assert "cannot listen on 127.0.0.1, port 70000" in error_of("english", "--port", 70_000)
    assert "there is no such model" in error_of("nothing", "--port", 0)
    assert "two models are called 'english'" in error_of("english", "english", "--port", 0)
    for option, value, problem in [
        ("--max-body", 0, "must be a number from 1, found 0"),
        ("--max-file", "nan", "must be a number from 1, found nan"),
        ("--max-tokens", 0, "must be a number from 1, found 0"),
        ("--batch-wait", -1, "must be a number from 0, found -1"),
        ("--batch-wait", "inf", "must be a number from 0, found inf"),
    ]:
        assert f"{option} {problem}" in error_of("english", option, value)
    assert "token cannot be read" in error_of("english", "--token-file", tmp_path / "x")
    (tmp_path / "empty").write_text("\n")
    assert "a token has letters" in error_of("english", "--token-file", tmp_path / "empty")


def test_without_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.delitem(sys.modules, "bilstm_tagger.server.app", raising=False)
    with pytest.raises(SystemExit) as caught:
        main(["serve", "english", "--port", "0"])
    assert "pip install 'bilstm-tagger[serve]'" in str(caught.value.code)


def test_names_of_models(tmp_path):
    folder = tmp_path / "my_run"
    folder.mkdir()
    (folder / "model.tar.gz").touch()
    (tmp_path / "a=b.safetensors").touch()
    assert model_names(["english", f"{folder}/model.tar.gz", f"x={MODEL}"]) == {
        "english": "english",
        "my_run": f"{folder}/model.tar.gz",
        "x": MODEL,
    }
    assert model_names([f"{tmp_path}/a=b.safetensors"]) == {"a=b": f"{tmp_path}/a=b.safetensors"}
    with pytest.raises(UserError, match="expected NAME=MODEL"):
        model_names(["=x"])


def test_json_is_what_the_command_tag_gives(tmp_path):
    """The same keys, for one and for the other."""
    path = tmp_path / "input.txt"
    path.write_text("Ada wrote to Bob.\n")
    command = [sys.executable, "-m", "bilstm_tagger", "tag", MODEL, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    with process(MODEL) as (_, address, _):
        answer = httpx.post(f"{address}/tag", json={"text": "Ada wrote to Bob."}, timeout=60)
    assert answer.json()["results"] == [json.loads(done.stdout)]
