#!/usr/bin/python3
"""Records the connections of scenarios.py, as root, into one capture.

    client (192.0.2.1) --- relay --- tcpdump --- relay --- server (192.0.2.2)

Namespaces, links and processes are gone at the end. Takes about ten seconds.
"""

import concurrent.futures
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from netlab import pair  # noqa: E402
from netlab.namespace import Lab  # noqa: E402
from netlab.recorder import Recorder  # noqa: E402
from netlab.relay import Relay, untag  # noqa: E402
from scenarios import SCENARIOS, Connection  # noqa: E402


def _relay(hosts, near, far):
    before = [rule for scenario in SCENARIOS for rule in scenario.before]
    after = [rule for scenario in SCENARIOS for rule in scenario.after]
    relay = Relay()
    relay.cable(hosts.from_client, near, *before)
    relay.cable(far, hosts.from_server, *after, untag)
    relay.cable(hosts.from_server, far, *before)
    relay.cable(near, hosts.from_client, *after, untag)
    return relay


def _talk(hosts, connections):
    with concurrent.futures.ThreadPoolExecutor(len(SCENARIOS)) as pool:
        runs = {pool.submit(s.run, connections[s.port]): s for s in SCENARIOS}
        for run in concurrent.futures.as_completed(runs, timeout=30):
            print(f"{runs[run].port} {runs[run].run.__name__}", file=sys.stderr)
            run.result()
    with hosts.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"not TCP", (pair.SERVER[socket.AF_INET], 8100))
        time.sleep(0.2)


def _record(lab, path):
    hosts = pair.make(lab)
    near, far = (hosts.middle, "near"), (hosts.middle, "far")
    lab.link(*near, *far)
    connections = {s.port: Connection(hosts.client, hosts.server, s.family, s.port)
                   for s in SCENARIOS}
    with _relay(hosts, near, far):
        for scenario in SCENARIOS:
            if scenario.begins_early:
                connections[scenario.port].open()
        with Recorder(*near, path):
            _talk(hosts, connections)
        # Only now: their last words are not part of the recording.
        for connection in connections.values():
            connection.close()


if __name__ == "__main__":
    with Lab("mosd-record") as lab_:
        _record(lab_, sys.argv[1])
