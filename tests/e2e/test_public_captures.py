"""Every public capture through mosd: nothing crashes, nothing is lost, and
flows and last frames are those that tshark sees. Run under the sanitizers."""

import concurrent.futures
import os
import unittest

from e2e import capture_file, comparison, tshark_reading
from e2e.daemon import KEEP_ALL, Daemon, counts, run
from e2e.environment import PUBLIC_CAPTURES, needs_program

_INPUT_UNUSABLE = 4
_AT_ONCE = os.cpu_count() or 2


def _check_refused(path):
    """Not Ethernet, or no capture: says so, and exits with its code."""
    done = run("--pcap", path, "--exit-on-eof", "--set", "grpc.listen=",
               "--set", "metrics.listen=")
    if done.returncode != _INPUT_UNUSABLE or path.name not in done.stderr:
        raise AssertionError(f"exit code {done.returncode}:\n{done.stderr}")


def _check_read(path, capture):
    with Daemon("--pcap", path, *KEEP_ALL, grpc_listen=()) as daemon:
        daemon.wait_for_input()
        flows = daemon.list_flows()
        last_packets = daemon.last_packets([flow.flow_id for flow in flows])
    expected_code = _INPUT_UNUSABLE if capture.trouble else 0
    if daemon.exit_code != expected_code:
        raise AssertionError(f"exit code {daemon.exit_code}, {capture.trouble=}:\n{daemon.text}")
    received, accounted, dropped = counts(daemon.summary)
    if received != len(capture.packets) or received != accounted + dropped:
        raise AssertionError(f"{len(capture.packets)} in the file, {received} received, "
                             f"{accounted} accounted, {dropped} dropped")
    segments = tshark_reading.read(path, capture.packets)
    in_flows = comparison.compare(capture.packets, segments, flows, last_packets)
    if in_flows != accounted:
        raise AssertionError(f"tshark accounts {in_flows} to flows, mosd {accounted}")


def _check(path):
    capture = capture_file.read(path)
    if capture.link_type == capture_file.ETHERNET:
        _check_read(path, capture)
    else:
        _check_refused(path)


def _files():
    if not PUBLIC_CAPTURES.is_dir():
        return []
    return sorted(p for p in PUBLIC_CAPTURES.iterdir() if p.name != "MANIFEST.tsv")


@needs_program("tshark")
@unittest.skipUnless(_files(), f"the public captures are not in {PUBLIC_CAPTURES}")
class PublicCaptures(unittest.TestCase):
    """One test a capture; all are run ahead, some at a time."""

    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            cls.outcomes = {path: pool.submit(_check, path) for path in _files()}


def _test_of(path):
    def test(self):
        self.outcomes[path].result()
    test.__doc__ = path.name
    return test


for _path in _files():
    setattr(PublicCaptures, f"test_{_path.name}", _test_of(_path))
if not _files():
    PublicCaptures.test_all = lambda self: None
