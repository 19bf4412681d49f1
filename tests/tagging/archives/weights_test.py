import collections
import io
import os
import pickle
import zipfile

import numpy
import pytest
import torch

from bilstm_tagger.tagging.archives.limits import Limits, UnsafeArchive
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


def test_tensors_of_all_types_as_they_were():
    shared = torch.arange(12.0).view(3, 4)
    state = collections.OrderedDict(
        transposed=shared.t(), row=shared[1], scalar=torch.tensor(3), none=torch.ones(0, 5)
    )
    for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int32, torch.int16,
                  torch.int8, torch.uint8, torch.bool):  # fmt: skip
        state[str(dtype)] = torch.tensor([0, 1, 1]).to(dtype)
    loaded = read_weights(saved(state), LIMITS)
    assert loaded.keys() == state.keys()
    for name, tensor in state.items():
        expected = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        assert numpy.array_equal(loaded[name], expected.numpy())
        assert loaded[name].dtype == expected.numpy().dtype


def test_a_state_dict_as_training_saves_it():
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    loaded = read_weights(saved(module.state_dict()), LIMITS)
    for name, tensor in module.state_dict().items():
        assert numpy.array_equal(loaded[name], tensor.numpy())
    assert "1.running_mean" in loaded


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
    with pytest.raises(UnsafeArchive) as error:
        read_weights(data, LIMITS)
    assert not (tmp_path / "evil").exists()
    assert "weights.th" in str(error.value) and "\n" not in str(error.value)
    if form == "zip":
        assert "would run 'posix.mkdir'; " in str(error.value)


def test_the_payload_would_run(tmp_path):
    torch.load(io.BytesIO(saved(Payload(tmp_path / "evil"))), weights_only=False)
    assert (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "data, what",
    [
        (pickle.dumps(os.mkdir, protocol=4), "instruction"),
        (pickle.dumps(bytearray(5), protocol=5), "instruction"),
        (b"\x80\x02}r\xff\xff\xff\x7f.", None),
        (b"\x80\x02\x96\xff\xff\xff\xff\xff\xff\xff\x00.", "damaged"),
        (b"\x80\x02}", "damaged"),
        (b"", "damaged"),
        (b"\x80\x02K\x01.", "no dictionary"),
        (b"\x80\x02}K\x01K\x02s.", "a name is no text"),
        (b"\x80\x02}X\x01\x00\x00\x00aK\x02s.", "no tensor"),
        (b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x02sb.", None),
        (
            b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x02sb.",
            "no dictionary",
        ),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "declared"),
        (b"x" * (2**22 + 1), "names of its tensors"),
    ],
)
def test_odd_pickles(data, what):
    if what is None:
        assert read_weights(with_pickle(data), LIMITS) == {}
        return
    with pytest.raises(UnsafeArchive, match=what):
        read_weights(with_pickle(data), LIMITS)


def test_packed_records_are_a_bomb():
    content = records(saved({"a": torch.zeros(10**6)}))
    data = zipped(content, zipfile.ZIP_DEFLATED)
    assert len(data) < 10**5
    with pytest.raises(UnsafeArchive, match="is packed"):
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
    with pytest.raises(UnsafeArchive, match="the record 'data/1' is packed"):
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
    with pytest.raises(UnsafeArchive, match="is packed|is damaged"):
        read_weights(file.getvalue(), LIMITS)


@pytest.mark.parametrize("size", [0, 16, 3996, 4001, 8000])
def test_a_record_of_another_size(size):
    content = records(saved({"a": torch.zeros(1000)}))
    content["archive/data/0"] = bytes(size)
    with pytest.raises(UnsafeArchive, match="not as declared"):
        read_weights(zipped(content), LIMITS)


@pytest.mark.parametrize("name", ["archive/code/a.py", "other/data/0", "archive/../x", "x"])
def test_unknown_records(name):
    content = {**records(saved({"a": torch.ones(2)})), name: b"12345678"}
    with pytest.raises(UnsafeArchive, match="unknown record|not of weights"):
        read_weights(zipped(content), LIMITS)


def test_the_sum_of_tensors_is_limited():
    data = saved({"a": torch.zeros(100), "b": torch.zeros(1).expand(1000)})
    assert len(read_weights(data, Limits(tensors=4400))) == 2
    with pytest.raises(UnsafeArchive, match="take 4400 bytes, the limit is 4399"):
        read_weights(data, Limits(tensors=4399))


def test_every_damage_is_one_error():
    data = saved({"a": torch.arange(100.0)})
    for place in range(0, len(data), 61):
        for damaged in (data[:place], data[:place] + b"\xaa\x55" + data[place + 2 :]):
            try:
                loaded = read_weights(damaged, LIMITS)
            except UnsafeArchive:
                continue
            assert numpy.array_equal(loaded["a"], numpy.arange(100.0))  # in what zip files fill up


def test_the_old_form_needs_trust():
    data = saved({"a": torch.ones(2)}, _use_new_zipfile_serialization=False)
    with pytest.raises(UnsafeArchive, match=r"before torch 1\.6.*trust=True"):
        read_weights(data, LIMITS)
