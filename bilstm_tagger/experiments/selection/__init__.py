"""What to label next: the sentences of a pool that a model would learn most from."""
