"""What several tests share: one thread, commands run in this process, and small trained models."""

import os

# Several threads on tensors this small mostly wait for each other. Set before torch is imported.
os.environ["OMP_NUM_THREADS"] = "1"

import io
import json
import logging
import multiprocessing
import random
import shutil
import signal
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import numpy
import pytest
import torch
from allennlp.commands import main
from allennlp.common.tqdm import logger as tqdm_logger
from allennlp.models import load_archive
from allennlp.models.archival import Archive
from allennlp.predictors import Predictor
from filelock import FileLock

import bilstm_tagger.plugin  # noqa: F401
from bilstm_tagger.plugin import compat
from bilstm_tagger.plugin.runs import local

ROOT = Path(__file__).parent.parent
VECTORS = "fixtures/vectors/vectors.16d.txt"
CORPUS = "fixtures/corpus"

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync"
)

# What AllenNLP imports of others, which takes most of the time of a start. Processes of tests come
# of a fork server that has imported it, but nothing of AllenNLP and of this package.
OF_OTHERS = [
    *("boto3", "google.cloud.storage", "h5py", "huggingface_hub", "matplotlib", "nltk"),
    *("scipy.stats", "sklearn.metrics", "spacy.cli", "tensorboardX", "torchvision.models"),
    *("transformers.data.data_collator", "transformers.models.auto"),
]

# A config that wants corpora and vectors of `data/` gets those of `fixtures/`.
SMALL_VECTORS = {
    "vocabulary.pretrained_file": VECTORS,
    "model.text_field_embedder.token_embedders.words.pretrained_file": VECTORS,
    "model.text_field_embedder.token_embedders.words.embedding_dim": 16,
}


def pytest_configure(config: pytest.Config) -> None:
    multiprocessing.set_forkserver_preload(OF_OTHERS)
    local.PRELOADED[:] = OF_OTHERS
    # Tests run commands in this process.
    compat.apply()
    # Its filter of warnings does not live on: pytest sets its filters for every test.
    config.addinivalue_line(
        "filterwarnings", r"ignore:.*torch\.cuda\.amp\.autocast:FutureWarning:allennlp"
    )


# Of two processes that share the files of tests out, none is to wait for the other in the end.
LONGEST = [
    *("wheel_test", "docker_test", "docs_test", "on_ray_test", "papers_test"),
    *("checkpointer_test", "baseline_test"),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="session", autouse=True)
def _surroundings() -> Iterator[None]:
    """One thread, and the root of the repository as working directory: configs start from there."""
    threads, directory = torch.get_num_threads(), Path.cwd()
    torch.set_num_threads(1)
    os.chdir(ROOT)
    yield
    os.chdir(directory)
    torch.set_num_threads(threads)


@contextmanager
def _as_before() -> Iterator[None]:
    """Undoes what a command leaves behind in its process, which commonly ends with it."""
    root, arguments, hook = logging.getLogger(), sys.argv, sys.excepthook
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        for handler in root.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.close()
        tqdm_logger.handlers.clear()
        root.handlers[:] = handlers
        root.setLevel(level)
        sys.argv, sys.excepthook = arguments, hook


@pytest.fixture(autouse=True)
def _each_test_on_its_own() -> Iterator[None]:
    """The same random numbers in every run and any order of tests; no logging left behind."""
    random.seed(13)
    numpy.random.seed(13)
    torch.manual_seed(13)
    with _as_before():
        yield


def run_allennlp(*arguments: Any) -> None:
    """`allennlp ARGUMENTS`, in this process."""
    with _as_before():
        sys.argv = ["allennlp", *map(str, arguments)]
        main(prog="allennlp")


@pytest.fixture(scope="session")
def allennlp() -> Callable[..., None]:
    return run_allennlp


@pytest.fixture
def error_of(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `allennlp ARGUMENTS`, which fails before it prints a result; returns its one line on
    stderr, but for bars."""

    def run(*arguments: Any) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run_allennlp(*arguments)
        assert ended.value.code == 1
        captured = capsys.readouterr()
        (line,) = [line for line in captured.err.splitlines() if line and "it/s]" not in line]
        assert line.startswith("error: ")
        # A training prints as it goes on.
        assert arguments[0] == "train" or captured.out == ""
        return line

    return run


def _command(arguments: tuple[str, ...], log: str) -> None:
    """In a process of its own: runs `allennlp ARGUMENTS`, which prints to a file."""
    with open(log, "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # Tests in the background of a shell ignore interrupts, and so would this one.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    compat.apply()
    run_allennlp(*arguments)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[Any, Path]]]:
    """Starts `allennlp ARGUMENTS`; returns the process and the file of what it prints."""
    processes = []

    def run(*arguments: Any) -> tuple[Any, Path]:
        log = tmp_path / f"command-{len(processes)}.log"
        forks = multiprocessing.get_context("forkserver")
        process = forks.Process(target=_command, args=(tuple(map(str, arguments)), str(log)))
        process.start()
        processes.append(process)
        return process, log

    yield run
    for process in processes:
        process.kill()
        process.join()


def train_config(config: Any, directory: Path, overrides: dict[str, Any]) -> Path:
    """Trains a config; returns the archive."""
    run_allennlp("train", config, "-s", directory, "-o", json.dumps(overrides))
    return directory / "model.tar.gz"


@pytest.fixture(scope="session")
def train() -> Callable[..., Path]:
    return train_config


@pytest.fixture(scope="session")
def small_vectors() -> dict[str, Any]:
    """Overrides of a config: the vectors of the fixtures."""
    return dict(SMALL_VECTORS)


def trained_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, config: str, overrides: dict[str, Any]
) -> Path:
    """Trains a config once for all processes that run tests; returns the archive."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    archive = folder / name / "model" / "model.tar.gz"
    with FileLock(folder / f"{name}.lock"):
        if not archive.is_file():
            train_config(config, archive.parent, overrides)
    return archive


@pytest.fixture(scope="session")
def quickstart_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`quickstart.jsonnet` after a few epochs: good enough for tags of all kinds."""
    config = "training_config/quickstart.jsonnet"
    return trained_once(tmp_path_factory, "quickstart", config, {"trainer.num_epochs": 5})


@pytest.fixture(scope="session")
def quickstart(quickstart_archive: Path) -> Archive:
    return load_archive(quickstart_archive)


@pytest.fixture(scope="session")
def multitask_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`multitask_pos_chunking.jsonnet`, two data sets, after two epochs on the fixtures."""
    files = {"ewt": f"{CORPUS}/pos.conllu", "conll2000": f"{CORPUS}/dev.conll"}
    overrides = {
        **SMALL_VECTORS,
        "train_data_path": files,
        "validation_data_path": files,
        "test_data_path": files,
        "model.encoder.hidden_sizes": [20],
        "data_loader.batch_sampler.batch_size": 4,
        "trainer.num_epochs": 2,
    }
    config = "training_config/multitask_pos_chunking.jsonnet"
    return trained_once(tmp_path_factory, "multitask", config, overrides)


@pytest.fixture(scope="session")
def multitask(multitask_archive: Path) -> Archive:
    return load_archive(multitask_archive)


@pytest.fixture(scope="session")
def predictor(quickstart: Archive) -> Callable[..., Predictor]:
    """A predictor by name, of the quickstart model or another archive."""

    def make(name: str, archive: Archive = quickstart, **arguments: Any) -> Predictor:
        return Predictor.from_archive(archive, name, extra_args=arguments)

    return make


# Archives as an attacker would make them


def pack(path: Path, files: dict[str, bytes], *more: tuple[tarfile.TarInfo, bytes]) -> Path:
    """A tar.gz of files, and of members as they are given."""
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member, data in more:
            archive.addfile(member, io.BytesIO(data))
    return path


def unpack(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            each.name: archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in archive
            if each.isfile()
        }


@pytest.fixture(scope="session")
def packed() -> Callable[..., Path]:
    return pack


@pytest.fixture(scope="session")
def unpacked() -> Callable[[Path], dict[str, bytes]]:
    return unpack


@pytest.fixture
def changed(quickstart_archive: Path, tmp_path: Path) -> Callable[..., Path]:
    """The quickstart archive with other files; `None` takes one out. `config`: keys with dots and
    the values that they get."""

    def make(
        files: Optional[dict[str, Optional[bytes]]] = None, config: Optional[dict[str, Any]] = None
    ) -> Path:
        contents: dict[str, Optional[bytes]] = {**unpack(quickstart_archive), **(files or {})}
        if config is not None:
            loaded = json.loads(contents["config.json"] or b"")
            for key, value in config.items():
                *path, last = key.split(".")
                place = loaded
                for step in path:
                    place = place[step]
                place[last] = value
            contents["config.json"] = json.dumps(loaded).encode()
        kept = {name: data for name, data in contents.items() if data is not None}
        return pack(tmp_path / "changed.tar.gz", kept)

    return make


# Pages


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as api:
        arguments = CHROMIUM_ARGUMENTS.split()
        chromium = api.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page, HTML, from a file; it may log nothing, and ask for nothing else."""
    contexts, faults = [], []

    def opened(
        html: str, address: str = "", width: int = 1280, scheme: str = "light", **options: Any
    ) -> Any:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        size = {"width": width, "height": 800}
        contexts.append(browser.new_context(viewport=size, color_scheme=scheme, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith(path.as_uri()) or faults.append(request.url),
        )
        page.goto(path.as_uri() + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
