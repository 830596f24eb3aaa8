"""The command `qa` as a user runs it: in a process of its own."""

import subprocess
import sys


def qa(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it and return its exit code and what it printed."""
    return subprocess.run([sys.executable, "-m", "qa", *words], capture_output=True, text=True, check=False)
