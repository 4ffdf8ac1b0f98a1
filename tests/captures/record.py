#!/usr/bin/python3
"""Records the connections of scenarios.py, as root, into one capture.

    client (192.0.2.1) --- relay --- tcpdump --- relay --- server (192.0.2.2)

Namespaces, links and processes are gone at the end. Takes about ten seconds.
"""

import concurrent.futures
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from netlab.namespace import Lab  # noqa: E402
from netlab.relay import Relay, untag  # noqa: E402
from scenarios import CLIENT, SCENARIOS, SERVER, Connection  # noqa: E402


def _host(space, interface, mac, addresses):
    space.ip("link", "set", interface, "address", mac)
    space.ip("addr", "add", f"{addresses[socket.AF_INET]}/24", "dev", interface)
    space.ip("addr", "add", f"{addresses[socket.AF_INET6]}/64", "dev", interface, "nodad")


def _untagged(segment):
    return [untag(segment.frame)]


def _relay(client, server, middle):
    before = [rule for scenario in SCENARIOS for rule in scenario.before]
    after = [rule for scenario in SCENARIOS for rule in scenario.after]
    relay = Relay()
    relay.cable((middle, "from-client"), (middle, "tap"), *before)
    relay.cable((middle, "far"), (middle, "from-server"), *after, _untagged)
    relay.cable((middle, "from-server"), (middle, "far"), *before)
    relay.cable((middle, "tap"), (middle, "from-client"), *after, _untagged)
    return relay


def _start_tcpdump(space, path):
    process = subprocess.Popen(
        (*space.prefix(), "tcpdump", "-i", "tap", "-w", path, "-U", "-n",
         "-Z", "root", "--time-stamp-precision=nano", "--immediate-mode"),
        stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "listening on" in line:
            return process
    raise RuntimeError("tcpdump does not start")


def _record(lab, path):
    client, server, middle = (lab.namespace(n) for n in ("client", "server", "middle"))
    lab.link(client, "eth0", middle, "from-client")
    lab.link(middle, "tap", middle, "far")
    lab.link(middle, "from-server", server, "eth0")
    for name in ("from-client", "tap", "far", "from-server"):
        middle.write_sysctl(f"net.ipv6.conf.{name}.disable_ipv6", 1)
    _host(client, "eth0", "02:00:00:00:00:01", CLIENT)
    _host(server, "eth0", "02:00:00:00:00:02", SERVER)

    with _relay(client, server, middle):
        connections = {s.port: Connection(client, server, s.family, s.port)
                       for s in SCENARIOS}
        for scenario in SCENARIOS:
            if scenario.begins_early:
                connections[scenario.port].open()
        tcpdump = _start_tcpdump(middle, path)
        with concurrent.futures.ThreadPoolExecutor(len(SCENARIOS)) as pool:
            runs = {pool.submit(s.run, connections[s.port]): s for s in SCENARIOS}
            for run in concurrent.futures.as_completed(runs, timeout=30):
                print(f"{runs[run].port} {runs[run].run.__name__}", file=sys.stderr)
                run.result()
        datagram = client.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagram.sendto(b"not TCP", (SERVER[socket.AF_INET], 8100))
        time.sleep(0.2)
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.wait(10)
        # Only now: their last words are not part of the recording.
        datagram.close()
        for connection in connections.values():
            connection.close()


if __name__ == "__main__":
    with Lab("mosd-record") as lab_:
        _record(lab_, sys.argv[1])
