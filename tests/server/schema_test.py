"""The server holds to its own description: what it says it takes, and what it says it gives."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("token", [None, "secret"])
def test_nothing_that_is_generated_from_the_description_breaks_it(serve, taggers, token, tmp_path):
    """Valid and invalid requests, and the answers to them, by schemathesis."""
    server = serve(taggers={"english": taggers["english"]}, token=token)
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "run", f"{server.address}/openapi.json", "-n", "25", "--seed", "3"]
    if token is not None:
        command += ["-H", f"Authorization: Bearer {token}"]
    # No description says which bytes are a file that can be read.
    for_files = ["--include-path", "/files", "--exclude-checks", "positive_data_acceptance"]
    for more in (["--exclude-path", "/files"], for_files):
        done = subprocess.run([*command, *more], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
    server.client.headers["authorization"] = f"Bearer {token}"
    server.tag(text="Ada left.")
