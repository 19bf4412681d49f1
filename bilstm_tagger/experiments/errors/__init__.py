"""Where a model is wrong: on which labels, words and sentences."""
