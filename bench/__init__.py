"""Benchmarks: their own command, paired and interleaved against a named peer; never shipped."""
