"""The Debian package: what is in it, what its units may do, and its life in a
Debian that has seen nothing of the project: installed, run as its user, upgraded,
removed, purged."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from e2e import debian
from e2e.environment import MOSD, PATIENCE, ROOT, SAMPLE, needs_program, needs_root, temp_dir

_SYSTEMD = ROOT / "deploy" / "systemd"
_CONFIGURATION = "etc/mosd/mosd.yaml"


def _run(*command, patience=PATIENCE, **options):
    return subprocess.run(tuple(map(str, command)), capture_output=True, text=True,
                          timeout=patience, stdin=subprocess.DEVNULL, check=False, **options)


@needs_program("cpack")
@needs_program("dpkg-deb")
class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.package = debian.make_package(temp_dir(), "1.2.3")
        cls.tree = temp_dir()
        subprocess.run(("dpkg-deb", "-x", cls.package, cls.tree), check=True)

    def test_has_what_an_operator_and_an_author_want(self):
        for path in ("usr/bin/mosd", "usr/bin/mosctl", "usr/lib/libmos.so.0",
                     "usr/include/mos/mos_api.h", "usr/lib/pkgconfig/mos.pc",
                     "usr/share/man/man8/mosd.8", "usr/share/man/man1/mosctl.1",
                     "usr/share/man/man3/mtcp_getlastpkt.3",
                     "usr/share/doc/mosd/OPERATIONS.md",
                     "usr/share/bash-completion/completions/mosctl",
                     "usr/share/zsh/vendor-completions/_mosctl",
                     "usr/share/fish/vendor_completions.d/mosctl.fish",
                     "usr/lib/systemd/system/mosd.service",
                     "usr/lib/systemd/system/mosd-hugepages.service",
                     "usr/lib/mosd/mosd-hugepages", "usr/share/mosd/systemd/af_xdp.conf",
                     "usr/share/mosd/prometheus/prometheus.yml",
                     "usr/share/mosd/prometheus/mosd-rules.yaml",
                     "usr/share/mosd/prometheus/runbook.md",
                     "usr/share/mosd/prometheus/README.md", "usr/share/doc/mosd/README.md",
                     "usr/share/mosd/grafana/mosd.json",
                     "etc/default/mosd-hugepages", _CONFIGURATION):
            self.assertTrue((self.tree / path).exists(), path)

    def test_knows_what_it_depends_on(self):
        depends = _run("dpkg-deb", "-f", self.package, "Depends").stdout
        for name in ("libgrpc++1.51", "librte-eal23", "librte-net-af-packet23",
                     "librte-mempool-ring23"):
            self.assertIn(name, depends)

    def test_configuration_is_the_administrators(self):
        conffiles = _run("dpkg-deb", "-I", self.package, "conffiles").stdout.split()
        self.assertEqual(sorted(conffiles), sorted(
            f"/{path.relative_to(self.tree)}" for path in (self.tree / "etc").rglob("*")
            if path.is_file()))

    def test_is_stripped(self):
        with (self.tree / "usr/bin/mosd").open("rb") as program:
            self.assertNotIn(b".debug_info", program.read())

    @needs_program("groff")
    def test_pages_format_without_a_warning(self):
        for page in ("man8/mosd.8", "man1/mosctl.1"):
            done = _run("groff", "-Tutf8", "-man", "-ww", "-z", self.tree / "usr/share/man" / page)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)


@needs_program("systemd-analyze")
class Units(unittest.TestCase):
    def units(self, drop_in=None):
        """The folder with the units as they are installed."""
        folder = temp_dir()
        for unit in _SYSTEMD.glob("*.service"):
            shutil.copy(unit, folder)
        if drop_in is not None:
            (folder / "mosd.service.d").mkdir()
            shutil.copy(drop_in, folder / "mosd.service.d")
        return folder

    def check(self, folder, unit, most):
        done = _run("systemd-analyze", "security", "--offline=true", f"--threshold={most}",
                    "--no-pager", unit, cwd=folder,
                    env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Overall exposure level", done.stdout)

    def test_are_exposed_to_little(self):
        for unit in ("mosd.service", "mosd-hugepages.service"):
            folder = self.units()
            self.check(folder, folder / unit, 30)

    def test_have_no_key_that_systemd_does_not_know(self):
        drop_ins = sorted((_SYSTEMD / "devices").glob("*.conf"))
        self.assertGreaterEqual(len(drop_ins), 4)
        for drop_in in (None, *drop_ins):
            folder = self.units(drop_in)
            done = _run("systemd-analyze", "verify", "--man=no", folder / "mosd.service",
                        folder / "mosd-hugepages.service",
                        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"})
            complaints = [line for line in done.stderr.splitlines()
                          if "is not executable" not in line and "mosd" in line]
            self.assertEqual(complaints, [], drop_in)

    def test_mosd_runs_where_no_memory_is_written_and_executed(self):
        # PR_SET_MDWE (prctl(2), Linux 6.3) is MemoryDenyWriteExecute= of the kernel.
        program = ("import ctypes, os, sys\n"
                   "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0: sys.exit(77)\n"
                   "os.execv(sys.argv[1], sys.argv[1:])\n")
        done = _run(sys.executable, "-c", program, MOSD, "--pcap", SAMPLE, "--exit-on-eof",
                    "--summary", "--set", "grpc.listen=", "--set", "metrics.listen=")
        if done.returncode == 77:
            self.skipTest("this kernel has no PR_SET_MDWE")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(int(json.loads(done.stdout)["accountedFrames"]), 0)

    def test_a_misspelt_key_is_found(self):
        folder = self.units()
        unit = folder / "mosd.service"
        unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchDogSecs="))
        done = _run("systemd-analyze", "verify", "--man=no", unit,
                    env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"})
        self.assertIn("WatchDogSecs", done.stderr)


class Hugepages(unittest.TestCase):
    """The script, on files that stand for the kernel's."""

    def setUp(self):
        self.sysfs = temp_dir()
        self.pool = self.sysfs / "kernel/mm/hugepages/hugepages-2048kB"
        self.pool.mkdir(parents=True)
        self.set("nr_hugepages", 3)
        self.set("free_hugepages", 3)
        self.state = self.sysfs / "run" / "added"

    def set(self, name, value):
        (self.pool / name).write_text(f"{value}\n")

    def pages(self):
        return int((self.pool / "nr_hugepages").read_text())

    def script(self, action, **settings):
        return _run(_SYSTEMD / "mosd-hugepages", *action.split(),
                    env={"PATH": os.environ["PATH"], "MOSD_HUGEPAGE_SYSFS": str(self.sysfs),
                         "MOSD_HUGEPAGE_STATE": str(self.state),
                         **{name: str(value) for name, value in settings.items()}})

    def test_reserves_once_and_gives_back_what_it_added(self):
        for _ in range(2):
            done = self.script("reserve", MOSD_HUGEPAGES=8)
            self.assertEqual((done.returncode, done.stderr, self.pages()), (0, "", 8))
        self.set("free_hugepages", 8)
        for _ in range(2):
            done = self.script("release", MOSD_HUGEPAGES=8)
            self.assertEqual((done.returncode, done.stderr, self.pages()), (0, "", 3))
        self.assertFalse(self.state.exists())

    def test_leaves_alone_what_is_enough(self):
        self.assertEqual(self.script("reserve", MOSD_HUGEPAGES=2).returncode, 0)
        self.assertEqual(self.pages(), 3)
        self.assertEqual(self.script("release", MOSD_HUGEPAGES=2).returncode, 0)
        self.assertEqual(self.pages(), 3)

    def test_does_nothing_unless_told_to(self):
        done = self.script("reserve")
        self.assertEqual((done.returncode, self.pages()), (0, 3))
        self.assertIn("nothing to do", done.stderr)

    def test_leaves_pages_in_use(self):
        self.script("reserve", MOSD_HUGEPAGES=8)
        self.set("free_hugepages", 4)
        done = self.script("release", MOSD_HUGEPAGES=8)
        self.assertEqual((done.returncode, self.pages()), (1, 4))
        self.assertIn("1 of 5 pages are in use", done.stderr)
        self.set("free_hugepages", 4)
        self.assertEqual(self.script("release", MOSD_HUGEPAGES=8).returncode, 0)
        self.assertEqual(self.pages(), 3)

    def test_says_what_is_wrong(self):
        for settings, text in (({"MOSD_HUGEPAGES": "many"}, 'must be a number, not "many"'),
                               ({"MOSD_HUGEPAGES": 1, "MOSD_HUGEPAGE_KB": 4}, "2048 KiB"),
                               ({"MOSD_HUGEPAGES": 1, "MOSD_HUGEPAGE_NODE": 7}, "on node 7")):
            done = self.script("reserve", **settings)
            self.assertEqual(done.returncode, 1, settings)
            self.assertIn(text, done.stderr)
        for action in ("", "take", "reserve all"):
            done = self.script(action)
            self.assertEqual(done.returncode, 2, action)
            self.assertIn("usage:", done.stderr)


@needs_root()
@needs_program("mmdebstrap")
@needs_program("cpack")
class Life(unittest.TestCase):
    """In a root of its own, where nothing but Debian is."""

    @classmethod
    def setUpClass(cls):
        cls.root = temp_dir() / "root"
        debian.unpack(cls.root)
        folder = temp_dir()
        for name, version in (("old", "1.0.0"), ("new", "1.0.1")):
            shutil.copy(debian.make_package(folder, version), cls.root / "tmp" / f"{name}.deb")
        shutil.copy(SAMPLE, cls.root / "tmp" / "sample.pcap")
        try:
            cls.inside("apt-get", "update", "-o", "APT::Update::Error-Mode=any")
        except AssertionError as error:
            raise unittest.SkipTest(f"no Debian to install it from: {error}") from error

    @classmethod
    def inside(cls, *command, status=0):
        done = _run("chroot", cls.root, *command, patience=debian.DOWNLOAD_PATIENCE,
                    env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                         "DEBIAN_FRONTEND": "noninteractive", **debian.PROXIES})
        if done.returncode != status:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @classmethod
    def apt(cls, *arguments):
        return cls.inside("apt-get", "-y", "--no-install-recommends", *arguments)

    def run_as_its_user(self, *arguments):
        """As the service does it; returns mosd and what it has said to systemd."""
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.settimeout(PATIENCE)
        path = self.root / "tmp" / "notify"
        path.unlink(missing_ok=True)
        notify.bind(str(path))
        path.chmod(0o777)
        self.addCleanup(notify.close)
        runtime = self.root / "run" / "mosd"
        runtime.mkdir(mode=0o750, exist_ok=True)
        user = self.inside("id", "-u", "mosd").strip(), self.inside("id", "-g", "mosd").strip()
        os.chown(runtime, *map(int, user))
        # The kernel's file systems, which a started system has.
        mounts = " && ".join(f"mount --rbind /{name} {self.root}/{name}"
                             for name in ("proc", "sys", "dev"))
        daemon = subprocess.Popen(
            ("unshare", "--mount", "sh", "-ec", f'{mounts} && exec "$@"', "sh",
             "chroot", self.root, "setpriv", f"--reuid={user[0]}", f"--regid={user[1]}",
             "--clear-groups", "--no-new-privs", "--bounding-set=-all", "mosd",
             "--config", "/etc/mosd/mosd.yaml", *arguments,
             "--metrics-listen", "127.0.0.1:0", "--grpc-listen", "unix:/run/mosd/mosd.sock"),
            env={"NOTIFY_SOCKET": "/tmp/notify", "WATCHDOG_USEC": "15000000",
                 "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: daemon.poll() is None and daemon.kill())
        said = [notify.recv(4096).decode() for _ in range(2)]
        return daemon, said

    def test_installed_run_upgraded_removed_purged(self):
        self.apt("install", "/tmp/old.deb")
        for program in ("mosd", "mosctl"):
            self.assertRegex(self.inside(program, "--version"), r"^\w+ [\d.]+ \([0-9a-f]{12}\)")
        self.inside("mosd", "--config", f"/{_CONFIGURATION}", "--check-config")
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        self.assertEqual(sorted(link.name for link in wants.glob("mosd*")),
                         ["mosd-hugepages.service", "mosd.service"])

        # Nobody has told it yet what to watch.
        daemon, said = self.run_as_its_user()
        self.assertEqual([word.split("=")[0] for word in said], ["READY", "WATCHDOG"])
        self.assertIn("frames", self.inside("mosctl", "stats"))
        daemon.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(PATIENCE), 0)
        self.assertIn("nothing is watched", daemon.stderr.read())

        daemon, said = self.run_as_its_user("--pcap", "/tmp/sample.pcap")
        self.assertEqual([word.split("=")[0] for word in said], ["READY", "WATCHDOG"])
        end = time.monotonic() + PATIENCE
        while "established" not in (flows := self.inside("mosctl", "flows", "list", "--all")):
            self.assertLess(time.monotonic(), end, flows)
            time.sleep(0.1)
        daemon.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(PATIENCE), 0, daemon.stderr.read())

        configuration = self.root / _CONFIGURATION
        configuration.write_text(configuration.read_text().replace("info", "warn"))
        self.apt("install", "/tmp/new.deb")
        self.assertIn("level: warn", configuration.read_text())
        self.assertIn("1.0.1", self.inside("dpkg-query", "-W", "mosd"))

        self.apt("remove", "mosd")
        self.assertFalse((self.root / "usr/bin/mosd").exists())
        self.assertIn("level: warn", configuration.read_text())
        self.apt("purge", "mosd")
        self.assertFalse(configuration.parent.exists())
        self.inside("getent", "passwd", "mosd", status=2)
        left = [path for place in ("etc", "usr", "var/lib/systemd")
                for path in pathlib.Path(self.root, place).rglob("*mosd*")]
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
