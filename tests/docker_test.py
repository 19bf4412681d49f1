"""The images, without an engine to build them: the files that are copied are put into a folder, and
the scripts of the steps run there, with the Python of an empty environment."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "docker/Dockerfile"


class Instruction(NamedTuple):
    name: str
    arguments: str


def read_stages() -> dict[str, list[Instruction]]:
    """The instructions of each stage, without those that start it."""
    text = re.sub(r"^#.*\n|\\\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    stages: dict[str, list[Instruction]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, arguments = line.split(maxsplit=1)
        if name == "FROM":
            image, _, stage = arguments.split()
            # A version of Python that the package is for, by its number.
            assert re.fullmatch(r"python:3\.1[1-4]-slim-\w+", image)
            stages[stage] = []
        else:
            stages[list(stages)[-1]].append(Instruction(name, " ".join(arguments.split())))
    return stages


STAGES = read_stages()


def arguments_of(stage: str, name: str) -> list[str]:
    return [item.arguments for item in STAGES[stage] if item.name == name]


def sources(stage: str) -> list[tuple[list[str], str]]:
    """Of each COPY, what is copied and where to."""
    copies = [arguments.split() for arguments in arguments_of(stage, "COPY")]
    return [(names, target) for *names, target in copies]


def test_stages():
    assert list(STAGES) == ["train", "serve"]  # the last one is built where none is named


@pytest.mark.parametrize("stage", STAGES)
def test_steps_are_scripts_and_files_are_there(stage):
    copied = {name for names, _ in sources(stage) for name in names}
    for arguments in arguments_of(stage, "RUN"):
        assert re.fullmatch(r"docker/\w+\.sh", arguments)
        assert os.access(ROOT / arguments, os.X_OK) and "docker" in copied
        assert (ROOT / arguments).read_text().startswith("#!/bin/sh\n")
    ignored, *kept = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] != "#"
    ]
    assert ignored == "*"
    assert {f"!{name}" for name in copied} == {name for name in kept if name.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("stage", STAGES)
def test_the_user_is_not_root(stage):
    names = [item.name for item in STAGES[stage]]
    (user,) = arguments_of(stage, "USER")
    assert int(user.split(":")[0]) > 1000
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in ("RUN", "COPY"))


def test_what_is_served_is_said():
    (port,) = arguments_of("serve", "EXPOSE")
    (health,) = arguments_of("serve", "HEALTHCHECK")
    assert f":{port}/health" in health
    # Without a shell, so that the server gets the signal that ends it.
    assert json.loads(arguments_of("serve", "CMD")[0])[:3] == ["bilstm-tagger", "serve", "english"]
    assert json.loads(arguments_of("train", "CMD")[0])[0] == "allennlp"


class Image(NamedTuple):
    """A folder that stands for an image."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: object, folder: Path, **variables: str) -> str:
        """Runs a command as in a container; what it prints."""
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env=self.environment | variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def build(stage: str, folder: Path) -> Image:
    """What an engine does for a stage: copies files, and runs the steps."""
    subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    dropped = ("PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {
        "HOME": str(folder / "home"),
        "PATH": f"{folder / 'python/bin'}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        # Downloads are kept, unlike in an image.
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache/uv")),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache/pip")),
    }
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    for names, target in sources(stage):
        for name in names:
            goal = source / target / ("" if target != "./" else name)
            goal.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, goal, symlinks=True, ignore=ignored)
            else:
                shutil.copy(ROOT / name, goal)
    before = sorted(source.rglob("*"))
    image = Image(folder, environment)
    for step in arguments_of(stage, "RUN"):
        done = subprocess.run(
            [source / step], cwd=source, env=environment, capture_output=True, text=True
        )
        if "No matching distribution" in done.stderr:
            pytest.skip("no package index can be reached")
        assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(source.rglob("*")) == before  # nothing that would make the image larger
    return image


@pytest.fixture(scope="module")
def serve(tmp_path_factory) -> Image:
    return build("serve", tmp_path_factory.mktemp("serve"))


@pytest.mark.wheel
def test_the_image_that_serves_is_small(serve):
    site = next((serve.folder / "python/lib").glob("python*/site-packages"))
    names = {path.name for path in site.iterdir()}
    assert "uvicorn" in names and not names & {"torch", "allennlp", "spacy", "transformers"}
    files = [path for path in site.rglob("*") if path.is_file()]
    of_pip = [path for path in files if path.relative_to(site).parts[0].startswith("pip")]
    assert sum(path.stat().st_size for path in {*files}.difference(of_pip)) < 160e6


@pytest.mark.wheel
def test_serves_and_is_healthy(serve, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = json.loads(arguments_of("serve", "CMD")[0])
    command[command.index("0.0.0.0")] = "127.0.0.1"
    check = arguments_of("serve", "HEALTHCHECK")[0].split("CMD ")[1].replace("8000", port)
    server = subprocess.Popen([*command, "--port", port], cwd=tmp_path, env=serve.environment)
    try:

        def healthy() -> bool:
            done = subprocess.run(
                json.loads(check), env=serve.environment, capture_output=True, cwd=tmp_path
            )
            return done.returncode == 0

        assert not healthy()
        end = time.monotonic() + 30
        while not healthy() and time.monotonic() < end:
            time.sleep(0.2)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/tag",
            json.dumps({"text": "Ada Lovelace lived in London."}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert "London" in answer.read().decode()
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        assert not healthy()
    finally:
        server.kill()
        server.wait()


@pytest.mark.wheel
def test_tags_a_file(serve, tmp_path):
    (tmp_path / "text.txt").write_text("Ada Lovelace lived in London.\n")
    output = serve.run("bilstm-tagger", "tag", "english", "text.txt", folder=tmp_path)
    assert "London" in output


@pytest.mark.wheel
@pytest.mark.skipif(
    "BILSTM_TAGGER_TRAIN_WHEEL" not in os.environ,
    reason="installs 3 GB; set BILSTM_TAGGER_TRAIN_WHEEL=1, as .ci/run does",
)
def test_trains(tmp_path):
    """The command of docs/docker.md, in a folder that stands for the one that is mounted."""
    image = build("train", tmp_path / "image")
    mounted = tmp_path / "mounted"
    shutil.copytree(ROOT / "training_config", mounted / "training_config")
    shutil.copytree(ROOT / "fixtures/corpus", mounted / "fixtures/corpus")
    shutil.copytree(ROOT / "fixtures/vectors", mounted / "fixtures/vectors")
    train = ["allennlp", "train", "training_config/quickstart.jsonnet", "-s", "runs/quickstart"]
    image.run(*train, "-o", '{"trainer.num_epochs": 1}', folder=mounted)
    assert (mounted / "runs/quickstart/model.tar.gz").is_file()
    shutil.rmtree(image.folder)  # pytest would keep these gigabytes for a while
