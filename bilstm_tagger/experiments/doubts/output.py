"""A report of doubts as JSON, JSON lines or CSV."""

import csv
import io
from typing import Any

import msgspec

from bilstm_tagger.experiments.doubts.report import Doubt, DoubtReport
from bilstm_tagger.experiments.doubts.terminal import described
from bilstm_tagger.text.errors import UserError

FORMS = (".json", ".jsonl", ".csv")


def check_form(path: str) -> None:
    """Raises `UserError` for a file whose name has another ending than `FORMS`."""
    if not path.lower().endswith(FORMS):
        raise UserError(f"--output-file is {path}; its name must end in {', '.join(FORMS)}")


def doubts_as(path: str, report: DoubtReport) -> bytes:
    """The doubts, in the form that the name of the file has."""
    encode = msgspec.json.encode
    if path.lower().endswith(".jsonl"):
        return b"".join(encode(doubt) + b"\n" for doubt in report.doubts)
    if path.lower().endswith(".json"):
        return encode(report) + b"\n"
    stream = io.StringIO()
    fields = list(Doubt.__struct_fields__)
    if not any(doubt.dataset for doubt in report.doubts):
        fields.remove("dataset")
    writer = csv.DictWriter(stream, fields, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, report.doubts))
    return stream.getvalue().encode()


def _row(doubt: Doubt) -> dict[str, Any]:
    """The fields of a doubt; those that are lists as text for people."""
    return {
        **msgspec.structs.asdict(doubt),
        "tokens": " ".join(doubt.tokens),
        "gold": described(doubt.gold, doubt),
        "suggestion": described(doubt.suggestion, doubt),
    }
