"""End-to-end tests: the real daemon on real frames, asked by clients that are
not ours: Python's gRPC, tshark, tcpdump, buf, Prometheus."""
