"""What the server counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Counters of one server; they start at 0."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        # Not the one of the process, in which there may be other servers.
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "bilstm_tagger_requests",
            "Requests that were answered.",
            ["path", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "bilstm_tagger_request_seconds",
            "Seconds from the header of a request to the end of its answer.",
            ["path"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.sentences = Counter(
            "bilstm_tagger_sentences", "Sentences that were tagged.", ["model"], registry=registry
        )
        self.tokens = Counter(
            "bilstm_tagger_tokens", "Tokens that were tagged.", ["model"], registry=registry
        )
        self.batches = Histogram(
            "bilstm_tagger_batch_requests",
            "Requests that were tagged together.",
            ["model"],
            buckets=_SIZES,
            registry=registry,
        )
        self.waiting = Gauge(
            "bilstm_tagger_waiting_requests",
            "Requests that are tagged or wait for it.",
            ["model"],
            registry=registry,
        )

    def count_round(self, model: str, requests: int, sentences: int, tokens: int) -> None:
        """Counts what was tagged together."""
        self.batches.labels(model).observe(requests)
        self.sentences.labels(model).inc(sentences)
        self.tokens.labels(model).inc(tokens)

    def text(self) -> bytes:
        """All values, in the format of Prometheus."""
        return generate_latest(self._registry)
