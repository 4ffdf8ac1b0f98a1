"""A Python client, made from proto/ by other people's generator, can do all
that mosctl can, gets the same answers, and clear errors."""

import json
import time
import unittest

import grpc
from google.protobuf import json_format

from e2e import comparison, stubs
from e2e.daemon import KEEP_ALL, Daemon, run
from e2e.environment import MOSCTL, PATIENCE, SAMPLE, temp_dir
from e2e.synthetic import many_flows

_F, _FLOWS, _APPLIANCE = stubs.flow, stubs.flows, stubs.appliance


def _reference(**ref):
    return _FLOWS.FlowRef(**ref)


class _WithSample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("--pcap", SAMPLE, *KEEP_ALL, "--workers", "2")
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.wait_until_ready()
        cls.daemon.wait_for_input()

    def flow_of(self, port):
        return self.daemon.list_flows(filter=f"port {port}")[0]

    def get_last(self, side=_F.SIDE_CLIENT, **ref):
        request = _FLOWS.GetLastPktRequest(flow=_reference(**ref), side=side)
        return self.daemon.flows.GetLastPkt(request, timeout=PATIENCE).last_pkt


class Flows(_WithSample):
    def test_list_by_view(self):
        count = {view: len(self.daemon.list_flows(view=view)) for view in
                 (_FLOWS.FLOW_VIEW_LIVE, _FLOWS.FLOW_VIEW_ENDED, _FLOWS.FLOW_VIEW_ALL)}
        self.assertEqual(list(count.values()), [5, 19, 24])

    def test_pages(self):
        whole = sorted(flow.flow_id for flow in self.daemon.list_flows())
        self.assertEqual(len(set(whole)), 24)
        for size in (1, 7, 24, 10_000):
            with self.subTest(size):
                paged = [flow.flow_id for flow in self.daemon.list_flows(page_size=size)]
                self.assertEqual(sorted(paged), whole)

    def test_filters(self):
        for words, ports in {
            "port 8001 or port 8002": {8001, 8002},
            "state=half_open": {8013},
            "end_reason=rst_client": {8008, 8016},
            "midstream=true": {8017},
            "last_speaker=server and state=established": {8012, 8014},
            "dst portrange 8018-8020 and not host 2001:db8::1": {8018, 8020},
            "net 198.51.100.0/24": set(),
        }.items():
            with self.subTest(words):
                found = self.daemon.list_flows(filter=words)
                self.assertEqual({flow.tuple.server.port for flow in found}, ports)

    def test_one_flow(self):
        flow = self.flow_of(8001)
        swapped = _F.FlowTuple(client=flow.tuple.server, server=flow.tuple.client)
        for ref in ({"flow_id": flow.flow_id}, {"tuple": flow.tuple}, {"tuple": swapped}):
            with self.subTest(ref):
                request = _FLOWS.GetFlowRequest(flow=_reference(**ref))
                self.assertEqual(self.daemon.flows.GetFlow(request, timeout=PATIENCE).flow, flow)

    def test_a_tuple_names_the_newest(self):
        flows = sorted(self.daemon.list_flows(filter="port 8016"),
                       key=lambda f: f.start_time.ToNanoseconds())
        request = _FLOWS.GetFlowRequest(flow=_reference(tuple=flows[0].tuple))
        self.assertEqual(self.daemon.flows.GetFlow(request, timeout=PATIENCE).flow, flows[1])

    def test_last_packets(self):
        flow = self.flow_of(8002)
        by_id = self.get_last(_F.SIDE_SERVER, flow_id=flow.flow_id)
        self.assertEqual(self.get_last(_F.SIDE_SERVER, tuple=flow.tuple), by_id)
        self.assertEqual((by_id.flow_id, by_id.side, by_id.tuple),
                         (flow.flow_id, _F.SIDE_SERVER, flow.tuple))
        self.assertEqual(self.daemon.last_packets([flow.flow_id])[flow.flow_id, _F.SIDE_SERVER],
                         by_id)

    def test_a_batch_has_an_outcome_for_each(self):
        flow = self.flow_of(8013)
        requests = [_FLOWS.GetLastPktRequest(flow=_reference(flow_id=flow.flow_id), side=side)
                    for side in (_F.SIDE_CLIENT, _F.SIDE_SERVER)]
        results = self.daemon.flows.BatchGetLastPkt(
            _FLOWS.BatchGetLastPktRequest(requests=requests), timeout=PATIENCE).results
        self.assertEqual([result.WhichOneof("outcome") for result in results],
                         ["last_pkt", "error"])

    def test_watch_begins_with_what_is_live(self):
        stream = self.daemon.flows.WatchFlows(
            _FLOWS.WatchFlowsRequest(include_existing=True), timeout=PATIENCE)
        events = []
        while len(events) < 5:
            events += next(stream).events
        stream.cancel()
        self.assertEqual({event.kind for event in events}, {_FLOWS.FLOW_EVENT_KIND_SNAPSHOT})
        self.assertEqual({event.flow.tuple.server.port for event in events},
                         {8011, 8012, 8013, 8014, 8023})


class Appliance(_WithSample):
    def call(self, method):
        request = getattr(_APPLIANCE, f"{method}Request")()
        return getattr(self.daemon.appliance, method)(request, timeout=PATIENCE)

    def test_info(self):
        info = self.call("GetInfo")
        self.assertTrue(info.version and info.commit and info.boot_epoch and info.node)
        self.assertIn("DPDK 22.11", info.dpdk_version)
        self.assertTrue(info.input_exhausted)

    def test_ports(self):
        port, = self.call("ListPorts").ports
        self.assertEqual(port.device, f"pcap:{SAMPLE}")
        self.assertTrue(port.exhausted)
        self.assertEqual(port.rx_frames, self.call("GetStats").received_frames)

    def test_workers_add_up(self):
        workers, stats = self.call("ListWorkers").workers, self.call("GetStats")
        self.assertEqual(len(workers), 2)
        for worker in workers:
            self.assertEqual(worker.received_frames + worker.handed_in_frames,
                             worker.accounted_frames + worker.handed_out_frames
                             + sum(drop.frames for drop in worker.drops))
        self.assertEqual(sum(worker.accounted_frames for worker in workers),
                         stats.accounted_frames)
        self.assertEqual(sum(w.live_flows for w in workers), 5)

    def test_health(self):
        """By hand: python3-grpcio has no stub for it."""
        channel = grpc.insecure_channel(self.daemon.socket)
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        serving = b"\x08\x01"
        for service in ("", "mos.v1.FlowService", "mos.v1.ApplianceService"):
            with self.subTest(service):
                request = b"\x0a" + bytes([len(service)]) + service.encode()
                self.assertEqual(check(request, timeout=PATIENCE), serving)
        channel.close()

    def test_both_addresses_give_the_same(self):
        channel = grpc.insecure_channel(self.daemon.address())
        over_tcp = stubs.appliance_grpc.ApplianceServiceStub(channel).GetStats(
            _APPLIANCE.GetStatsRequest(), timeout=PATIENCE)
        channel.close()
        self.assertEqual(over_tcp, self.call("GetStats"))


class Mosctl(_WithSample):
    """Its JSON is what the Python client gets."""

    def mosctl(self, *arguments, code=0):
        done = self.daemon.mosctl(*arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def same(self, arguments, message):
        got = json_format.Parse(self.mosctl(*arguments, "-o", "json"), type(message)())
        self.assertEqual(got, message)

    def test_flows(self):
        listed = self.daemon.list_flows()
        got = json_format.Parse(self.mosctl("flows", "list", "--all", "-o", "json"),
                                _FLOWS.ListFlowsResponse())
        self.assertEqual({f.flow_id for f in got.flows}, {f.flow_id for f in listed})
        lines = self.mosctl("flows", "list", "--all", "-o", "jsonl").splitlines()
        self.assertEqual({json.loads(line)["flowId"] for line in lines},
                         {f.flow_id for f in listed})
        flow = listed[0]
        self.same(("flows", "get", flow.flow_id), _FLOWS.GetFlowResponse(flow=flow))

    def test_last_packet(self):
        flow = self.flow_of(8002)
        packet = self.get_last(_F.SIDE_CLIENT, flow_id=flow.flow_id)
        self.same(("lastpkt", "get", flow.flow_id, "--side", "client"),
                  _FLOWS.GetLastPktResponse(last_pkt=packet))
        client, server = (f"[{address}]:{port}" for address, port in
                          map(comparison.endpoint, (flow.tuple.client, flow.tuple.server)))
        self.same(("lastpkt", "get", f"{client}-{server}", "--side", "client"),
                  _FLOWS.GetLastPktResponse(last_pkt=packet))
        self.assertIn("Ethernet", self.mosctl("lastpkt", "get", flow.flow_id))

    def test_raw_is_the_frame(self):
        flow = self.flow_of(8002)
        file = temp_dir() / "frame"
        self.mosctl("lastpkt", "get", flow.flow_id, "--side", "server", "-o", "raw",
                    "--output-file", str(file))
        self.assertEqual(file.read_bytes(),
                         self.get_last(_F.SIDE_SERVER, flow_id=flow.flow_id).frame)

    def test_appliance(self):
        stats = self.daemon.appliance.GetStats(_APPLIANCE.GetStatsRequest(), timeout=PATIENCE)
        self.same(("stats",), stats)
        for command in ("ports", "workers", "info"):
            with self.subTest(command):
                self.assertTrue(json.loads(self.mosctl(command, "-o", "json")))

    def test_exit_codes(self):
        flow = self.flow_of(8013)
        self.mosctl("lastpkt", "get", flow.flow_id, "--side", "server", code=4)
        self.mosctl("flows", "get", "0" * 24, code=4)
        self.mosctl("flows", "get", "no reference", code=2)
        self.mosctl("flows", "list", "--filter", "port and", code=2)
        done = run("--server", "unix:/nonexistent.sock", "stats", program=MOSCTL)
        self.assertEqual(done.returncode, 3, done.stderr)


class Errors(_WithSample):
    def refused(self, call, code, reason):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        info = stubs.error_info(caught.exception)
        self.assertEqual((caught.exception.code(), info.reason), (code, reason),
                         caught.exception.details())
        self.assertEqual(info.domain, "mos.v1")
        return info

    def invalid(self, call, reason="INVALID_ARGUMENT"):
        info = self.refused(call, grpc.StatusCode.INVALID_ARGUMENT, reason)
        self.assertEqual(info.metadata["errno"], "EINVAL")

    def list_one(self, **request):
        return self.daemon.flows.ListFlows(_FLOWS.ListFlowsRequest(page_size=1, **request),
                                           timeout=PATIENCE)

    def test_a_stale_id(self):
        flow_id = self.flow_of(8001).flow_id
        with Daemon("--pcap", SAMPLE, *KEEP_ALL) as other:
            other.wait_for_input()
            others = [flow.flow_id for flow in other.list_flows()]
        changed = flow_id[:-1] + ("0" if flow_id[-1] != "0" else "1")
        for stale in (*others[:3], changed, "0" * 24, "f" * 24):
            with self.subTest(stale):
                info = self.refused(lambda: self.get_last(flow_id=stale),
                                    grpc.StatusCode.NOT_FOUND, "FLOW_NOT_FOUND")
                self.assertEqual(info.metadata["errno"], "EBADF")

    def test_no_frame_of_that_side(self):
        info = self.refused(
            lambda: self.get_last(_F.SIDE_SERVER, flow_id=self.flow_of(8013).flow_id),
            grpc.StatusCode.NOT_FOUND, "NO_FRAME")
        self.assertEqual(info.metadata["errno"], "ENODATA")

    def test_malformed_references(self):
        def end(address, port):
            return _F.Endpoint(address=address, port=port)
        four, six = bytes(4), bytes(16)
        for ref in ({}, {"flow_id": ""}, {"flow_id": "x" * 24}, {"flow_id": "0" * 10_000},
                    {"tuple": _F.FlowTuple()},
                    {"tuple": _F.FlowTuple(client=end(four, 1))},
                    {"tuple": _F.FlowTuple(client=end(bytes(5), 1), server=end(four, 2))},
                    {"tuple": _F.FlowTuple(client=end(four, 1), server=end(six, 2))},
                    {"tuple": _F.FlowTuple(client=end(four, 65536), server=end(four, 2))}):
            with self.subTest(str(ref)[:60]):
                with self.assertRaises(grpc.RpcError) as caught:
                    self.get_last(**ref)
                self.assertIn(stubs.error_info(caught.exception).reason,
                              ("INVALID_ARGUMENT", "FLOW_NOT_FOUND"))

    def test_no_side(self):
        flow_id = self.flow_of(8001).flow_id
        for side in (_F.SIDE_UNSPECIFIED, 7):
            self.invalid(lambda: self.get_last(side, flow_id=flow_id))

    def test_page_tokens(self):
        token = self.list_one(view=_FLOWS.FLOW_VIEW_ALL).next_page_token
        middle = len(token) // 2
        forged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1:]
        for bad in (forged, token[:-1], token * 2, "token", "=" * 1000):
            with self.subTest(bad[:40]):
                self.invalid(lambda: self.list_one(view=_FLOWS.FLOW_VIEW_ALL, page_token=bad),
                             "INVALID_PAGE_TOKEN")
        self.invalid(lambda: self.list_one(view=_FLOWS.FLOW_VIEW_ENDED, page_token=token),
                     "INVALID_PAGE_TOKEN")
        self.invalid(lambda: self.list_one(view=_FLOWS.FLOW_VIEW_ALL, filter="port 1",
                                           page_token=token), "INVALID_PAGE_TOKEN")

    def test_filters(self):
        for words in ("port", "port 70000", "host x and", "state=angry", "(((", "idle>",
                      "not " * 2000 + "port 1", "\x1b[31m"):
            with self.subTest(words[:30]):
                self.invalid(lambda: self.list_one(filter=words), "INVALID_FILTER")

    def test_sizes(self):
        self.assertEqual(len(self.daemon.list_flows(page_size=2**32 - 1)), 24)
        one = _FLOWS.GetLastPktRequest(flow=_reference(flow_id=self.flow_of(8001).flow_id),
                                       side=_F.SIDE_CLIENT)
        for count in (0, 1001):
            with self.subTest(count):
                batch = _FLOWS.BatchGetLastPktRequest(requests=[one] * count)
                self.invalid(lambda: self.daemon.flows.BatchGetLastPkt(batch, timeout=PATIENCE))

    def test_garbage_instead_of_a_message(self):
        channel = grpc.insecure_channel(self.daemon.socket)
        call = channel.unary_unary("/mos.v1.FlowService/GetFlow")
        with self.assertRaises(grpc.RpcError) as caught:
            call(b"\xff" * 100, timeout=PATIENCE)
        self.assertNotEqual(caught.exception.code(), grpc.StatusCode.UNKNOWN)
        channel.close()
        self.daemon.stats()


class SlowWatcher(unittest.TestCase):
    """A client that stops reading costs its queue, and is told what it missed."""

    FLOWS = 20_000

    def test_loses_its_own_events_and_nothing_else(self):
        path = temp_dir() / "many.pcap"
        many_flows(path, self.FLOWS, seconds=3)
        with Daemon("--pcap", path, *KEEP_ALL, "--pace", "timestamps",
                    "--set", "grpc.watch_queue=2048") as daemon:
            request = _FLOWS.WatchFlowsRequest(include_existing=True)
            # gRPC reads ahead for a client that does not read: little, here.
            narrow = grpc.insecure_channel(daemon.socket, options=(
                ("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536)))
            slow = stubs.flows_grpc.FlowServiceStub(narrow).WatchFlows(request, timeout=PATIENCE)
            quick = daemon.flows.WatchFlows(request, timeout=PATIENCE)
            flows, _, _, missed = self.read(quick)
            self.assertEqual((len(flows), missed), (self.FLOWS, 0))
            daemon.wait_for_input()
            daemon.stats()
            time.sleep(0.5)
            # A flow that begins while the snapshot is taken is in it, and is an
            # event as well, read or missed.
            _, events, snapshots, missed = self.read(slow)
            self.assertGreater(missed, 0)
            self.assertLessEqual(events - snapshots + missed, self.FLOWS)
            self.assertEqual(len(daemon.list_flows()), self.FLOWS)
            narrow.close()
        self.assertEqual(daemon.exit_code, 0, daemon.text)

    def read(self, stream):
        """The ids of the flows, and the numbers of events, of snapshots among
        them, and of events missed, until all flows are there or missed."""
        flows, events, snapshots, missed = set(), 0, 0, 0
        for response in stream:
            flows |= {event.flow.flow_id for event in response.events}
            events += len(response.events)
            snapshots += sum(event.kind == _FLOWS.FLOW_EVENT_KIND_SNAPSHOT
                             for event in response.events)
            missed += response.missed_events
            if len(flows) + missed >= self.FLOWS:
                break
        stream.cancel()
        return flows, events, snapshots, missed
