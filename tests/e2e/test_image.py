"""The container image: what is in it and what is not, and mosd in it, as an unprivileged
user on a read-only root, and on a live interface with three capabilities."""

import base64
import json
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
import unittest

from e2e import capture_file, debian, stubs
from e2e.containers import Container, Store
from e2e.daemon import KEEP_ALL, run
from e2e.environment import CAPTURES, MOSCTL, PATIENCE, ROOT, needs_program, temp_dir
from e2e.sample_stories import STORIES
from netlab import pair
from netlab.namespace import Lab
from netlab.recorder import Recorder

sys.path.insert(0, str(CAPTURES))

import scenarios  # noqa: E402

_IMAGE = "localhost/mosd"
_USER = 65532
# It has 43 MB. What goes beyond this is a library that mosd does not need, as there are in
# the packages of those that it needs; a Debian without mosd has 180 MB.
_MOST_BYTES = 48_000_000
_ALONE = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
_AF_PACKET = ("--cap-add=NET_RAW", "--cap-add=NET_ADMIN", "--cap-add=IPC_LOCK")
_AF_XDP = (*_AF_PACKET, "--cap-add=BPF", "--cap-add=SYS_ADMIN")
_INPUT, _CONFIGURATION = 4, 3
_PORT = 8023

_store = None


def setUpModule():
    global _store
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")
    for program in ("podman", "runc", "mmdebstrap", "cpack", "nsenter", "curl"):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"{program} is not installed")
    base = debian.tarball()
    _store = Store()
    unittest.addModuleCleanup(_store.close)
    _store.get("import", "--quiet", base, "localhost/debian", patience=debian.DOWNLOAD_PATIENCE)
    trial = _store.run("--network=none", "localhost/debian", "true")
    if trial.returncode != 0:
        why = " ".join(trial.stderr.split())[-300:]
        raise unittest.SkipTest(f"no container runs here: {why}")
    _build()


def _build():
    """From the package of the build under test, which has to be in the context."""
    package = ROOT / "build" / f"of-test-{os.getpid()}.deb"
    package.parent.mkdir(exist_ok=True)
    shutil.copy(debian.make_package(temp_dir()), package)
    try:
        done = _store.call(ROOT / "deploy/image/build.sh", "--tag", _IMAGE, "--layers=false",
                           "--pull=never", "--build-arg=BASE=localhost/debian",
                           f"--build-arg=PACKAGE=build/{package.name}",
                           patience=debian.DOWNLOAD_PATIENCE)
    finally:
        package.unlink()
    if done.returncode != 0:
        raise AssertionError(f"build.sh: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _runtime_dir():
    """Of the host, to be /run/mosd for any user of a container."""
    folder = temp_dir()
    folder.chmod(0o777)
    return folder


def _ask(runtime_dir, *arguments):
    """By the mosctl of the host."""
    done = run("--server", f"unix:{runtime_dir}/mosd.sock", *arguments, program=MOSCTL)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def _wait(condition):
    """Until it holds, or for long enough."""
    deadline = time.monotonic() + PATIENCE / 2
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(_store.get("image", "mount", _IMAGE))
        # Path in the image → what lstat(2) says.
        cls.files = {f"/{path.relative_to(cls.root)}": path.lstat()
                     for path in cls.root.rglob("*")}

    def regular(self):
        return {path: status for path, status in self.files.items()
                if stat.S_ISREG(status.st_mode)}

    def test_configuration(self):
        config = _store.inspect(_IMAGE)["Config"]
        self.assertEqual(config["User"], f"{_USER}:{_USER}")
        self.assertEqual(config["Entrypoint"], ["/usr/bin/mosd"])
        self.assertIn("MOSD_CONFIG=/etc/mosd/mosd.yaml", config["Env"])
        self.assertEqual(list(config["ExposedPorts"]), ["9464/tcp"])
        self.assertEqual(config["StopSignal"], "SIGTERM")
        self.assertNotIn("Volumes", config)

    def test_version_and_commit_are_those_of_the_tree(self):
        version = re.search(r"project\(mosd VERSION ([\d.]+)",
                            (ROOT / "CMakeLists.txt").read_text()).group(1)
        commit = subprocess.run(("git", "rev-parse", "--short=12", "HEAD"), cwd=ROOT,
                                capture_output=True, text=True).stdout.strip() or "unknown"
        labels = _store.inspect(_IMAGE)["Config"]["Labels"]
        self.assertEqual((labels["org.opencontainers.image.version"],
                          labels["org.opencontainers.image.revision"]), (version, commit))
        for program in ("mosd", "mosctl"):
            done = _store.run(*_ALONE, "--network=none", f"--entrypoint=/usr/bin/{program}", _IMAGE,
                              "--version")
            self.assertEqual(done.stdout.strip(), f"{program} {version} ({commit})",
                             "a build folder of another commit? configure it again")

    def test_there_are_two_programs_and_so_no_shell(self):
        programs = [path for path, status in self.regular().items()
                    if status.st_mode & 0o111 and not re.search(r"\.so[.\d]*$|\.o$", path)]
        self.assertEqual(sorted(programs), ["/usr/bin/mosctl", "/usr/bin/mosd"])

    def test_nothing_has_privileges_of_its_own(self):
        for path, status in self.files.items():
            self.assertFalse(status.st_mode & (stat.S_ISUID | stat.S_ISGID), path)
            self.assertNotIn("security.capability",
                             os.listxattr(f"{self.root}{path}", follow_symlinks=False), path)

    def test_its_user_can_write_to_one_place(self):
        def writable(status):
            return (status.st_mode & 0o002 or status.st_uid == _USER or status.st_gid == _USER)
        self.assertEqual([path for path, status in self.files.items()
                          if not stat.S_ISLNK(status.st_mode) and writable(status)],
                         ["/run/mosd"])

    def test_it_is_small(self):
        self.assertLess(sum(status.st_size for status in self.regular().values()), _MOST_BYTES)

    @needs_program("readelf")
    def test_every_library_that_is_needed_is_there(self):
        objects = [path for path in self.regular()
                   if (self.root / path[1:]).open("rb").read(4) == b"\x7fELF"
                   and not path.endswith(".o")]
        # Where the loader looks: links of the image are absolute, or beside their target.
        places = {str(pathlib.PurePath(path).parent) for path in objects} - {"/usr/bin"}
        found = {pathlib.PurePath(path).name for path in self.files
                 if str(pathlib.PurePath(path).parent) in places
                 and os.path.exists(f"{self.root}{path}")}
        read = subprocess.run(("readelf", "--dynamic", "--program-headers",
                               *(f"{self.root}{path}" for path in objects)),
                              capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", read))
        self.assertGreater(len(needed), 50)
        self.assertEqual(needed - found, set())
        for loader in set(re.findall(r"interpreter: (/.*)\]", read)):
            self.assertTrue(self.resolve(loader).is_file(), loader)

    def resolve(self, path):
        """Follows links as they are followed inside."""
        at = self.root
        for part in pathlib.PurePath(path).parts[1:]:
            at = at / part
            while at.is_symlink():
                target = os.readlink(at)
                at = self.resolve(target) if target[0] == "/" else at.parent / target
        return at

    def test_every_package_has_its_copyright(self):
        packages = {path.name for path in (self.root / "var/lib/dpkg/status.d").iterdir()}
        self.assertLessEqual({"mosd", "libc6", "libgrpc++1.51", "librte-eal23", "libxdp1"},
                             packages)
        licensed = {path.parent.name for path in
                    (self.root / "usr/share/doc").glob("*/copyright")}
        self.assertEqual(packages - licensed, {"mosd"})


class Unprivileged(unittest.TestCase):
    """Without any capability, as a user that the image does not know, without a network,
    and with nothing to write to but the folder of the socket."""

    def start(self, folder, *arguments):
        container = Container(_store, _IMAGE, (
            *_ALONE, "--user=65534", "--network=none", "--read-only-tmpfs=false", folder,
            f"--volume={CAPTURES}:/captures:ro"), arguments)
        self.addCleanup(container.remove)
        container.wait_for("/readyz")
        return container

    def stop(self, container):
        self.assertEqual(container.end(), 0)
        self.assertIn("stopping: SIGTERM", container.text)
        self.assertNotRegex(container.text, "error|EAL")

    def test_a_capture(self):
        runtime = _runtime_dir()
        container = self.start(f"--volume={runtime}:/run/mosd",
                               "--pcap", "/captures/sample.pcap", *KEEP_ALL)
        _wait(lambda: json.loads(_ask(runtime, "info", "-o", "json"))["inputExhausted"])
        listed = _ask(runtime, "flows", "list", "--all", "-o", "jsonl")
        flows = {}
        for flow in sorted(map(json.loads, listed.splitlines()), key=lambda f: f["startTime"]):
            flows.setdefault(flow["tuple"]["server"]["port"], []).append(
                (stubs.flow.EndReason.Value(flow["endReason"]),
                 stubs.flow.FlowState.Value(flow["state"])))
        self.assertEqual(flows, STORIES)
        inside = container.execute("/usr/bin/mosctl", "flows", "list", "--all", "-o", "jsonl")
        self.assertEqual(inside.splitlines(), listed.splitlines())
        self.stop(container)

    def test_devices(self):
        container = self.start("--tmpfs=/run/mosd", "--port", "null:",
                               "--port", "memif:/run/mosd/memif.sock")
        ports = json.loads(container.execute("/usr/bin/mosctl", "ports", "-o", "json"))["ports"]
        self.assertEqual([port["driver"] for port in ports], ["net_null", "net_memif"])
        self.stop(container)


def _last_frame(path, port_at):
    """With the server's port there: at 34 it comes from the server, at 36 it goes there
    (Ethernet and IPv4 without options)."""
    return [packet.data for packet in capture_file.read(path).packets
            if packet.data[12:14] == b"\x08\x00" and packet.data[23] == socket.IPPROTO_TCP
            and packet.data[port_at:port_at + 2] == _PORT.to_bytes(2, "big")][-1]


def _value(metrics, name):
    return dict(line.rsplit(" ", 1) for line in metrics.splitlines())[name]


class Live(unittest.TestCase):
    """A client and a server, and mosd in a container on the server's interface."""

    def setUp(self):
        self.lab = Lab("mosd-image")
        self.addCleanup(self.lab.__exit__)
        self.hosts = pair.make(self.lab)
        self.network = f"--network=ns:/run/netns/{self.hosts.server.name}"
        self.runtime = _runtime_dir()

    def start(self, *options_and_device):
        *options, device = options_and_device
        container = Container(_store, _IMAGE, (
            *_ALONE, self.network, f"--volume={self.runtime}:/run/mosd", *options),
            ("--port", device))
        self.addCleanup(container.remove)
        container.wait_for("/readyz")
        return container

    def ask(self, *arguments):
        return json.loads(_ask(self.runtime, *arguments, "-o", "json"))

    def last_frames(self):
        """Of the one flow that is there, the client's and the server's."""
        flows = self.ask("flows", "list")["flows"]
        if [flow["state"] for flow in flows] != ["FLOW_STATE_ESTABLISHED"]:
            return flows
        results = self.ask("lastpkt", "get", flows[0]["flowId"])["results"]
        return [base64.b64decode(result["lastPkt"]["frame"]) for result in results
                if "lastPkt" in result]

    def watch(self):
        """Compares with what tcpdump sees at the same place, while their connection
        stands; then a scrape from the other host, which is a connection, too."""
        relay = self.hosts.relay()
        recorded = temp_dir() / "recorded.pcap"
        connection = scenarios.Connection(self.hosts.client, self.hosts.server,
                                          socket.AF_INET, _PORT)
        self.addCleanup(connection.close)
        with relay:
            with Recorder(self.hosts.server, "eth0", recorded):
                scenarios.idle(connection)
            frames = [_last_frame(recorded, 36), _last_frame(recorded, 34)]
            _wait(lambda: self.last_frames() == frames)
            self.assertEqual(self.last_frames(), frames)
            metrics = self.hosts.client.run(
                "curl", "--silent", "--fail", "--max-time", "10",
                f"http://{pair.SERVER[socket.AF_INET]}:9464/metrics")
        # The scrape's own is counted, or not yet.
        self.assertIn(_value(metrics, 'mosd_flows{worker="0",state="established"}'), "12")
        self.assertEqual(_value(metrics, 'mosd_port_up{port="af_packet:eth0"}'), "1")

    def check(self, *options):
        container = self.start(*options, *_AF_PACKET, "af_packet:eth0")
        self.watch()
        self.assertEqual(container.end(), 0, container.text)

    def test_as_root_without_anything_else(self):
        """As engines do it that give no ambient capabilities."""
        self.check("--user=0")

    def test_as_its_own_user(self):
        """podman gives added capabilities to a user that is not root."""
        self.check()

    def test_other_devices_open(self):
        for device, *options in (("af_xdp:eth0", *_AF_XDP),
                                 ("tap:mosd0", "--cap-add=NET_ADMIN", "--device=/dev/net/tun")):
            with self.subTest(device):
                container = self.start("--user=0", *options, device)
                self.assertEqual([port["device"] for port in self.ask("ports")["ports"]],
                                 [device])
                self.assertEqual(container.end(), 0, container.text)


class BadInput(unittest.TestCase):
    def assert_ends(self, code, pattern, *options, arguments=()):
        done = _store.run(*_ALONE, "--network=none", *options, _IMAGE, *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, pattern)

    def test_a_missing_capability(self):
        self.assert_ends(_INPUT, "af_packet:lo: .*needs CAP_NET_RAW",
                         arguments=("--port", "af_packet:lo"))

    def test_a_configuration_that_cannot_be_read(self):
        secret = temp_dir() / "mosd.yaml"
        secret.write_text("log: {level: info}\n")
        secret.chmod(0o600)
        self.assert_ends(_CONFIGURATION, "/etc/mosd/mosd.yaml.*(?i:permission denied)",
                         f"--volume={secret}:/etc/mosd/mosd.yaml:ro")

    def test_nowhere_to_put_the_socket(self):
        self.assert_ends(_INPUT, "unix:/run/mosd/mosd.sock.*Read-only file system.*"
                         "mount a tmpfs there", "--read-only-tmpfs=false",
                         arguments=("--port", "null:"))

    def test_a_ring_is_of_a_program(self):
        self.assert_ends(_INPUT, "ring:x: there is no such ring", arguments=("--port", "ring:x"))


if __name__ == "__main__":
    unittest.main()
