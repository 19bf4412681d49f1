import collections
import io
import os
import pickle
import time
import tracemalloc
import zipfile

import numpy
import pytest
import torch

from bilstm_tagger.tagging.archives.limits import Limits, UnsafeModel
from bilstm_tagger.tagging.archives.weights import read_weights

LIMITS = Limits()


def saved(state, **settings) -> bytes:
    file = io.BytesIO()
    torch.save(state, file, **settings)
    return file.getvalue()


def records(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(content: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, data in content.items():
            target.writestr(name, data)
    return file.getvalue()


def with_pickle(data: bytes) -> bytes:
    return zipped({**records(saved({"a": torch.ones(2)})), "archive/data.pkl": data})


class Payload:
    def __init__(self, path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def assert_as_torch_loads(data: bytes) -> dict[str, numpy.ndarray]:
    """The tensors, of the same names, types and numbers as torch's."""
    expected = torch.load(io.BytesIO(data), weights_only=True)
    tensors = read_weights(data, LIMITS)
    assert list(tensors) == list(expected)
    for name, tensor in expected.items():
        tensor = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        assert tensors[name].dtype == tensor.numpy().dtype and tensors[name].shape == tensor.shape
        assert tensors[name].tobytes() == tensor.numpy().tobytes()
    return tensors


ALL_TYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
             torch.int16, torch.int8, torch.uint8, torch.bool]  # fmt: skip


@pytest.mark.parametrize("dtype", ALL_TYPES, ids=str)
def test_tensors_of_all_types_and_strides(dtype):
    base = torch.arange(-60, 60).view(4, 5, 6).to(dtype)
    tensors = {
        "base": base,
        "transposed": base.transpose(0, 2),
        "with an offset": base[1:, 2],
        "every second": base[:, ::2, 1::3],
        "a diagonal": base[0].diagonal(),
        "repeated": base[0, 0].expand(3, 6),
        "overlapping": base.as_strided((4, 3), (2, 1), 5),
        "scalar": base[3, 4, 5],
        "of size 1": base[:1, :1],
        "none": base[:, :0],
        "of its own": torch.ones(3).to(dtype),
    }
    assert_as_torch_loads(saved(collections.OrderedDict(tensors)))


def test_odd_numbers_keep_their_bits():
    special = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-40, 3.4e38])
    state = {str(dtype): special.to(dtype) for dtype in (torch.float32, torch.float64)}
    halves = torch.arange(2**16).to(torch.uint16).view(torch.bfloat16)
    tensors = assert_as_torch_loads(saved(state))
    tensors = read_weights(saved({"halves": halves, "same": halves[5:]}), LIMITS)
    bits = tensors["halves"].view("u4")
    assert (bits == numpy.arange(2**16, dtype="u4") << 16).all()
    assert numpy.shares_memory(tensors["halves"], tensors["same"])


def test_tensors_are_views_of_the_file():
    shared = torch.rand(1000, 500)
    data = saved({"whole": shared, "transposed": shared.t(), "row": shared[3]})
    tracemalloc.start()
    tensors = read_weights(data, LIMITS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Python's reader of zip files copies nothing, io.BytesIO shares the bytes.
    assert peak < 0.1 * len(data)
    for name in ("transposed", "row"):
        assert numpy.shares_memory(tensors["whole"], tensors[name])
    for tensor in tensors.values():
        with pytest.raises(ValueError, match="read-only"):
            tensor[0] = 0


def test_a_state_dict_as_training_saves_it():
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    state = module.state_dict()
    assert hasattr(state, "_metadata")
    tensors = assert_as_torch_loads(saved(state))
    module.load_state_dict({name: torch.tensor(tensor) for name, tensor in tensors.items()})


def test_no_torch_and_no_pickle_is_loaded(run_alone, tmp_path):
    file = tmp_path / "weights.th"
    file.write_bytes(saved({"a": torch.ones(2)}))
    program = f"""
from bilstm_tagger.tagging.archives.limits import Limits
from bilstm_tagger.tagging.archives.weights import read_weights
sys.addaudithook(lambda event, arguments: event == "pickle.find_class" and sys.exit(event))
print(read_weights(open({str(file)!r}, "rb").read(), Limits())["a"].tolist())
"""
    assert run_alone(program) == "[1.0, 1.0]\n"


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("form", ["zip", "old", "plain pickle", "beside tensors"])
def test_a_payload_is_not_run(form, tmp_path):
    evil = Payload(tmp_path / "evil")
    data = {
        "zip": lambda: saved(evil),
        "old": lambda: saved(evil, _use_new_zipfile_serialization=False),
        "plain pickle": lambda: pickle.dumps(evil),
        "beside tensors": lambda: saved({"a": torch.ones(2), "b": evil}),
    }[form]()
    with pytest.raises(UnsafeModel) as error:
        read_weights(data, LIMITS)
    assert not (tmp_path / "evil").exists()
    assert "weights.th" in str(error.value) and "\n" not in str(error.value)
    if form in ("zip", "beside tensors"):
        assert "would run 'posix.mkdir'; " in str(error.value)


def test_the_payload_would_run(tmp_path):
    torch.load(io.BytesIO(saved(Payload(tmp_path / "evil"))), weights_only=False)
    assert (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "data, what",
    [
        (pickle.dumps(os.mkdir, protocol=4), "instruction"),
        (pickle.dumps(bytearray(5), protocol=5), "instruction"),
        (pickle.dumps({"a": [1]}, protocol=2), "instruction EMPTY_LIST"),
        (pickle.dumps({"a": 2**3000}, protocol=2), "instruction LONG4"),
        (b"\x80\x02\x96\xff\xff\xff\xff\xff\xff\xff\x00.", "damaged"),
        (b"\x80\x02}", "damaged"),
        (b"", "damaged"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02}}.", "damaged"),
        (b"\x80\x02h\x00.", "damaged"),
        (b"\x80\x02)t.", "damaged"),
        (b"\x80\x02)\x86.", "damaged"),
        (b"\x80\x02}(X\x01\x00\x00\x00au.", "damaged"),
        (b"\x80\x02}K\x01K\x02s.", "damaged"),
        (b"\x80\x02})}s.", "damaged"),
        (b"\x80\x02K\x01.", "no dictionary"),
        (b"\x80\x02}X\x01\x00\x00\x00aK\x02s.", "'a' is no tensor"),
        (b"\x80\x02}X\x01\x00\x00\x00a}s.", "'a' is no tensor"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n.", "no dictionary"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "declared"),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "declared"),
        (b"\x80\x02ccollections\nOrderedDict\n}\x85R.", "declared"),
        (b"\x80\x02)Q.", "declared"),
        (b"x" * (2**22 + 1), "names of its tensors"),
    ],
)
def test_odd_pickles(data, what):
    with pytest.raises(UnsafeModel, match=what):
        read_weights(with_pickle(data), LIMITS)


def test_attributes_are_not_set():
    data = b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x02sb."
    assert read_weights(with_pickle(data), LIMITS) == {}
    # Python's reader makes room for as many objects as that.
    assert read_weights(with_pickle(b"\x80\x02}r\xff\xff\xff\x7f."), LIMITS) == {}


def nested_tuple() -> bytes:
    """Forty pairs, each twice the one before: its hash and its text take a trillion steps."""
    return b")" + b"".join(b"q%ch%c\x86" % (n, n) for n in range(40))


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02}" + nested_tuple() + b"K\x01s.",  # as a key
        b"\x80\x02}X\x01\x00\x00\x00a" + nested_tuple() + b"s.",
        b"\x80\x02" + nested_tuple() + b"Q.",
        b"\x80\x02" + nested_tuple() + b")R.",
        b"\x80\x02" + nested_tuple() + b".",
        # A dictionary of all names, copied each time.
        b"\x80\x02}("
        + b"".join(b"X\x04\x00\x00\x00%04xK\x01" % n for n in range(2**16))
        + b"uq\x00"
        + b"ccollections\nOrderedDict\nq\x01h\x00\x85R0" * 2
        + b"h\x01h\x00\x85R" * 300_000
        + b".",
        b"\x80\x02}(" + b"X\x01\x00\x00\x00aK\x02" * 100_000 + b"uq\x00" + b"}h\x00b" * 400_000,
        b"\x80\x02" + b"(" * 1_000_000 + b".",
        b"\x80\x02)" + b"\x85" * 1_000_000 + b".",
    ],
    ids="key value identifier called state copied attributes marks deep".split(),
)
def test_short_pickles_that_would_take_long(data):
    data = with_pickle(data)
    start = time.process_time()
    with pytest.raises(UnsafeModel):
        read_weights(data, LIMITS)
    assert time.process_time() - start < 20


def declared(
    offset=0, size=(2, 3), strides=(3, 1), kind="FloatStorage", key="0", count=6, data=bytes(24)
) -> bytes:
    """A file of weights with one tensor, written by hand."""

    class Storage(pickle.Pickler):
        def persistent_id(self, value):
            return ("storage", dtype, key, "cpu", count) if value is mark else None

    class Tensor:
        def __reduce__(self):
            arguments = (mark, offset, size, strides, False, collections.OrderedDict())
            return torch._utils._rebuild_tensor_v2, arguments

    mark, dtype, file = object(), getattr(torch, kind), io.BytesIO()
    Storage(file, protocol=2).dump({"a": Tensor()})
    records = {"archive/data.pkl": file.getvalue(), "archive/data/0": data}
    return zipped(records)


def test_declared_by_hand():
    data = numpy.arange(6, dtype="<f4").tobytes()
    assert read_weights(declared(data=data), LIMITS)["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    strided = declared(1, (2, 2), (3, 1), data=data)
    assert read_weights(strided, LIMITS)["a"].tolist() == [[1, 2], [4, 5]]


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": 1},
        {"offset": -1},
        {"offset": 2**62},
        {"offset": 2**64},
        {"offset": True},
        {"offset": None},
        {"size": (2, 4)},
        {"size": (3, 3)},
        {"size": (-2, 3)},
        {"size": (2**40, 2**40)},
        {"size": (0, 2**62), "strides": (1, 1)},
        {"size": (2,)},
        {"size": 6},
        {"size": (1,) * 33, "strides": (1,) * 33},
        {"strides": (4, 1)},
        {"strides": (3, 2)},
        {"strides": (-3, 1)},
        # Their sum overflows 64 bits, to what would lie in the record.
        {"size": (3, 3), "strides": (2**62, 2**62)},
        {"size": (5, 2), "strides": (2**60, 1)},
        {"size": (2**32 + 1, 2), "strides": (2**30, 1)},
        {"strides": "31"},
        {"count": 5},
        {"count": 7},
        {"count": "6"},
        {"key": "1"},
        {"key": 0},
        {"key": "0/../0"},
        {"kind": "DoubleStorage"},
        {"kind": "BoolStorage", "data": b"\0\1\0\1\0\2"},
    ],
    ids=str,
)
def test_declarations_that_lie(changes):
    with pytest.raises(UnsafeModel, match=r"^weights\.th: its .*not as declared.*; the archive"):
        read_weights(declared(**changes), LIMITS)


def test_the_order_of_bytes():
    content = records(saved({"a": torch.ones(2)}))
    assert content["archive/byteorder"] == b"little"
    content["archive/byteorder"] = b"big"
    with pytest.raises(UnsafeModel, match="little-endian; .*trust=True"):
        read_weights(zipped(content), LIMITS)
    del content["archive/byteorder"]  # as older versions of torch
    assert read_weights(zipped(content), LIMITS)["a"].tolist() == [1, 1]


def test_packed_records_are_a_bomb():
    content = records(saved({"a": torch.zeros(10**6)}))
    data = zipped(content, zipfile.ZIP_DEFLATED)
    assert len(data) < 10**5
    with pytest.raises(UnsafeModel, match="is packed"):
        read_weights(data, LIMITS)
    torch.load(io.BytesIO(data), weights_only=True)  # torch does not mind


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=str
)
def test_no_record_is_packed(method):
    """Not even a small one: what it unpacks to could be other than declared."""
    content = records(saved({"a": torch.rand(1000), "b": torch.zeros(100)}))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name, data in content.items():
            packed = method if name.endswith("data/1") else zipfile.ZIP_STORED
            target.writestr(name, data, packed)
    with pytest.raises(UnsafeModel, match="the record 'data/1' is packed"):
        read_weights(file.getvalue(), LIMITS)


def test_records_that_overlap_are_a_bomb():
    """Entries of the index that are one and the same record."""
    content = records(saved({"a": torch.zeros(1000)}))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name, data in content.items():
            target.writestr(name, data)
        record = target.getinfo("archive/data/0")
        for key in range(1, 50):
            twin = zipfile.ZipInfo(f"archive/data/{key}")
            for field in ("header_offset", "CRC", "file_size", "compress_size"):
                setattr(twin, field, getattr(record, field))
            target.filelist.append(twin)
            target.NameToInfo[twin.filename] = twin
    with pytest.raises(UnsafeModel, match="is packed|is damaged"):
        read_weights(file.getvalue(), LIMITS)


@pytest.mark.parametrize("size", [0, 16, 3996, 4001, 8000])
def test_a_record_of_another_size(size):
    content = records(saved({"a": torch.zeros(1000)}))
    content["archive/data/0"] = bytes(size)
    with pytest.raises(UnsafeModel, match="not as declared"):
        read_weights(zipped(content), LIMITS)


@pytest.mark.parametrize("name", ["archive/code/a.py", "other/data/0", "archive/../x", "x"])
def test_unknown_records(name):
    content = {**records(saved({"a": torch.ones(2)})), name: b"12345678"}
    with pytest.raises(UnsafeModel, match="unknown record|not of weights"):
        read_weights(zipped(content), LIMITS)


def test_the_sum_of_tensors_is_limited():
    data = saved({"a": torch.zeros(100), "b": torch.zeros(1).expand(1000)})
    assert len(read_weights(data, Limits(tensors=4400))) == 2
    with pytest.raises(UnsafeModel, match="take 4400 bytes, the limit is 4399"):
        read_weights(data, Limits(tensors=4399))


def test_every_damage_is_one_error():
    data = saved({"a": torch.arange(100.0)})
    for place in range(0, len(data), 61):
        for damaged in (data[:place], data[:place] + b"\xaa\x55" + data[place + 2 :]):
            try:
                tensors = read_weights(damaged, LIMITS)
            except UnsafeModel:
                continue
            # In what zip files fill up.
            assert tensors["a"].tolist() == list(range(100))


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_random_pickles_are_one_error_or_tensors():
    """Bytes of a pickle changed at random, with the sums of the zip file right."""
    shared = torch.arange(12.0).view(3, 4)
    content = records(saved({"a": shared.t(), "b": shared[1], "c": torch.ones(2).half()}))
    whole = content["archive/data.pkl"]
    random = numpy.random.default_rng(1)
    refused = 0
    for _ in range(3000):
        damaged = bytearray(whole)
        for place in random.integers(len(whole), size=random.integers(1, 4)):
            damaged[place] = random.integers(256)
        try:
            tensors = read_weights(zipped({**content, "archive/data.pkl": bytes(damaged)}), LIMITS)
        except UnsafeModel:
            refused += 1
            continue
        for tensor in tensors.values():
            assert set(tensor.ravel().tolist()) <= {*range(12), *content_of_halves(content)}
    assert 1000 < refused < 3000


def content_of_halves(content: dict[str, bytes]) -> set[float]:
    """What the numbers of the files are when read as any of the types of the same size."""
    numbers: set[float] = set()
    for key in ("0", "1"):
        for kind in ("<f2", "<f4", "<f8", "<i2", "<i4", "<i8", "u1"):
            record = content[f"archive/data/{key}"]
            if len(record) % numpy.dtype(kind).itemsize == 0:
                numbers.update(numpy.frombuffer(record, kind).tolist())
    return numbers


def test_the_old_form_is_refused():
    data = saved({"a": torch.ones(2)}, _use_new_zipfile_serialization=False)
    with pytest.raises(UnsafeModel, match=r"before torch 1\.6.*trust=True"):
        read_weights(data, LIMITS)
