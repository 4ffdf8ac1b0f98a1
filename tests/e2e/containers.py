"""Images and containers, by podman, in a store of their own. All ends with the store,
whatever happens."""

import json
import os
import signal
import subprocess
import time

from e2e.daemon import Failed
from e2e.environment import PATIENCE, temp_dir

# Not the machine's own, but what also works where there is no systemd.
_CONTAINERS = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "runc"
static_dir = "{folder}/root/libpod"
tmp_dir = "{folder}/tmp"
"""
_STORAGE = """
[storage]
driver = "{driver}"
graphroot = "{folder}/root"
runroot = "{folder}/run"
"""


def _driver():
    """Overlays, where the file system has them; else, slowly, copies."""
    lower, upper, work, merged = (temp_dir() for _ in range(4))
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    if subprocess.run(("mount", "-t", "overlay", "-o", options, "overlay", merged),
                      capture_output=True, check=False).returncode != 0:
        return "vfs"
    subprocess.run(("umount", merged), check=True)
    return "overlay"


class Store:
    def __init__(self):
        self.folder = temp_dir()
        driver = _driver()
        self.env = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
        for variable, text in (("CONTAINERS_CONF", _CONTAINERS),
                               ("CONTAINERS_STORAGE_CONF", _STORAGE)):
            path = self.folder / variable
            path.write_text(text.format(folder=self.folder, driver=driver))
            self.env[variable] = str(path)

    def podman(self, *arguments, patience=PATIENCE):
        return self.call("podman", *arguments, patience=patience)

    def call(self, *command, patience=PATIENCE):
        """Runs it to its end with this store."""
        return subprocess.run(tuple(map(str, command)), capture_output=True, text=True,
                              env=self.env, stdin=subprocess.DEVNULL, timeout=patience,
                              check=False)

    def get(self, *arguments, patience=PATIENCE):
        """What podman prints; Failed if it does."""
        done = self.podman(*arguments, patience=patience)
        if done.returncode != 0:
            raise Failed(f"podman {arguments}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def inspect(self, image):
        return json.loads(self.get("image", "inspect", image))[0]

    def run(self, *arguments):
        """A container from its start to its end."""
        return self.podman("run", "--rm", "--pull=never", f"--timeout={PATIENCE // 2}",
                           *arguments)

    def close(self):
        self.podman("rm", "--all", "--force", "--time=0")
        self.podman("image", "umount", "--all")
        # The driver's folder, which it mounts on itself.
        self.call("umount", self.folder / "root" / "overlay")


class Container:
    """A running one. `options` are podman's, `arguments` the program's."""

    def __init__(self, store, image, options=(), arguments=()):
        self._store = store
        self._id = store.get("run", "--detach", "--pull=never", f"--timeout={4 * PATIENCE}",
                             *options, image, *arguments)

    def remove(self):
        self._store.podman("rm", "--force", "--time=0", self._id)

    @property
    def text(self):
        done = self._store.podman("logs", self._id)
        return done.stdout + done.stderr

    def execute(self, *command):
        return self._store.get("exec", self._id, *command)

    def http(self, path, port=9464):
        """The answer to a GET from within the container's network; None without one."""
        pid = self._store.get("inspect", "--format={{.State.Pid}}", self._id)
        done = self._store.call("nsenter", f"--net=/proc/{pid}/ns/net", "curl", "--silent",
                                "--fail", "--max-time", "5", f"http://127.0.0.1:{port}{path}")
        return done.stdout if done.returncode == 0 else None

    def wait_for(self, path):
        """Until a GET is answered with 200."""
        deadline = time.monotonic() + PATIENCE
        while (answer := self.http(path)) is None:
            if time.monotonic() > deadline or not self.running():
                raise Failed(f"{path} is not served:\n{self.text}")
            time.sleep(0.05)
        return answer

    def running(self):
        return self._store.get("inspect", "--format={{.State.Running}}", self._id) == "true"

    def end(self, number=signal.SIGTERM):
        """Sends a signal; returns the exit code."""
        self._store.get("kill", f"--signal={number.name}", self._id)
        return int(self._store.get("wait", self._id))
