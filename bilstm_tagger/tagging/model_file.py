"""The model file: the specification of a model as JSON, and its tensors, in one file.

Documented in docs/model_file.md.
"""

import numpy

from bilstm_tagger.tagging.archives.limits import UnsafeArchive
from bilstm_tagger.tagging.input_specification import Tensors
from bilstm_tagger.tagging.specification import (
    Specification,
    encode_specification,
    parse_specification,
)
from bilstm_tagger.tagging.tensor_file import read_tensors, write_tensors
from bilstm_tagger.text.errors import PathLike, UserError

_FIX = "the file is damaged or was changed: export the model again"


def write_model(
    path: PathLike, specification: Specification, tensors: Tensors, half_words: bool = False
) -> None:
    """
    # Parameters

    path : `PathLike`
        The file; one that is there is replaced in the end.
    specification : `Specification`, tensors : `Tensors`
        The model.
    half_words : `bool`, optional (default=`False`)
        Whether word vectors are written in half precision.

    # Errors

    `UnsafeArchive` for weights that are not finite; `OSError`.
    """
    written = dict(tensors)
    for name in specification.word_vectors:
        if half_words:
            with numpy.errstate(over="ignore"):  # what is out of range is not finite, and refused
                written[name] = written[name].astype(numpy.float16)
    for name, tensor in written.items():
        if tensor.dtype == numpy.float64:
            written[name] = tensor.astype(numpy.float32)
    write_tensors(path, written, encode_specification(specification))


def read_model(path: PathLike) -> tuple[Specification, dict[str, numpy.ndarray]]:
    """
    # Parameters

    path : `PathLike`
        A model file, from anywhere. It is mapped into memory.

    # Errors

    `UnsafeArchive` for a file that is damaged, no model file, or of a later version of the format.
    """
    header, tensors = read_tensors(path)
    try:
        specification = parse_specification(header)
        words = [f"inputs.{name}.words" for name in specification.inputs]
        for name, tensor in tensors.items():
            allowed = ("u1",) if name in words else ("f2", "f4")
            if tensor.dtype.str.lstrip("<|") not in allowed:
                raise ValueError(f"the tensor {name!a:.200} has the type {tensor.dtype}")
        specification.check_tensors(tensors)
    except ValueError as error:
        problem = error.problem if isinstance(error, UserError) else str(error)
        raise UnsafeArchive("", problem, _FIX).at(path) from None
    return specification, tensors
