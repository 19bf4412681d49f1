from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.data.grouping import STEP_COST, group_by_length


@given(st.lists(st.integers(1, 200)))
def test_every_sentence_is_in_one_group(lengths):
    groups = group_by_length(lengths)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    assert all(groups)


@given(st.lists(st.integers(1, 200), min_size=1))
def test_padding_never_costs_more_than_another_group(lengths):
    for group in group_by_length(lengths):
        sizes = [lengths[index] for index in group]
        assert sizes == sorted(sizes, reverse=True)
        assert sum(sizes[0] - size for size in sizes) <= STEP_COST * sizes[-1]


def test_equal_lengths_are_one_group():
    assert group_by_length([7] * 100) == [list(range(100))]


def test_groups_by_hand():
    # 20 and 19 share a group: 1 step of padding is less than the 19 * 8 of a group of its own.
    # 2 would bring it to 1 + 18 > 2 * 8.
    assert STEP_COST == 8
    assert group_by_length([2, 20, 19]) == [[1, 2], [0]]
    assert group_by_length([]) == []
