#!/usr/bin/python3
"""Records the connections of scenarios.py, as root, into one capture.

    client (192.0.2.1) --- relay --- tcpdump --- relay --- server (192.0.2.2)

Namespaces, links and processes are gone at the end. Takes about ten seconds.
"""

import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from netlab import pair  # noqa: E402
from netlab.namespace import Lab  # noqa: E402
from netlab.recorder import Recorder  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402
from wire import Wire  # noqa: E402


def _say_what_is_no_tcp(hosts):
    with hosts.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"not TCP", (pair.SERVER[socket.AF_INET], 8100))
        time.sleep(0.2)


def _record(lab, path):
    hosts = pair.make(lab)
    wire = Wire(lab, hosts, SCENARIOS)
    with wire.relay:
        wire.begin_early()
        with Recorder(*wire.near, path):
            wire.talk()
            _say_what_is_no_tcp(hosts)
        # Only now: their last words are not part of the recording.
        wire.close()


if __name__ == "__main__":
    with Lab("mosd-record") as lab_:
        _record(lab_, sys.argv[1])
