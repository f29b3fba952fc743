"""Speed beside the obvious script, on this machine: `python -m tests.bench`."""
