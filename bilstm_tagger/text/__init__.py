"""Files, encodings and words, in plain Python."""
