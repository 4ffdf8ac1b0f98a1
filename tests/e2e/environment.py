"""Where things are: the build under test, the captures, the public captures."""

import atexit
import os
import pathlib
import shutil
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("E2E_BUILD", ROOT / "build")).resolve()
MOSD = BUILD / "mosd"
MOSCTL = BUILD / "mosctl"
CAPTURES = ROOT / "tests" / "captures"
SAMPLE = CAPTURES / "sample.pcap"

# Captures that nobody here wrote; they are not part of the repository.
PUBLIC_CAPTURES = ROOT.parent / "shared" / "pcaps"

# Sanitizers make everything slower; waiting is bounded by this many seconds.
PATIENCE = 60

_work = pathlib.Path(tempfile.mkdtemp(prefix="mosd-e2e-"))
atexit.register(shutil.rmtree, _work, ignore_errors=True)
os.chmod(_work, 0o755)


def temp_dir():
    """A new folder that is gone when the tests end."""
    return pathlib.Path(tempfile.mkdtemp(dir=_work))


def needs_root():
    """For tests that make namespaces or change users."""
    return unittest.skipUnless(os.geteuid() == 0, "needs root")


def needs_program(name):
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")
