"""mosd with what its pod has in Kubernetes: the user, the capabilities, a root that
cannot be written, no new privileges. What a node and a runtime do besides, such as
seccomp, is not here."""

import contextlib
import shutil
import subprocess
import time
import unittest

from e2e.environment import MOSD, PATIENCE, needs_root, temp_dir
from e2e.kubernetes import kustomized
from netlab.namespace import Lab, LabError

# /sys as a runtime gives it; /run/mosd as the emptyDir; all else read-only.
_POD = """mount -t tmpfs none /run
mkdir -m 777 /run/mosd
mount -o remount,ro,bind /
umount -R /sys
mount -t sysfs -o ro none /sys
exec "$@"
"""


@needs_root()
class Confined(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lab = cls.enterClassContext(Lab("pod"))
        cls.node, peer = lab.namespace("node"), lab.namespace("peer")
        lab.link(cls.node, "eth0", peer, "eth0")
        # The build folder may be out of this user's reach.
        cls.mosd = shutil.copy(MOSD, temp_dir())

    @contextlib.contextmanager
    def started(self, rendering, capabilities):
        user = rendering.pod["spec"]["securityContext"]["runAsUser"]
        process = subprocess.Popen(
            (*self.node.prefix(), "unshare", "--mount", "sh", "-ec", _POD, "sh",
             "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
             "--inh-caps=-all", "--no-new-privs", "--bounding-set",
             ",".join(("-all", *(f"+{name.lower()}" for name in sorted(capabilities)))),
             self.mosd, *rendering.arguments()),
            env={**rendering.environment, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def get(self, path, process):
        address = f"http://127.0.0.1:9464{path}"
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.node.run("curl", "-sSf", address)
            except LabError as error:
                if process.poll() is not None:
                    self.fail(process.stderr.read())
                self.assertLess(time.monotonic(), deadline, error)
                time.sleep(0.05)

    def test_runs_with_what_the_overlay_gives(self):
        for name in ("base", "af-packet", "af-xdp"):
            rendering = kustomized()[name]
            with self.subTest(name), self.started(rendering, rendering.capabilities) as process:
                self.assertEqual(self.get("/readyz", process), "ok\n")
                self.assertEqual(self.get("/livez", process), "ok\n")
                self.assertIn("mosd_", self.get("/metrics", process))
                process.terminate()
                said = process.communicate(timeout=PATIENCE)[1]
                self.assertEqual(process.returncode, 0, said)

    def test_needs_what_the_overlay_gives(self):
        for name in ("af-packet", "af-xdp"):
            rendering = kustomized()[name]
            # To the kernel, SYS_ADMIN is BPF, too.
            for capability in rendering.capabilities - {"BPF"}:
                less = rendering.capabilities - {capability}
                with self.subTest(name, without=capability), \
                        self.started(rendering, less) as process:
                    said = process.communicate(timeout=PATIENCE)[1]
                    self.assertEqual(process.returncode, 4, said)
                    self.assertIn("eth0", said)


if __name__ == "__main__":
    unittest.main()
