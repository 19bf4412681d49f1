"""Sentences of similar length together."""

from collections.abc import Sequence

# What a step of a recurrent network costs apart from the sentences in it, in sentences: as much as
# so many more would. Measured with 100 units per direction on one core; the exact value matters
# little.
STEP_COST = 8


def group_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Splits sentences into groups that are each padded to the longest of the group: few groups,
    and little padding.

    A group is closed when its padding has cost as much as a group for the next sentence will.

    # Parameters

    lengths : `Sequence[int]`
        The length of each sentence.

    # Returns

    `List[List[int]]`
        The indices of each group, the longest sentences first.
    """
    groups: list[list[int]] = []
    longest = padding = 0
    for index in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        length = lengths[index]
        padding += longest - length
        if not groups or padding > STEP_COST * length:
            groups.append([])
            longest, padding = length, 0
        groups[-1].append(index)
    return groups
