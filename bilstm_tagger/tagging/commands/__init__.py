"""The commands `tag` and `calibration`: options, and what they do."""
