"""How much the server takes of a client, and how long it waits."""

from dataclasses import dataclass

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """What a client may ask for. More is answered with an error."""

    body: int = MEBIBYTE  # bytes of a request
    file: int = 32 * MEBIBYTE  # bytes of a file to be tagged
    tokens: int = 20_000  # of a request
    unpacked: int = 256 * MEBIBYTE  # bytes of a file that is packed, when it is not
    block: int = 4 * MEBIBYTE  # bytes of a file that are tagged without a break
    file_tokens: int = 5_000_000  # of a file, which may be packed
    waiting: int = 256  # requests that are tagged, or wait for it, per model
    files: int = 4  # files that are tagged at once
    waiting_files: int = 32  # files that are sent, tagged or wait for it; they are on the disk
    connections: int = 1_000
    header_bytes: int = 65_536
    header_seconds: float = 10  # from the start of a request to the end of its header
    body_seconds: float = 30  # from there to the end of its body
    keep_alive_seconds: int = 30  # between the requests of a connection
    shutdown_seconds: int = 30  # for the requests that were begun, after SIGTERM
