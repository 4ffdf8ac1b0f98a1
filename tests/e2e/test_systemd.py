"""mosd.service under a real systemd, in a virtual machine: installed from the package,
watching real traffic, reloaded, stuck and killed by the watchdog, and started with one
thing missing after another."""

import shutil
import unittest

from e2e.authority import Authority
from e2e.debian import make_package
from e2e.environment import needs_program, needs_root, temp_dir
from e2e.virtual_machine import Disk, VirtualMachine

_CONFIGURATION = "/etc/mosd/mosd.yaml"
_DROP_IN = "/etc/systemd/system/mosd.service.d"
_INPUT, _RESOURCES = 4, 5

# Two ends of a connection, in two namespaces.
_NETWORK = ("ip netns add peer && ip link add watched type veth peer name eth0 netns peer && "
            "ip addr add 10.9.0.1/24 dev watched && ip link set watched up && "
            "ip -n peer addr add 10.9.0.2/24 dev eth0 && ip -n peer link set eth0 up")
_ECHO = """use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalAddr => "10.9.0.2", LocalPort => 7777, Listen => 5,
                                     ReuseAddr => 1) or die "listen: $!";
while (my $peer = $listener->accept) { print $peer scalar <$peer>; close $peer }
"""
_ASK = """use IO::Socket::INET;
my $server = IO::Socket::INET->new(PeerAddr => "10.9.0.2:7777") or die "connect: $!";
print $server "who spoke last\\n"; print scalar <$server>;
"""
# Stops one thread (ptrace(2): SEIZE, INTERRUPT), as a callback does that never returns.
_STICK = """my ($thread) = @ARGV;
syscall(101, 0x4206, int $thread, 0, 0) == 0 or die "seize: $!";
syscall(101, 0x4207, int $thread, 0, 0) == 0 or die "interrupt: $!";
1 while waitpid($thread, 0x40000000) > 0;  # __WALL; until it has been killed
"""


@needs_root()
@needs_program("qemu-system-x86_64")
@needs_program("mmdebstrap")
@needs_program("cpack")
class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        disk = Disk()
        shutil.copy(make_package(temp_dir()), disk.root / "tmp" / "mosd.deb")
        disk.install("/tmp/mosd.deb")
        for name, text in (("echo.pl", _ECHO), ("ask.pl", _ASK), ("stick.pl", _STICK)):
            disk.write(f"root/{name}", text)
        certificate, key = Authority(temp_dir()).issue("server")
        shutil.copy(certificate, disk.root / "etc" / "mosd" / "tls.crt")
        shutil.copy(key, disk.root / "etc" / "mosd" / "tls.key")
        (disk.root / "etc/mosd/tls.key").chmod(0o600)
        cls.machine = VirtualMachine(disk)
        cls.addClassCleanup(cls.machine.stop)
        cls.run_there(_NETWORK)
        cls.run_there("ip netns exec peer perl /root/echo.pl >/root/echo.log 2>&1 &")
        cls.run_there(f"cp {_CONFIGURATION} /root/as-installed.yaml")

    @classmethod
    def run_there(cls, command, status=0):
        done, output = cls.machine.run(command)
        if done != status:
            raise AssertionError(f"{command}: {done}\n{output}")
        return output

    def setUp(self):
        self.addCleanup(
            self.run_there,
            f"rm -rf {_DROP_IN}; cp /root/as-installed.yaml {_CONFIGURATION}; "
            "systemctl daemon-reload; systemctl stop mosd; systemctl reset-failed mosd || true")

    def configure(self, yaml="", unit=""):
        """`yaml` goes behind the configuration as installed, but for what it replaces."""
        if yaml:
            self.run_there(f"printf '{yaml}' > {_CONFIGURATION}")
        self.run_there(f"mkdir -p {_DROP_IN} && printf '[Service]\\n{unit}' > {_DROP_IN}/test.conf"
                       " && systemctl daemon-reload")

    def show(self, name):
        return self.run_there(f"systemctl show -P {name} mosd")

    def journal(self):
        return self.run_there("journalctl -q -o cat --no-pager -u mosd "
                              "_SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID mosd)")

    def wait_for(self, command):
        self.run_there(f"for i in $(seq 200); do {command} && break; sleep 0.3; done; {command}")

    def assert_does_not_start(self, status, *messages, yaml="", unit=""):
        self.configure(yaml, "Restart=no\\n" + unit)
        self.run_there("systemctl restart mosd", status=1)
        said = self.journal()
        self.assertEqual(self.show("ActiveState"), "failed", said)
        main, before = self.show("ExecMainStatus"), self.show("ExecStartPre")
        self.assertTrue(main == str(status) or f"status={status} " in before.replace("/", " "),
                        f"{main}; {before}; {said}")
        for message in messages:
            self.assertRegex(said, message)

    def test_as_installed(self):
        self.run_there("systemctl restart mosd")
        self.assertEqual(self.show("ActiveState"), "active")
        self.assertRegex(self.journal(), "nothing is watched")
        process = self.show("MainPID")
        self.assertEqual(self.run_there(f"stat -c %U:%G /proc/{process}"), "mosd:mosd")
        # cap_ipc_lock, cap_net_admin, cap_net_raw, and no way to more.
        status = self.run_there(f"cat /proc/{process}/status")
        for field in ("CapEff", "CapPrm", "CapBnd"):
            self.assertRegex(status, rf"{field}:\t0000000000007000\b")
        self.assertRegex(status, r"NoNewPrivs:\t1")
        self.assertRegex(status, r"Seccomp:\t2")
        # Users of the group may ask, others may not.
        self.run_there("setpriv --reuid=65534 --regid=mosd --clear-groups mosctl info")
        self.run_there("setpriv --reuid=65534 --regid=65534 --clear-groups mosctl info", status=3)
        self.run_there("systemctl stop mosd")
        self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"))

    def test_watches_an_interface(self):
        self.configure("dataplane: {ports: [\"af_packet:watched\"]}\\n")
        self.run_there("systemctl restart mosd")
        self.assertIn("who spoke last", self.run_there("perl /root/ask.pl"))
        self.wait_for("mosctl flows list --all | grep -q 10.9.0.2:7777")
        flow = self.run_there("mosctl flows list --all | awk '/10.9.0.2:7777/ {print $1}'")
        self.assertIn("server", self.run_there(f"mosctl lastpkt get {flow} --side server"))

    def test_reloads(self):
        self.run_there("systemctl restart mosd")
        process = self.show("MainPID")
        self.run_there(f"sed -i 's/level: info/level: warn/' {_CONFIGURATION}")
        self.run_there("systemctl reload mosd")
        self.run_there(f"sed -i 's/level: warn/level: info/' {_CONFIGURATION}")
        self.run_there("systemctl reload mosd")
        self.wait_for("journalctl -q -u mosd | grep -q 'log level read again'")
        # A mistake is named, and mosd does not hear of it.
        self.run_there(f"echo 'nonsense: 1' >> {_CONFIGURATION}")
        self.run_there("systemctl reload mosd", status=1)
        self.assertRegex(self.journal(), rf"{_CONFIGURATION}:\d+:1: nonsense: ")
        self.assertEqual((self.show("ActiveState"), self.show("MainPID")), ("active", process))
        self.run_there("mosctl info")

    def test_a_stuck_worker_is_killed_and_all_begins_anew(self):
        self.configure(unit="WatchdogSec=12\\n")
        self.run_there("systemctl restart mosd")
        process = self.show("MainPID")
        thread = self.run_there(f"grep -l '^mosd-worker' /proc/{process}/task/*/comm | "
                                "head -1 | cut -d/ -f5")
        self.assertRegex(thread, r"^\d+$")
        self.run_there(f"perl /root/stick.pl {thread} >/dev/null 2>&1 &")
        self.wait_for('[ "$(systemctl show -P NRestarts mosd)" = 1 ] && '
                      "systemctl is-active -q mosd")
        self.assertNotEqual(self.show("MainPID"), process)
        self.run_there("mosctl info")
        said = self.run_there("journalctl -q -o cat --no-pager -u mosd | tail -40")
        self.assertRegex(said, "worker 0 has not completed a turn")
        self.assertRegex(said, "Watchdog timeout")

    def test_without_a_capability(self):
        self.assert_does_not_start(
            _INPUT, "af_packet:watched.*CAP_NET_RAW",
            yaml="dataplane: {ports: [\"af_packet:watched\"]}\\n",
            unit="AmbientCapabilities=\\nCapabilityBoundingSet=\\n")

    def test_with_a_port_that_is_taken(self):
        self.run_there("perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalAddr => "
                       "\"127.0.0.1:9464\", Listen => 1) or die; sleep 600' & echo $! > /root/pid")
        self.addCleanup(self.run_there, "kill $(cat /root/pid)")
        self.wait_for("ss -Hltn | grep -q 127.0.0.1:9464")
        self.assert_does_not_start(_RESOURCES, "127.0.0.1:9464.*in use")

    def test_with_a_certificate_that_it_may_not_read(self):
        self.assert_does_not_start(
            _INPUT, "tls.key: the key cannot be opened: Permission denied; give it a group",
            yaml="grpc: {tls: {certificate: /etc/mosd/tls.crt, key: /etc/mosd/tls.key}}\\n")

    def test_with_a_full_disk(self):
        self.run_there("systemctl stop mosd; mount -t tmpfs -o size=4k,nr_inodes=2 full /mnt && "
                       "mkdir /mnt/mosd && chown mosd /mnt/mosd && ! touch /mnt/mosd/file")
        self.addCleanup(self.run_there, "umount /mnt")
        self.assert_does_not_start(
            _RESOURCES, "/mnt/mosd/mosd.sock.*No space left on device",
            yaml="grpc: {listen: [\"unix:/mnt/mosd/mosd.sock\"]}\\n",
            unit="ReadWritePaths=/mnt/mosd\\n")

    def test_huge_pages_that_are_not_there_and_then_are(self):
        demand = "dataplane: {ports: [\"af_packet:watched\"], memory: {hugepages: \"on\"}}\\n"
        self.assert_does_not_start(_RESOURCES, "(?i)huge ?pages", yaml=demand)
        self.run_there("echo MOSD_HUGEPAGES=140 > /etc/default/mosd-hugepages && "
                       "systemctl restart mosd-hugepages")
        self.addCleanup(self.run_there, "systemctl stop mosd mosd-hugepages && "
                        "[ $(cat /proc/sys/vm/nr_hugepages) = 0 ]")
        self.configure(demand)
        self.run_there("systemctl restart mosd")
        free = self.run_there("awk '/HugePages_Free/ {print $2}' /proc/meminfo")
        self.assertLess(int(free), 140)

    def test_is_exposed_to_little(self):
        self.run_there("systemd-analyze security --no-pager --threshold=30 mosd")



if __name__ == "__main__":
    unittest.main()
