"""Put the corpora and the word vectors where the configs look for them.

``python scripts/fetch_data.py --from DIR`` links the files of a folder that has them, and
``python scripts/fetch_data.py`` downloads them from their publishers. Both fill the same folder
(``--to``, by default ``data``) under the same names, and leave alone what is there already. A few
files, which some configs need, are linked if the folder has them, and are never downloaded.
"""

import argparse
import filecmp
import gzip
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from data_sources import BY_HAND, CORPORA, VECTORS, Corpus, Vectors
from download import FetchError, obtain
from tqdm import tqdm


def corpus_words(corpora: Sequence[Corpus], to: Path) -> set[bytes]:
    """Return the tokens of `corpora` under `to`, as they are and lower-cased, in UTF-8."""
    words: set[str] = set()
    for corpus in corpora:
        with (to / corpus.path).open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                fields = line.rstrip("\n").split(corpus.separator)
                if len(fields) > corpus.column:  # else a comment or the end of a sentence
                    words |= {fields[corpus.column], fields[corpus.column].lower()}
    return {word.encode() for word in words}


def find_flaw(path: Path, vectors: Vectors) -> str:
    """Return what is wrong with the trimmed file at `path`, or "" if it is whole and in shape."""
    count = 0
    try:
        with gzip.open(path) as lines:
            for count, line in enumerate(lines, start=1):
                if line.count(b" ") != vectors.dimensions:
                    return f"line {count} has not {vectors.dimensions} numbers"
    except (OSError, EOFError, zlib.error) as error:
        return str(error)
    if count < vectors.frequent:
        return f"it has {count} words instead of {vectors.frequent} or more"
    return ""


def trim(archive: Path, vectors: Vectors, words: set[bytes], target: Path) -> None:
    """Write the frequent words of `archive` and those in `words` to `target`, in their order.

    The same input gives the same bytes, and no more than a line is in memory at a time.

    Raises:
        FetchError: the archive is broken or is not the expected one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with (
            zipfile.ZipFile(archive) as files,
            files.open(vectors.member) as lines,
            part.open("wb") as raw,
            # Neither a time nor a name in the header, so that it is the same every time.
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out,
        ):
            for rank, line in enumerate(tqdm(lines, desc="trimming", unit=" words", disable=None)):
                if rank < vectors.frequent or line.partition(b" ")[0] in words:
                    out.write(line)
        if flaw := find_flaw(part, vectors):
            raise FetchError(f"{target} could not be made from {archive}: {flaw}.")
        part.replace(target)
    except (zipfile.BadZipFile, KeyError, zlib.error) as error:
        raise FetchError(f"{target} could not be made from {archive}: {error}.") from error
    finally:
        part.unlink(missing_ok=True)


def fetch_vectors(vectors: Vectors, corpora: Sequence[Corpus], to: Path) -> bool:
    """Make the trimmed vectors from the published archive unless they are there.

    Returns:
        Whether they had to be made.

    Raises:
        FetchError: the archive cannot be had, what is there is wrong, or a corpus is missing.
    """
    target, archive = to / vectors.path, to / vectors.archive
    if target.exists():
        if flaw := find_flaw(target, vectors):
            raise FetchError(f"{target} is not right: {flaw}. Remove it to have it made again.")
        return False
    obtain(vectors.url, archive, vectors.sha256)
    if missing := [str(to / corpus.path) for corpus in corpora if not (to / corpus.path).exists()]:
        raise FetchError(
            f"{target} is not made, as the words of {', '.join(missing)} would be missing in it. "
            f"Get these first and run this again; {archive} is kept till then."
        )
    trim(archive, vectors, corpus_words(corpora, to), target)
    archive.unlink()
    if not any(archive.parent.iterdir()):
        archive.parent.rmdir()
    return True


def fetch_all(to: Path, corpora: Sequence[Corpus] = CORPORA, vectors: Vectors = VECTORS) -> int:
    """Download what is not in `to` yet; a file that fails does not stop the others.

    Returns:
        The exit status: 1 if a file failed, else 0.
    """
    steps: list[tuple[Path, Callable[[], bool]]] = [
        (to / corpus.path, partial(obtain, corpus.url, to / corpus.path, corpus.sha256))
        for corpus in corpora
    ]
    steps.append((to / vectors.path, partial(fetch_vectors, vectors, corpora, to)))
    new, failed = 0, []
    for path, step in steps:
        try:
            fresh = step()
        except (FetchError, OSError) as error:
            failed.append(str(path))
            what = "" if isinstance(error, FetchError) else f"{path}: "
            print(f"error: {what}{error}", file=sys.stderr)
        else:
            new += fresh
            print(f"{path}: {'fetched' if fresh else 'already there'}")
    name_missing(to)
    if failed:
        print(f"error: {len(failed)} of {len(steps)} failed: {', '.join(failed)}", file=sys.stderr)
        return 1
    print(f"{new} fetched." if new else f"Nothing to do: all {len(steps)} files are there.")
    return 0


def name_missing(to: Path) -> None:
    """Print which of the files that are not downloaded are not in `to`, and where to get them."""
    for files in BY_HAND:
        if missing := [str(to / path) for path in files.paths if not (to / path).exists()]:
            print(
                f"{files.name}: {', '.join(missing)} not there, and not downloaded. If you need "
                f"it, take it from {files.page}"
            )


def place(source: Path, target: Path) -> str:
    """Link `target` to `source`, or copy it where links are impossible.

    Returns:
        What was done: "linked", "copied", "already there" or, for another real file, "kept ...".
    """
    if target.exists() and target.samefile(source):
        return "already there"
    if target.is_symlink():
        target.unlink()  # leads elsewhere, or nowhere
    elif target.exists():
        same = filecmp.cmp(source, target, shallow=False)
        return "already there" if same else "kept, though it is not the file of that folder"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source)
    except (OSError, NotImplementedError):
        part = target.with_name(target.name + ".part")
        shutil.copyfile(source, part)
        part.replace(target)
        return "copied"
    return "linked"


def link_all(source: Path, to: Path, paths: Sequence[str]) -> int:
    """Put the files `paths` of the folder `source`, and those of `BY_HAND` that it has, at the same
    places of `to`.

    Returns:
        The exit status, 0.

    Raises:
        FetchError: `source` lacks some of the files; nothing is done then.
    """
    if missing := [path for path in paths if not (source / path).is_file()]:
        raise FetchError(f"{source} lacks {len(missing)} of the files: {', '.join(missing)}")
    by_hand = [path for files in BY_HAND for path in files.paths if (source / path).is_file()]
    paths = [*paths, *by_hand]
    new = 0
    for path in paths:
        done = place((source / path).resolve(), to / path)
        new += done in ("linked", "copied")
        print(f"{to / path}: {done}")
    name_missing(to)
    print(f"{new} new." if new else f"Nothing to do: all {len(paths)} files are there.")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="DIR", help="link the files of this folder"
    )
    parser.add_argument("--to", type=Path, default=Path("data"), help="default: %(default)s")
    options = parser.parse_args(arguments)
    if options.source is None:
        return fetch_all(options.to)
    try:
        paths = [*(corpus.path for corpus in CORPORA), VECTORS.path]
        return link_all(options.source.expanduser(), options.to, paths)
    except (FetchError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
