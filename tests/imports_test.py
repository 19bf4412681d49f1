"""No module imports another that imports it, in however many steps."""

import subprocess
import sys
from collections import defaultdict

import grimp
import numpy
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that all import each other."""
    modules = sorted(imports.keys() | set().union(*imports.values()))
    place = {module: index for index, module in enumerate(modules)}
    matrix = numpy.zeros((len(modules), len(modules)))
    for module, imported in imports.items():
        for other in imported:
            matrix[place[module], place[other]] = 1
    _, groups = connected_components(csr_array(matrix), connection="strong")
    members = defaultdict(list)
    for module, group in zip(modules, groups, strict=True):
        members[group].append(module)
    return [group for group in members.values() if len(group) > 1]


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_no_import_circle():
    graph = grimp.build_graph("bilstm_tagger", exclude_type_checking_imports=True)
    imports = {
        module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules
    }
    assert circles(imports) == []


def test_a_training_imports_nothing_of_the_server():
    """Its libraries need not be installed, and take time."""
    program = (
        "import sys; from allennlp.common.util import import_module_and_submodules as walk\n"
        "walk('bilstm_tagger'); print('fastapi' in sys.modules)\n"
        "import bilstm_tagger.server.app; print('fastapi' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split()[-2:] == ["False", "True"]
