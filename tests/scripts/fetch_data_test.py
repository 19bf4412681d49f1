"""Tests of scripts/fetch_data.py against a server on the loopback interface."""

import gzip
import hashlib
import importlib
import io
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
# The scripts are no package: they find each other by the folder they are run from.
sys.path.insert(0, str(SCRIPTS))
data_sources = importlib.import_module("data_sources")
download = importlib.import_module("download")
fetch_data = importlib.import_module("fetch_data")
CHUNK: int = download.CHUNK

PATHS = [
    "conll2000/train.txt",
    "conll2000/dev.txt",
    "conll2000/test.txt",
    "ud_english_ewt/en_ewt-ud-train.conllu",
    "ud_english_ewt/en_ewt-ud-dev.conllu",
    "ud_english_ewt/en_ewt-ud-test.conllu",
    "wnut17/train.conll",
    "wnut17/dev.conll",
    "wnut17/test.conll",
    "wikigold/wikigold.conll",
    "glove/glove.6B.100d.trimmed.txt.gz",
]
CHUNKS = b"Rome NNP B-NP\nsleeps VBZ B-VP\n\n# # O\n"
TREES = "# text = Don't Übung\n1-2\tDon't\t_\n1\tDo\t_\n2\tn't\t_\n3\tÜbung\t_\n\n".encode()
ENTITIES = b"@user\tO\n\t\nOslo\tB-location\n"
WORDS = ["the", ",", "of", "unused", "rome", "nel\x85", "übung", "Oslo", "oslo", "n't", "other"]
GLOVE = "".join(f"{word} 0.1 -0.2\n" for word in WORDS).encode()


class Handler(BaseHTTPRequestHandler):
    """Serves the files of a `Server` as it is told to."""

    server: "Server"

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.seen.append((self.path, wanted))
        if statuses := self.server.statuses.get(self.path):
            return self.send_error(statuses.pop(0))
        if self.path in self.server.stalled:
            self.server.release.wait(30)
            return None
        if self.path not in self.server.files:
            return self.send_error(404)
        body = self.server.files[self.path]
        start = 0
        if wanted and self.server.ranges:
            match = re.fullmatch(r"bytes=(\d+)-", wanted)
            assert match
            start = int(match[1])
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        cuts = self.server.cuts.get(self.path)
        self.wfile.write(body[start : start + cuts.pop(0)] if cuts else body[start:])
        return None

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A server whose faults are set by the tests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.files: dict[str, bytes] = {}
        self.ranges = True
        self.cuts: dict[str, list[int]] = {}  # bytes after which to hang up, one a request
        self.statuses: dict[str, list[int]] = {}  # to fail with, one a request
        self.stalled: set[str] = set()  # never answered
        self.release = threading.Event()
        self.seen: list[tuple[str, str | None]] = []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PAUSE", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive_of(member: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.txt", b"not this")
        archive.writestr(member, content)
    return file.getvalue()


def sources(server: Server) -> tuple[list[Any], Any]:
    """Return small corpora and vectors, which `server` has."""
    layouts = {"a.txt": (CHUNKS, " ", 0), "b.conllu": (TREES, "\t", 1), "c": (ENTITIES, "\t", 0)}
    corpora = []
    for name, (content, separator, column) in layouts.items():
        server.files[f"/{name}"] = content
        url = f"{server.url}/{name}"
        corpora.append(
            data_sources.Corpus(f"corpus/{name}", url, sha256(content), separator, column)
        )
    archive = server.files["/glove.zip"] = archive_of("glove.txt", GLOVE)
    vectors = data_sources.Vectors(
        path="glove/trimmed.txt.gz",
        url=f"{server.url}/glove.zip",
        sha256=sha256(archive),
        archive="downloads/glove.zip",
        member="glove.txt",
        dimensions=2,
        frequent=3,
    )
    return corpora, vectors


def files_under(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


class TestTable:
    def test_names_the_files_of_the_configs(self) -> None:
        paths = [*(corpus.path for corpus in data_sources.CORPORA), data_sources.VECTORS.path]
        assert paths == PATHS

    def test_checksums_and_addresses_are_well_formed(self) -> None:
        records = [*data_sources.CORPORA, data_sources.VECTORS]
        assert all(re.fullmatch("[0-9a-f]{64}", record.sha256) for record in records)
        assert all(record.url.startswith("https://") for record in records)
        assert len({record.sha256 for record in records}) == len(records)


class TestDownload:
    BODY = bytes(range(256)) * 1000

    def fetch(self, server: Server, target: Path, expected: bytes = BODY) -> None:
        server.files.setdefault("/file", self.BODY)
        download.download(f"{server.url}/file", target, sha256(expected))

    def test_whole_file(self, server: Server, tmp_path: Path) -> None:
        target = tmp_path / "new" / "file.txt"
        self.fetch(server, target)
        assert target.read_bytes() == self.BODY
        assert files_under(tmp_path) == {"new/file.txt"}

    def test_goes_on_after_a_cut(self, server: Server, tmp_path: Path) -> None:
        server.cuts["/file"] = [12 * CHUNK, 6 * CHUNK]
        self.fetch(server, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == self.BODY
        starts = [None, f"bytes={12 * CHUNK}-", f"bytes={18 * CHUNK}-"]
        assert [wanted for _, wanted in server.seen] == starts

    def test_goes_on_from_an_earlier_run(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "file.part").write_bytes(self.BODY[:1234])
        self.fetch(server, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == self.BODY
        assert server.seen == [("/file", "bytes=1234-")]
        assert files_under(tmp_path) == {"file"}

    def test_partial_file_stays_for_the_next_run(self, server: Server, tmp_path: Path) -> None:
        server.cuts["/file"] = [CHUNK] * download.ATTEMPTS
        with pytest.raises(fetch_data.FetchError, match="/file: .*by hand"):
            self.fetch(server, tmp_path / "file")
        assert files_under(tmp_path) == {"file.part"}
        self.fetch(server, tmp_path / "file")
        assert server.seen[-1] == ("/file", f"bytes={CHUNK * download.ATTEMPTS}-")
        assert (tmp_path / "file").read_bytes() == self.BODY

    def test_starts_again_where_ranges_are_ignored(self, server: Server, tmp_path: Path) -> None:
        server.ranges = False
        server.cuts["/file"] = [12 * CHUNK]
        self.fetch(server, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == self.BODY
        assert [wanted for _, wanted in server.seen] == [None, f"bytes={12 * CHUNK}-"]

    def test_partial_file_that_is_whole(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "file.part").write_bytes(self.BODY)  # answered with 416
        self.fetch(server, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == self.BODY
        assert len(server.seen) == 1

    @pytest.mark.parametrize("leftover", [b"x" * 1234, b"x" * (len(BODY) + 1)])
    def test_wrong_partial_file(self, server: Server, tmp_path: Path, leftover: bytes) -> None:
        (tmp_path / "file.part").write_bytes(leftover)
        self.fetch(server, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == self.BODY
        assert [wanted for _, wanted in server.seen] == [f"bytes={len(leftover)}-", None]

    def test_wrong_bytes(self, server: Server, tmp_path: Path) -> None:
        with pytest.raises(fetch_data.FetchError, match=f"{sha256(self.BODY)} instead of"):
            self.fetch(server, tmp_path / "file", expected=b"another")
        assert len(server.seen) == 1
        assert files_under(tmp_path) == set()

    def test_not_found_is_not_tried_again(self, server: Server, tmp_path: Path) -> None:
        server.statuses["/file"] = [404]
        with pytest.raises(fetch_data.FetchError) as caught:
            self.fetch(server, tmp_path / "file")
        assert len(server.seen) == 1
        for part in (str(tmp_path / "file"), f"{server.url}/file", "404", "by hand", "FROM="):
            assert part in str(caught.value)

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_passing_faults_are_tried_again(
        self, server: Server, tmp_path: Path, status: int
    ) -> None:
        server.statuses["/file"] = [status] * (download.ATTEMPTS - 1)
        self.fetch(server, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == self.BODY
        assert len(server.seen) == download.ATTEMPTS

    def test_pauses_grow(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pauses: list[float] = []
        monkeypatch.setattr(download, "PAUSE", 2.0)
        monkeypatch.setattr(download.time, "sleep", pauses.append)
        server.statuses["/file"] = [500] * download.ATTEMPTS
        with pytest.raises(fetch_data.FetchError, match="500"):
            self.fetch(server, tmp_path / "file")
        assert pauses == [2.0, 4.0, 8.0]

    def test_silent_server(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(download, "TIMEOUT", (5, 0.05))
        server.stalled.add("/file")
        with pytest.raises(fetch_data.FetchError, match="timed out"):
            self.fetch(server, tmp_path / "file")
        assert len(server.seen) == download.ATTEMPTS


class TestFetchAll:
    KEPT = ["the", ",", "of", "rome", "übung", "Oslo", "oslo", "n't"]

    def test_everything(
        self, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        corpora, vectors = sources(server)
        assert fetch_data.fetch_all(tmp_path, corpora, vectors) == 0
        # Neither the archive nor its folder nor partial files stay.
        assert {path.name for path in tmp_path.iterdir()} == {"corpus", "glove"}
        assert files_under(tmp_path) == {
            "corpus/a.txt",
            "corpus/b.conllu",
            "corpus/c",
            "glove/trimmed.txt.gz",
        }
        assert (tmp_path / "corpus/b.conllu").read_bytes() == TREES
        lines = gzip.decompress((tmp_path / vectors.path).read_bytes()).decode().split("\n")
        assert lines == [*(f"{word} 0.1 -0.2" for word in self.KEPT), ""]
        assert "4 fetched." in capsys.readouterr().out

    def test_second_run(
        self, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        corpora, vectors = sources(server)
        fetch_data.fetch_all(tmp_path, corpora, vectors)
        server.seen.clear()
        assert fetch_data.fetch_all(tmp_path, corpora, vectors) == 0
        assert server.seen == []
        assert "Nothing to do: all 4 files are there." in capsys.readouterr().out

    def test_trimmed_vectors_are_the_same_every_time(self, server: Server, tmp_path: Path) -> None:
        corpora, vectors = sources(server)
        fetch_data.fetch_all(tmp_path / "one", corpora, vectors)
        fetch_data.fetch_all(tmp_path / "two", corpora, vectors)
        first = (tmp_path / "one" / vectors.path).read_bytes()
        assert first == (tmp_path / "two" / vectors.path).read_bytes()
        assert first[3:8] == bytes(5)  # no flags, as for a name, and no time

    def test_one_failure_does_not_stop_the_others(
        self, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        corpora, vectors = sources(server)
        content = server.files.pop("/a.txt")
        assert fetch_data.fetch_all(tmp_path, corpora, vectors) == 1
        errors = capsys.readouterr().err.splitlines()
        missing = str(tmp_path / "corpus/a.txt")
        assert len(errors) == 3
        assert missing in errors[0] and f"{server.url}/a.txt" in errors[0] and "404" in errors[0]
        assert missing in errors[1]  # words of it belong in the vectors
        assert errors[2].startswith("error: 2 of 4 failed:")
        # The archive was got all the same, and is not downloaded twice.
        assert files_under(tmp_path) == {"corpus/b.conllu", "corpus/c", "downloads/glove.zip"}
        server.files["/a.txt"] = content
        server.seen.clear()
        assert fetch_data.fetch_all(tmp_path, corpora, vectors) == 0
        assert server.seen == [("/a.txt", None)]

    def test_other_file_in_its_place(
        self, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        corpora, vectors = sources(server)
        mine = tmp_path / "corpus/a.txt"
        mine.parent.mkdir()
        mine.write_text("mine")
        assert fetch_data.fetch_all(tmp_path, corpora, vectors) == 1
        assert mine.read_text() == "mine"
        assert f"{mine} is there but is not the published file" in capsys.readouterr().err
        assert (tmp_path / vectors.path).exists()

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"not gzip", "gzip"),
            (gzip.compress(GLOVE, mtime=0)[:-20], "end"),
            (gzip.compress(b"the 0.1 -0.2\n", mtime=0), "1 words instead of 3"),
            (gzip.compress(b"the 0.1\n" * 3, mtime=0), "line 1 has not 2 numbers"),
        ],
    )
    def test_broken_trimmed_vectors(
        self,
        server: Server,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        content: bytes,
        why: str,
    ) -> None:
        corpora, vectors = sources(server)
        target = tmp_path / vectors.path
        target.parent.mkdir()
        target.write_bytes(content)
        assert fetch_data.fetch_all(tmp_path, corpora, vectors) == 1
        error = capsys.readouterr().err
        assert f"{target} is not right" in error and why in error and "Remove it" in error

    @pytest.mark.parametrize(
        ("archive", "why"),
        [
            (b"no archive", "not a zip file"),
            (archive_of("elsewhere.txt", GLOVE), "glove.txt"),
            (archive_of("glove.txt", GLOVE[:13]), "instead of 3 or more"),
        ],
    )
    def test_unusable_archive(
        self,
        server: Server,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        archive: bytes,
        why: str,
    ) -> None:
        corpora, vectors = sources(server)
        server.files["/glove.zip"] = archive
        values = vars(vectors) | {"sha256": sha256(archive)}
        assert fetch_data.fetch_all(tmp_path, corpora, data_sources.Vectors(**values)) == 1
        error = capsys.readouterr().err
        assert f"{tmp_path / vectors.path} could not be made" in error and why in error
        assert not any((tmp_path / "glove").iterdir())

    def test_unwritable_place(
        self, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        corpora, vectors = sources(server)
        (tmp_path / "corpus").write_text("not a folder")
        assert fetch_data.fetch_all(tmp_path, corpora, vectors) == 1
        assert f"error: {tmp_path / 'corpus/a.txt'}: " in capsys.readouterr().err


class TestFrom:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for path in PATHS:
            file = tmp_path / "folder" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)
        return tmp_path / "folder"

    def run(self, folder: Path, to: Path) -> int:
        status: int = fetch_data.main(["--from", str(folder), "--to", str(to)])
        return status

    def test_links(self, folder: Path, tmp_path: Path) -> None:
        assert self.run(folder, tmp_path / "data") == 0
        assert files_under(tmp_path / "data") == set(PATHS)
        for path in PATHS:
            assert (tmp_path / "data" / path).is_symlink()
            assert (tmp_path / "data" / path).read_text() == path

    def test_files_that_only_some_folders_have(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        corpus = "french/fr_sequoia-ud-dev.conllu"
        (folder / corpus).parent.mkdir()
        (folder / corpus).write_text("tree")
        assert self.run(folder, tmp_path / "data") == 0
        assert (tmp_path / "data" / corpus).read_text() == "tree"
        out = capsys.readouterr().out
        assert f"{tmp_path / 'data/french/fr_sequoia-ud-train.conllu'}" in out
        assert "UD_French-Sequoia" in out and f"{tmp_path / 'data' / corpus} not" not in out
        assert "UNER English EWT: " in out

    def test_folder_relative_to_the_working_directory(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert fetch_data.main(["--from", "folder"]) == 0
        assert (tmp_path / "data" / PATHS[0]).read_text() == PATHS[0]

    def test_copies_where_links_are_impossible(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError("no links here")

        monkeypatch.setattr(Path, "symlink_to", refuse)
        assert self.run(folder, tmp_path / "data") == 0
        assert files_under(tmp_path / "data") == set(PATHS)
        assert not (tmp_path / "data" / PATHS[0]).is_symlink()

    @pytest.mark.parametrize("copied", [False, True])
    def test_second_run(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], copied: bool
    ) -> None:
        self.run(folder, tmp_path / "data")
        if copied:
            target = tmp_path / "data" / PATHS[0]
            target.unlink()
            target.write_text(PATHS[0])
        capsys.readouterr()
        assert self.run(folder, tmp_path / "data") == 0
        out = capsys.readouterr().out
        assert out.count("already there") == 11
        assert "Nothing to do: all 11 files are there." in out

    def test_missing_files_are_listed_and_nothing_is_done(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / PATHS[1]).unlink()
        (folder / PATHS[-1]).unlink()
        assert self.run(folder, tmp_path / "data") == 1
        error = capsys.readouterr().err
        assert error == f"error: {folder} lacks 2 of the files: {PATHS[1]}, {PATHS[-1]}\n"
        assert not (tmp_path / "data").exists()

    def test_real_files_are_kept(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        mine = tmp_path / "data" / PATHS[0]
        mine.parent.mkdir(parents=True)
        mine.write_text("mine")
        assert self.run(folder, tmp_path / "data") == 0
        assert mine.read_text() == "mine"
        assert f"{mine}: kept" in capsys.readouterr().out

    @pytest.mark.parametrize("leads_to", ["elsewhere", "nowhere"])
    def test_links_of_another_folder_are_renewed(
        self, folder: Path, tmp_path: Path, leads_to: str
    ) -> None:
        (tmp_path / "elsewhere").write_text("other")
        link = tmp_path / "data" / PATHS[0]
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / leads_to)
        assert self.run(folder, tmp_path / "data") == 0
        assert link.read_text() == PATHS[0]
        assert (tmp_path / "elsewhere").read_text() == "other"

    def test_folder_onto_itself(self, folder: Path) -> None:
        assert self.run(folder, folder) == 0
        assert not (folder / PATHS[0]).is_symlink()
        assert (folder / PATHS[0]).read_text() == PATHS[0]

    def test_as_a_command(self, folder: Path, tmp_path: Path) -> None:
        command = [sys.executable, str(SCRIPTS / "fetch_data.py"), "--from", str(folder)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "data" / PATHS[-1]).read_text() == PATHS[-1]


def test_without_a_folder_it_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Path] = []

    def fetch_all(to: Path) -> int:
        places.append(to)
        return 1

    monkeypatch.setattr(fetch_data, "fetch_all", fetch_all)
    assert fetch_data.main(["--to", str(tmp_path)]) == 1
    assert places == [tmp_path]
