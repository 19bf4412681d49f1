import json
import os
import stat
import struct
import time
from pathlib import Path
from typing import Any, Optional

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.tagging import tensor_file
from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.tensor_file import check_finite, read_tensors, write_tensors
from bilstm_tagger.text.errors import UserError

HEADER = '{"format": 1, "names": ["\\u00e9"]}'
METADATA = {"__metadata__": {"bilstm_tagger": HEADER}}
EIGHT = numpy.arange(2, dtype="<f4").tobytes()


def declared(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def file_of(header: Any, data: bytes = EIGHT, length: Optional[int] = None) -> bytes:
    """A file by hand, of a header with our metadata unless it is given as bytes."""
    if not isinstance(header, bytes):
        header = json.dumps({**METADATA, **header}).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.fixture
def tensors() -> dict[str, numpy.ndarray]:
    random = numpy.random.default_rng(5)
    return {
        "words": random.standard_normal((30, 4)).astype("f2"),
        "weights": random.standard_normal((5, 6, 7)).astype("f4"),
        "letters": random.integers(256, size=101, dtype="u1"),
        "ids": random.integers(-(2**31), 2**31, size=(3, 1), dtype="i4"),
        "wide": random.integers(-(2**63), 2**63 - 1, size=5, dtype="i8"),
        "scalar": numpy.array(3, "f4"),
        "none": numpy.zeros((0, 5), "f4"),
        "none of bytes": numpy.zeros((2, 0), "u1"),
        "\u00e9 \n\u2028": numpy.ones(1, "f2"),
    }


def assert_equal(tensors: dict[str, numpy.ndarray], expected: dict[str, numpy.ndarray]) -> None:
    assert tensors.keys() == expected.keys()
    for name, tensor in expected.items():
        assert tensors[name].dtype == tensor.dtype and tensors[name].shape == tensor.shape
        assert tensors[name].tobytes() == tensor.tobytes()


def test_what_is_written_is_read(path, tensors):
    write_tensors(path, tensors, HEADER)
    header, loaded = read_tensors(str(path))
    assert header == HEADER
    assert_equal(loaded, tensors)


def test_no_tensors(path):
    write_tensors(path, {}, "{}")
    assert read_tensors(path) == ("{}", {})


def test_strides_and_byte_order_of_what_is_written(path):
    base = numpy.arange(24, dtype="f4").reshape(4, 6)
    odd = {"transposed": base.T, "backwards": base[::-1, ::2], "repeated": base[:1].repeat(3, 0)}
    write_tensors(path, {**odd, "big": base.astype(">f4"), "ids": base.astype(">i8")}, "{}")
    loaded = read_tensors(path)[1]
    assert_equal(loaded, {**odd, "big": base, "ids": base.astype("i8")})
    write_tensors(path, {"a": numpy.broadcast_to(numpy.float32(2), (3, 2))}, "{}")
    assert read_tensors(path)[1]["a"].tolist() == [[2, 2]] * 3


def test_tensors_are_the_mapped_file(path, tensors):
    write_tensors(path, tensors, HEADER)
    loaded = read_tensors(path)[1]
    for name, tensor in loaded.items():
        with pytest.raises(ValueError, match="read-only"):
            tensor[...] = 0
        assert tensor.flags.aligned and not tensor.flags.owndata, name
    os.unlink(path)  # the mapping stays
    assert_equal(loaded, tensors)


def test_the_library_reads_it(path, tensors):
    from safetensors.numpy import load_file

    write_tensors(path, tensors, HEADER)
    assert_equal(load_file(path), tensors)


def test_the_same_file_each_time(path, tensors):
    write_tensors(path, tensors, HEADER)
    first = path.read_bytes()
    write_tensors(path, dict(reversed(tensors.items())), HEADER)
    assert path.read_bytes() == first


def test_neither_torch_nor_allennlp(run_alone, path):
    program = f"""
import numpy
from bilstm_tagger.tagging.tensor_file import read_tensors, write_tensors
write_tensors({str(path)!r}, {{"a": numpy.ones(2, "f4")}}, "{{}}")
print(read_tensors({str(path)!r})[1]["a"].tolist())
"""
    assert run_alone(program) == "[1.0, 1.0]\n"


def test_an_error_leaves_the_file_of_before(path, monkeypatch):
    write_tensors(path, {"a": numpy.ones(2, "f4")}, "{}")
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(OSError, match="No space"):
        write_tensors(path, {"a": numpy.zeros(2, "f4")}, "{}")
    monkeypatch.undo()
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_tensors(path, {"a": numpy.zeros(2, "f4")}, "{}")
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_others_may_read_it_as_any_new_file(path):
    write_tensors(path, {}, "{}")
    (path.parent / "other").write_bytes(b"")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert len(modes) == 1


@pytest.mark.parametrize("dtype", ["f8", "i2", "?", "u4", "c8", "O", "U3"])
def test_other_types_are_not_written(path, dtype):
    with pytest.raises(TypeError, match="tensor 'a': the type .* cannot be written"):
        write_tensors(path, {"a": numpy.zeros(2, dtype)}, "{}")
    assert not path.exists()


BAD_FILES = {
    "text": (b"Mina waved.\nShe left the house.\n", "this is no safetensors file"),
    "a zip file": (b"PK\x03\x04" + bytes(60), "this is no safetensors file"),
    "empty": (b"", "an empty one"),
    "3 bytes": (b"abc", "this is no safetensors file"),
    "3 zeros": (bytes(3), "header too small"),
    "a length alone": (struct.pack("<Q", 0), "no whole safetensors file"),
    "cut short": (file_of({"a": declared()}, EIGHT[:5]), "not fully covered"),
    "header cut short": (file_of({"a": declared()})[:40], "invalid header length"),
    "extra bytes": (file_of({"a": declared()}, EIGHT + b"x"), "not fully covered"),
    "a header of 1 GB": (file_of({"a": declared()}, length=2**30), "of 1073741824 bytes is over"),
    "a header of 2**64": (file_of({}, length=2**64 - 1), "the limit of 4194304"),
    "a large header": (file_of(b"{" + b" " * 2**22 + b"}", b""), "the limit of 4194304"),
    "a header larger than the file": (file_of({"a": declared()}, length=1000), "header length"),
    "a header shorter than it is": (file_of({"a": declared()}, length=20), "no whole"),
    "a size that lies": (file_of({"a": declared(shape=[3])}), "invalid shape"),
    "offsets that lie": (file_of({"a": declared(offsets=(0, 4))}), "invalid shape"),
    "offsets behind the end": (file_of({"a": declared(offsets=(8, 16))}), "invalid offset"),
    "offsets that go back": (file_of({"a": declared(offsets=(8, 0))}), "invalid offset"),
    "a negative offset": (file_of({"a": declared(offsets=(-8, 0))}), "invalid value"),
    "three offsets": (file_of({"a": declared(offsets=(0, 4, 8))}), "no whole"),
    "the same bytes twice": (file_of({"a": declared(), "b": declared()}), "invalid offset"),
    "overlap": (
        file_of({"a": declared(), "b": declared(offsets=(4, 12))}, bytes(12)),
        "invalid offset",
    ),
    "gap": (file_of({"a": declared(), "b": declared(offsets=(12, 20))}, bytes(20)), "offset"),
    "gap before": (file_of({"a": declared(offsets=(4, 12))}, bytes(12)), "invalid offset"),
    "unknown type": (file_of({"a": declared("F33")}), "unknown variant"),
    "no type": (file_of({"a": {"shape": [2], "data_offsets": [0, 8]}}), "missing field"),
    "negative shape": (file_of({"a": declared(shape=[-2])}), "invalid value"),
    "shape of fractions": (file_of({"a": declared(shape=[2.0])}), "invalid type"),
    "huge shape": (file_of({"a": declared(shape=[2**40, 2**40])}), "overflow"),
    "shape over 64 bits": (file_of({"a": declared(shape=[2**64])}), "no whole"),
    "huge shape of nothing": (
        file_of({"a": declared(shape=[0, 2**63], offsets=(0, 0))}, b""),
        "tensor 'a': its shape is impossible",
    ),
    "large shape of nothing": (
        file_of({"a": declared(shape=[2**62, 2**62, 0][::-1], offsets=(0, 0))}, b""),
        "tensor 'a': its shape is impossible",
    ),
    "too many dimensions": (file_of({"a": declared(shape=[1] * 99 + [2])}), "shape is impossible"),
    "no JSON": (file_of(b'{"a":'), "invalid JSON"),
    "a list": (file_of(b"[]"), "invalid JSON"),
    "no UTF-8": (file_of(b'{"\xff": {}}'), "invalid UTF-8"),
    "nested deep": (file_of(b'{"a":' + b"[" * 100_000), "recursion"),
    "a tensor twice": (
        file_of(json.dumps({**METADATA, "a": declared(), "b": declared()}).encode()
                .replace(b'"b"', b'"\\u0061"')),
        "the names of its tensors: .*a key comes twice",
    ),
    "an offset twice": (
        file_of(json.dumps({**METADATA, "a": declared()}).encode()
                .replace(b'"dtype"', b'"dtype": "I32", "dtype"')),
        "duplicate field",
    ),
    "metadata twice": (
        file_of(b'{"__metadata__": {"bilstm_tagger": "{}", "bilstm_tagger": "{}"}}', b""),
        "a key comes twice",
    ),
    "no metadata": (file_of(json.dumps({"a": declared()}).encode()), "no entry 'bilstm_tagger'"),
    "other metadata": (file_of({"__metadata__": {"format": "pt"}}, b""), "no entry"),
    "metadata of numbers": (file_of({"__metadata__": {"bilstm_tagger": 1}}, b""), "expected a str"),
}  # fmt: skip
for _dtype, _shape in {"F64": 1, "BF16": 4, "BOOL": 8, "I8": 8, "I16": 4, "U16": 4, "U32": 2,
                       "U64": 1, "F8_E4M3": 8, "C64": 1, "F4": 16}.items():  # fmt: skip
    BAD_FILES[_dtype] = (
        file_of({"a": declared(_dtype, [_shape])}),
        f"tensor 'a': its type is {_dtype}, and can only be F16, F32, U8, I32, I64; ",
    )
for _name, _header in {
    "our header is no JSON": "{",
    "our header is a list": "[]",
    "our header is empty": "",
    "a key of our header twice": '{"a": 1, "b": {"c": 1, "c": 2}}',
    "our header nested deep": '{"a":' + "[" * 100_000,
}.items():
    _file = file_of({"__metadata__": {"bilstm_tagger": _header}}, b"")
    BAD_FILES[_name] = _file, "header: this is no JSON object"


@pytest.mark.parametrize("data, what", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_bad_files_are_one_error(path, data, what):
    path.write_bytes(data)
    with pytest.raises(UnsafeModel, match=what) as error:
        read_tensors(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and "; " in message
    assert len(message) < 1000 and message.isprintable()
    assert isinstance(error.value, UserError) and error.value.__cause__ is None


def test_the_files_by_hand_are_good_but_for_what_is_bad(path):
    path.write_bytes(file_of({"a": declared()}))
    assert read_tensors(path)[0] == HEADER
    # Not as `write_tensors` lays it out, and right all the same.
    letters = declared("U8", [1], (0, 1))
    path.write_bytes(file_of({"a": declared(offsets=(1, 9)), "b": letters}, b"x" + EIGHT))
    assert read_tensors(path)[1]["a"].tolist() == [0, 1]


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer
    (tmp_path / "dangling").symlink_to("nowhere")
    for name, what in {
        "": "a folder",
        "missing": r"cannot be opened \(No such file or directory\)",
        "dangling": "No such file",
        "pipe": "no file",
        "a\0b": "embedded null",
        "a" * 300: "name too long",
    }.items():
        with pytest.raises(UnsafeModel, match=f"(?i){what}.*; name a model file"):
            read_tensors(os.path.join(tmp_path, name))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
@pytest.mark.parametrize("value", [numpy.nan, -numpy.nan, numpy.inf, -numpy.inf])
def test_weights_that_are_not_finite(path, dtype, value):
    for place in (0, 2**18, 2**18 + 1, -1):
        tensor = numpy.full(2**18 + 100, -1, dtype)
        tensor[place] = value
        with pytest.raises(UnsafeModel, match="tensor 'bad': a value is infinite or NaN; "):
            check_finite({"good": numpy.ones(2, "f4"), "bad": tensor})
        if dtype in ("f2", "f4"):
            with pytest.raises(UnsafeModel, match="tensor 'bad'"):
                write_tensors(path, {"bad": tensor}, "{}")
            assert not path.exists()
            data = declared("F" + str(8 * tensor.itemsize), tensor.shape, (0, tensor.nbytes))
            path.write_bytes(file_of({"bad": data}, tensor.tobytes()))
            with pytest.raises(UnsafeModel, match="model.safetensors: tensor 'bad': "):
                read_tensors(path)
            path.unlink()


def test_the_largest_weights_are_finite():
    for dtype in ("f2", "f4", "f8"):
        extremes = numpy.finfo(dtype)
        tensor = numpy.array([extremes.max, extremes.min, extremes.smallest_subnormal, -0.0], dtype)
        check_finite({"extremes": tensor, "columns": tensor.reshape(2, 2).T})
    check_finite({"none": numpy.zeros((0, 3), "f4"), "letters": numpy.full(9, 255, "u1")})
    every = numpy.arange(2**16, dtype="u2").view("f2")
    check_finite({"every finite one": every[numpy.isfinite(every)]})
    for value in every[~numpy.isfinite(every)]:
        with pytest.raises(UnsafeModel):
            check_finite({"a": value.reshape(1)})


@pytest.mark.filterwarnings("error")
@settings(max_examples=500, deadline=None)
@given(st.data())
def test_every_damage_is_one_error_or_what_the_file_says(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    numbers = {"a": numpy.ones((2, 3), "f4"), "b": numpy.ones(4, "f2"), "c": numpy.ones(5, "u1")}
    write_tensors(path, numbers, '{"format": 1}')
    content = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    # Most of the damage is where the structure is.
    place = st.one_of(st.integers(0, header), st.integers(0, len(content) - 1))
    for position in data.draw(st.lists(place, max_size=4)):
        content[position] = data.draw(
            st.one_of(st.integers(0, 255), st.sampled_from(list(b'0123456789-[]{},":'))),
        )
    kind = data.draw(st.sampled_from(["whole", "cut", "removed", "inserted", "moved"]))
    start, end = sorted((data.draw(place), data.draw(place)))
    if kind == "cut":
        del content[start:]
    elif kind == "removed":
        del content[start:end]
    elif kind == "inserted":
        content[start:start] = data.draw(st.binary(max_size=20))
    elif kind == "moved":
        content[start:end] = content[start:end][::-1]
    path.write_bytes(content)
    try:
        tensors = read_tensors(path)[1]
    except UnsafeModel as error:
        assert str(error).startswith(str(path))
        return
    # All that is in the file, once.
    header = 8 + int.from_bytes(content[:8], "little")
    in_order = sorted(tensors.values(), key=lambda tensor: (tensor.ctypes.data, tensor.nbytes))
    assert b"".join(tensor.tobytes() for tensor in in_order) == bytes(content[header:])


def test_hostile_files_take_little_memory(run_alone, path):
    """Half a gigabyte of address space is enough for all of them."""
    files = path.parent / "files"
    files.mkdir()
    many = {f"{n}": declared("U8", [0], (0, 0)) for n in range(50_000)}
    nested = b'{"a": {"x": ' + b"[" * 100 + b"{}," * 1_300_000
    for number, data in enumerate([*(data for data, _ in BAD_FILES.values()), file_of(many),
                                   file_of(nested)]):  # fmt: skip
        (files / str(number)).write_bytes(data)
    program = f"""
import os, resource
from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.tensor_file import read_tensors
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**29, used + 2**29))
for name in sorted(os.listdir({str(files)!r}), key=int):
    try:
        read_tensors(os.path.join({str(files)!r}, name))
    except UnsafeModel:
        pass
print("done")
"""
    assert run_alone(program) == "done\n"


def test_opening_takes_no_time(path, monkeypatch):
    write_tensors(path, {f"{n}": numpy.ones((1000, 250), "f4") for n in range(50)}, "{}")
    monkeypatch.setattr(tensor_file, "check_finite", lambda tensors, mapping: None)
    times = []
    for _ in range(5):
        start = time.process_time()
        read_tensors(path)
        times.append(time.process_time() - start)
    assert path.stat().st_size > 5e7 and min(times) < 0.005
