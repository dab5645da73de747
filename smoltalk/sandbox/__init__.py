"""Runs Python that nobody vouches for: its own process, its own limits, no network, and a verdict it cannot write.

`pool.run_python` is the door. `pool` keeps servers (`server`) that start once and fork a child for each program;
the child confines itself (`confine`) before it runs anything (`harness`). docs/sandbox.md says against what.
"""
