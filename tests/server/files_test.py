"""Files that come tagged back."""

import gzip
import io
import socket
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

FORMS = Path("fixtures/forms")


def send(server, name, content, status=200, **options):
    response = server.client.post("/files", params={"name": name, **options}, content=content)
    assert response.status_code == status, response.text
    return response


@pytest.mark.parametrize(
    "name, options",
    [
        ("names.iob2", ()),
        ("names.csv", ()),
        ("names.tsv", ()),
        ("names.conllu", ()),
        ("names.bmes", ()),
        ("tokens.jsonl", ()),
        ("doccano.jsonl", ("output_format=objects",)),
        ("names.lines", ("input_format=lines",)),
        ("names.parquet", ("tasks=ner",)),
        ("names.spacy", ("tasks=ner",)),
    ],
)
def test_as_the_command_does(server, name, options, tmp_path):
    """Byte for byte, of each form."""
    output = tmp_path / "output"
    command = [sys.executable, "-m", "bilstm_tagger", "tag", "english", str(FORMS / name)]
    flags = [f"--{option.replace('_', '-')}" for option in options]
    subprocess.run([*command, "-o", str(output), *flags], check=True, capture_output=True)
    settings = dict(option.split("=") for option in options)
    response = send(server, name, (FORMS / name).read_bytes(), **settings)
    if name.endswith(".parquet"):
        import pyarrow.parquet

        tables = [pyarrow.parquet.read_table(x) for x in (output, io.BytesIO(response.content))]
        assert tables[0].equals(tables[1])
    elif not name.endswith(".spacy"):  # whose strings are in no order
        assert response.content == output.read_bytes()
    stem, _, ending = name.partition(".")
    ending = {"bmes": "conll", "lines": "txt"}.get(ending, ending)
    assert f'filename="{stem}.tagged.{ending}"' in response.headers["content-disposition"]


def test_forms(server):
    response = send(server, "a.txt", b"Ada wrote to Bob.\n", output_format="conll", tasks="ner")
    assert response.text == "Ada\tB-PER\nwrote\tO\nto\tO\nBob\tB-PER\n.\tO\n\n"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert 'filename="a.tagged.conll"' in response.headers["content-disposition"]
    packed = gzip.compress(b"Ada wrote to Bob.\n")
    again = send(server, "a.txt.gz", packed, output_format="conll", tasks="ner", model="english")
    assert again.text == response.text
    # The answer is not packed.
    for name in ("a", "a.gz", "a.txt.gz"):
        disposition = send(server, name, packed, input_format="text").headers["content-disposition"]
        assert 'filename="a.tagged.jsonl"' in disposition
    assert send(server, "empty.txt", b"").content == b""
    many = send(server, "many", b"Ada wrote to Bob.\n" * 3_000, input_format="text")
    assert many.text.count('{"tokens": ["Ada"') == 3_000


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..", "", "a" * 300, 'x"\r\nset-cookie: a', "\u05d0.txt"],
)
def test_names_of_files(server, name):
    response = send(server, name, b"Ada wrote.\n", input_format="text")
    assert '"Ada"' in response.text
    assert response.headers["content-disposition"].startswith("attachment; filename=")
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "content, options, status, problem",
    [
        (b"\xff\xfe\x00", {}, 422, "a: "),
        (b"Ada\n", {"input_format": "conllu"}, 422, "a:1: "),
        (b"Ada wrote to Bob.\n" * 5, {}, 422, "input_format text or input_format conll"),
        (b"Ada\n", {"input_format": "brat"}, 422, "input_format: String should match pattern"),
        (b"Ada\n", {"output_format": "word"}, 422, "output_format: String should match pattern"),
        (b"Ada\n", {"output_format": "parquet"}, 422, "output_format parquet is for input of"),
        (b"Ada\n", {"tasks": "x"}, 404, "There is no task 'x'"),
        (b"Ada\n", {"probabilities": "all"}, 422, "There is no parameter 'probabilities'"),
        (b"Ada\n", {"model": "x"}, 404, "There is no model 'x'"),
        (b"PAR1 no parquet", {"input_format": "parquet"}, 422, "a: "),
    ],
)
def test_wrong_files(server, content, options, status, problem):
    detail = send(server, "a", content, status, **options).json()["detail"]
    assert problem in detail
    assert "/tmp" not in detail and "--" not in detail


def test_files_over_the_limit(serve):
    server = serve(file=1_000, file_tokens=500)
    assert "1,000 bytes" in send(server, "a.txt", b"a" * 2_000, 413).json()["detail"]
    packed = gzip.compress(b"a b c d\n" * 100_000)
    assert len(packed) < 10_000
    server = serve(file=10_000, file_tokens=500)
    detail = send(server, "a.txt.gz", packed, 413, input_format="tokens").json()["detail"]
    assert "more than 500 tokens" in detail
    lines = gzip.compress(b"\n" * 1_001)
    detail = send(server, "a.txt.gz", lines, 413, input_format="text").json()["detail"]
    assert "more than 1,000 lines" in detail
    server.tag(text="a")


def test_files_that_become_large(serve):
    server = serve(unpacked=100_000, block=5_000)
    packed = gzip.compress(b"x a b c\n" * 20_000)
    for content in (packed, *(zlib.compress(b"\0" * 200_000, wbits=bits) for bits in (9, 15))):
        for form in ("text", "spacy"):
            detail = send(server, "a", content, 413, input_format=form).json()["detail"]
            assert "100,000 bytes or more when it is unpacked" in detail
    detail = send(server, "a.conll", b"a\tb\n" * 2_000, 413, input_format="conll").json()["detail"]
    assert "from line 1, have more than 5,000 bytes" in detail
    send(server, "a.conll", b"a\n\n" * 500, input_format="conll")


def test_a_client_that_leaves(serve, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server = serve(waiting_files=1)
    content = b"Ada wrote to Bob.\n" * 200_000  # which take half a minute
    path = "/files?name=a.txt&input_format=text"
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        head = f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(content)}\r\n\r\n"
        client.sendall(head.encode() + content)
        while not list(tmp_path.glob("*/output")):
            time.sleep(0.01)
        assert "Too many" in send(server, "b.txt", b"Bob.\n", 503).json()["detail"]
    started = time.monotonic()
    while list(tmp_path.iterdir()):
        time.sleep(0.01)
    assert time.monotonic() - started < 5
    send(server, "b.txt", b"Bob.\n")


def test_nothing_is_left(server, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    send(server, "a.txt", b"Ada wrote.\n")
    send(server, "a.txt", b"\xff\xfe\x00", 422)
    deadline = time.monotonic() + 10  # the client has its answer a little earlier
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []
