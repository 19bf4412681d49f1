"""The model file: the specification of a model as JSON, and its tensors, in one file.

Documented in docs/model_file.md.
"""

import msgspec
import numpy

from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.input_specification import TEXTS, Tensors
from bilstm_tagger.tagging.specification import NewerFormat, Specification, parse_specification
from bilstm_tagger.tagging.tensor_file import read_tensors, write_tensors
from bilstm_tagger.text.errors import PathLike, UserError

_FIX_VERSION = "install a newer version of bilstm-tagger"
_FIX = "the file is damaged or was changed: export the model again"


def write_model(
    path: PathLike, specification: Specification, tensors: Tensors, half_words: bool = False
) -> None:
    """Writes a model to a file, with word vectors in half precision if that is wanted. A file that
    is there is replaced in the end.

    # Errors

    `UnsafeModel` for weights that are not finite; `OSError`.
    """
    halves = specification.word_vectors if half_words else ()
    written = {}
    for name, tensor in tensors.items():
        if name in halves:
            with numpy.errstate(over="ignore"):  # what is out of range is not finite, and refused
                tensor = tensor.astype(numpy.float16)
        elif tensor.dtype == numpy.float64:
            tensor = tensor.astype(numpy.float32)
        written[name] = tensor
    write_tensors(path, written, msgspec.json.encode(specification).decode())


def read_model(path: PathLike) -> tuple[Specification, dict[str, numpy.ndarray]]:
    """The model in a file from anywhere, which is mapped into memory.

    # Errors

    `UnsafeModel` for a file that is damaged, no model file, or of a later version of the format.
    """
    header, tensors = read_tensors(path)
    try:
        specification = parse_specification(header)
        texts = {f"inputs.{name}.{x}" for name in specification.inputs for x in TEXTS}
        for name, tensor in tensors.items():
            allowed = ("u1",) if name in texts else ("f2", "f4")
            if tensor.dtype.str.lstrip("<|") not in allowed:
                raise ValueError(f"the tensor {name!a:.200} has the type {tensor.dtype}")
        specification.check_tensors(tensors)
    except ValueError as error:
        problem = error.problem if isinstance(error, UserError) else str(error)
        fix = _FIX_VERSION if isinstance(error, NewerFormat) else _FIX
        raise UnsafeModel("", problem, fix).at(path) from None
    return specification, tensors
