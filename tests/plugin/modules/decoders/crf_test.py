import itertools

import torch
from allennlp.data import Vocabulary

from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.modules.decoders import CRFDecoder
from bilstm_tagger.text.encodings import get_encoding

LABELS = ["O", "B-NP", "I-NP", "B-VP", "I-VP"]
MASK = torch.tensor([[True, True, True], [True, True, False]])


def make(**settings) -> CRFDecoder:
    counts = {label: 9 - i for i, label in enumerate(LABELS)}
    vocab = Vocabulary({"chunk_labels": counts})
    decoder = CRFDecoder(vocab=vocab, task="chunk", input_sizes=[3, 4], **settings)
    with torch.no_grad():
        decoder.crf.start_scores.normal_()
        decoder.crf.end_scores.normal_()
    return decoder


def negative_log_likelihood(decoder: CRFDecoder, emissions: torch.Tensor, tags: list[int]):
    """Of one sentence, by enumeration of all paths."""
    crf = decoder.crf

    def score(path):
        steps = sum(emissions[i, tag] for i, tag in enumerate(path))
        moves = sum(crf.transitions[a, b] for a, b in itertools.pairwise(path))
        return crf.start_scores[path[0]] + steps + moves + crf.end_scores[path[-1]]

    paths = itertools.product(range(len(LABELS)), repeat=len(tags))
    return torch.stack([score(path) for path in paths]).logsumexp(0) - score(tags)


def test_loss_is_the_mean_over_sentences():
    decoder = make()
    emissions = torch.randn(2, 3, 5)
    gold = torch.tensor([[1, 2, 0], [3, 0, 1]])
    each = [negative_log_likelihood(decoder, emissions[i], gold[i].tolist()) for i in range(2)]
    torch.testing.assert_close(decoder.loss(emissions, gold), (each[0] + each[1]) / 2)


def test_loss_leaves_out_padding():
    decoder = make()
    emissions = torch.randn(2, 3, 5)
    gold = torch.tensor([[1, 2, 0], [3, 0, UNKNOWN_LABEL]])  # padding of the labels
    first = negative_log_likelihood(decoder, emissions[0], [1, 2, 0])
    second = negative_log_likelihood(decoder, emissions[1], [3, 0])
    torch.testing.assert_close(decoder.loss(emissions, gold, MASK), (first + second) / 2)


def test_sentence_with_an_unknown_label_has_no_loss():
    decoder = make()
    emissions = torch.randn(2, 3, 5, requires_grad=True)
    gold = torch.tensor([[1, UNKNOWN_LABEL, 0], [3, 0, UNKNOWN_LABEL]])
    loss = decoder.loss(emissions, gold, MASK)
    torch.testing.assert_close(loss, negative_log_likelihood(decoder, emissions[1], [3, 0]))
    loss.backward()
    assert not emissions.grad[0].any()
    assert emissions.grad[1].any()


def test_nothing_known_is_no_loss():
    decoder = make()
    loss = decoder.loss(torch.randn(2, 3, 5), torch.full((2, 3), UNKNOWN_LABEL))
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert not decoder.crf.transitions.grad.any()


def test_decodes_the_best_path():
    decoder = make()
    emissions = torch.randn(1, 3, 5)
    paths = list(itertools.product(range(5), repeat=3))
    losses = [negative_log_likelihood(decoder, emissions[0], path) for path in paths]
    best = paths[int(torch.stack(losses).argmin())]
    assert decoder.decode(emissions)[0].tolist() == list(best)


def test_padding_does_not_change_the_path():
    decoder = make()
    emissions = torch.randn(2, 3, 5)
    padded = decoder.decode(emissions, MASK)
    assert padded.shape == (2, 3)
    assert padded[1, :2].tolist() == decoder.decode(emissions[1:, :2])[0].tolist()


def test_constrained_decoding_stays_in_the_encoding():
    decoder = make(encoding="BIO", constrained=True)
    emissions = 3 * torch.randn(200, 6, 5)
    encoding = get_encoding("BIO")

    def violations(tag_ids: torch.Tensor) -> int:
        rows = [[LABELS[tag] for tag in row] for row in tag_ids.tolist()]
        return sum(encoding.first_violation(row) is not None for row in rows)

    assert violations(decoder.decode(emissions)) == 0
    free = make(encoding="BIO")
    free.load_state_dict(decoder.state_dict())
    assert violations(free.decode(emissions)) > 100


def test_training_is_not_constrained():
    """Files may hold tags outside of the encoding, and a loss is finite for them, too."""
    decoder = make(encoding="BIO", constrained=True)
    emissions = torch.randn(1, 3, 5)
    loss = decoder.loss(emissions, torch.tensor([[2, 4, 0]]))  # I-NP I-VP O
    torch.testing.assert_close(loss, negative_log_likelihood(decoder, emissions[0], [2, 4, 0]))
