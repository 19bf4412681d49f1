"""What the network does on a GPU: whether it is right there, where it waits, how fast it is."""
