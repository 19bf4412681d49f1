"""Many runs of a config: to make them, to record them, to compare them."""
