"""Many runs of a config: made here, in processes or on a cluster, and searched for settings."""
