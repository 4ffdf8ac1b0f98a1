"""Starts mosd and mosctl, and ends them whatever happens."""

import json
import re
import signal
import subprocess
import threading
import time

import grpc

from e2e import stubs
from e2e.environment import MOSCTL, MOSD, PATIENCE, temp_dir

# So that nothing of a capture expires or is evicted, however old it is, and a
# start costs little.
KEEP_ALL = tuple(
    word for setting in (
        "dataplane.timeouts.half_open=24h", "dataplane.timeouts.established=168h",
        "dataplane.timeouts.closing=24h", "dataplane.ended_flows.retention=876000h",
        "dataplane.max_flows=20000", "dataplane.ended_flows.max_count=20000",
        "dataplane.last_frame.snaplen=65535", "dataplane.last_frame.memory=134217728")
    for word in ("--set", setting))


class Failed(AssertionError):
    """mosd did something else than it was expected to do."""


def run(*arguments, prefix=(), program=MOSD, env=None, timeout=PATIENCE / 2):
    """Runs mosd to its end."""
    return subprocess.run((*prefix, program, *map(str, arguments)), capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL, env=env)


class Daemon:
    """A running mosd, on addresses of its own, and clients for it.

    with Daemon("--pcap", path) as daemon:
        daemon.wait_for_input()
        daemon.list_flows()
    """

    def __init__(self, *arguments, prefix=(), grpc_listen=("127.0.0.1:0",),
                 metrics=False, env=None):
        self.folder = temp_dir()
        self.socket = f"unix:{self.folder}/mosd.sock"
        self.log = []
        self.exit_code = None
        self.summary = None
        self._signalled = False
        addresses = [word for address in (self.socket, *grpc_listen)
                     for word in ("--grpc-listen", address)]
        addresses += (("--metrics-listen", "127.0.0.1:0") if metrics
                      else ("--set", "metrics.listen="))
        self._process = subprocess.Popen(
            (*prefix, MOSD, *map(str, arguments), *addresses, "--summary"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=env)
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self._channel = grpc.insecure_channel(
            self.socket, options=(("grpc.max_receive_message_length", -1),))
        self.flows = stubs.flows_grpc.FlowServiceStub(self._channel)
        self.appliance = stubs.appliance_grpc.ApplianceServiceStub(self._channel)

    def _read_log(self):
        for line in self._process.stderr:
            self.log.append(line.rstrip("\n"))

    def __enter__(self):
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def text(self):
        return "\n".join(self.log)

    def wait_until_ready(self):
        """Until it serves; Failed if it ends instead."""
        self.wait_for_log("gRPC on unix:")

    def wait_for_input(self):
        """Until the captures are read and accounted."""
        self._wait(lambda: self.appliance.GetInfo(
            stubs.appliance.GetInfoRequest(), timeout=PATIENCE).input_exhausted,
            "its captures are not read")

    def wait_for_log(self, pattern):
        """The first match in the log."""
        self._wait(lambda: re.search(pattern, self.text), f"no {pattern!r} in its log")
        return re.search(pattern, self.text)

    def _wait(self, condition, complaint):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if self._process.poll() is not None:
                self.stop()
                raise Failed(f"mosd ended with {self.exit_code}:\n{self.text}")
            if time.monotonic() > deadline:
                raise Failed(f"{complaint} after {PATIENCE} s:\n{self.text}")
            time.sleep(0.003)

    def signal(self, number):
        """A first one that ends it; stop() then only waits."""
        self._process.send_signal(number)
        self._signalled = True

    def stop(self):
        """Idempotent; leaves exit_code, summary and log. -9: it had to be killed."""
        if self.exit_code is not None:
            return
        self._channel.close()
        if self._process.poll() is None and not self._signalled:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        out = self._process.stdout.read()
        self.exit_code = self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._process.stderr.close()
        if out:
            self.summary = json.loads(out)

    def address(self, what="gRPC"):
        """The TCP address it says it serves on."""
        return self.wait_for_log(rf"{what} on (127\.0\.0\.1:\d+)").group(1)

    def list_flows(self, **request):
        """All pages; live and ended flows unless told otherwise."""
        request.setdefault("view", stubs.flows.FLOW_VIEW_ALL)
        found, token = [], ""
        while True:
            page = self.flows.ListFlows(
                stubs.flows.ListFlowsRequest(page_token=token, **request), timeout=PATIENCE)
            found += page.flows
            token = page.next_page_token
            if not token:
                return found

    def last_packets(self, flow_ids):
        """{(flow id, side): LastPkt} of what there is."""
        wanted = [stubs.flows.GetLastPktRequest(
            flow=stubs.flows.FlowRef(flow_id=flow_id), side=side)
            for flow_id in flow_ids for side in (stubs.flow.SIDE_CLIENT, stubs.flow.SIDE_SERVER)]
        found = {}
        for start in range(0, len(wanted), 500):
            batch = self.flows.BatchGetLastPkt(
                stubs.flows.BatchGetLastPktRequest(requests=wanted[start:start + 500]),
                timeout=PATIENCE)
            for request, result in zip(wanted[start:start + 500], batch.results, strict=True):
                if result.HasField("last_pkt"):
                    found[request.flow.flow_id, request.side] = result.last_pkt
        return found

    def stats(self):
        return self.appliance.GetStats(stubs.appliance.GetStatsRequest(), timeout=PATIENCE)

    def mosctl(self, *arguments):
        return run("--server", self.socket, *arguments, program=MOSCTL)


def counts(summary):
    """received, accounted, dropped: of the line of JSON that --summary prints."""
    return tuple(int(summary[key]) for key in
                 ("receivedFrames", "accountedFrames", "droppedFrames"))
