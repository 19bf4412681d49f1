"""Records of many runs of a config, and what they say: tables, reports, tests."""
