"""The server holds to its own description: what it says it takes, and what it says it gives."""

import pytest

schemathesis = pytest.importorskip("schemathesis")
hypothesis = pytest.importorskip("hypothesis")
