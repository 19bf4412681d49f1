"""The server: latency, throughput and memory."""
