"""Download single files: with checksums, further attempts and resumption."""

import hashlib
import sys
import time
from pathlib import Path

import requests
from tqdm import tqdm

ATTEMPTS = 4
PAUSE = 1.0  # seconds before the second attempt, doubled before each further one
TIMEOUT = (15, 60)  # seconds to connect, seconds without a byte
CHUNK = 1 << 13  # bytes; a chunk that is cut is lost, hence no larger


class FetchError(Exception):
    """A file cannot be had; the message says which, why and what to do."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def transfer(url: str, part: Path) -> bool:
    """Download `url` into `part`, going on from the bytes that are there.

    Returns:
        Whether bytes of an earlier transfer are in the file.

    Raises:
        requests.RequestException: the server refuses, is out of reach or stops too early.
    """
    have = part.stat().st_size if part.exists() else 0
    # Compressed on the way, ranges and lengths would not be those of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable and have:
            return True  # nothing is left to get: the checksum tells if that is right
        response.raise_for_status()
        start = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        resumed = response.status_code == requests.codes.partial_content and start
        if not resumed:
            have = 0  # the server ignores ranges and sends the whole
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(
                desc=part.stem,
                total=total,
                initial=have,
                unit="B",
                unit_scale=True,
                disable=None,  # without a terminal
            ) as bar,
        ):
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and part.stat().st_size < total:
        raise requests.ConnectionError(f"the connection ended before byte {total}")
    return resumed


def download(url: str, target: Path, sha256: str) -> None:
    """Download `url` to `target`, which appears only when it is whole and right.

    What came before a failure stays in a ``.part`` file, and the next attempt goes on from it.

    Raises:
        FetchError: all attempts failed, or another file than the known one is at the address.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    why = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            print(f"{target}: attempt {attempt} of {ATTEMPTS} failed", file=sys.stderr)
            time.sleep(PAUSE * 2 ** (attempt - 1))
        try:
            resumed = transfer(url, part)
        except requests.HTTPError as error:
            why = str(error)
            if error.response.status_code < 500 and error.response.status_code not in (408, 429):
                break  # such as 404: asking again does not help
        except requests.RequestException as error:
            why = str(error)
        else:
            actual = file_sha256(part)
            if actual == sha256:
                part.replace(target)
                return
            part.unlink()
            why = f"the SHA-256 of what is there is {actual} instead of {sha256}"
            if not resumed:
                break  # only a leftover of an earlier transfer can be to blame for the mismatch
    raise FetchError(
        f"{target} could not be fetched from {url}: {why}. Download it by hand from there and "
        f"put it at {target}, or use a folder that has the data: make data FROM=DIR."
    )


def obtain(url: str, target: Path, sha256: str) -> bool:
    """Download `url` to `target` unless it is there.

    Returns:
        Whether it had to be downloaded.

    Raises:
        FetchError: it cannot be downloaded, or another file is in its place.
    """
    if not target.exists():
        download(url, target, sha256)
        return True
    if (actual := file_sha256(target)) != sha256:
        # Not overwritten, as it may be somebody's own version.
        raise FetchError(
            f"{target} is there but is not the published file: its SHA-256 is {actual} instead of "
            f"{sha256}. Remove it to have it downloaded from {url}."
        )
    return False
