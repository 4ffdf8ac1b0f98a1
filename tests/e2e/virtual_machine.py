"""A Debian with systemd in a virtual machine of its own, without privileges of the
host's and without hardware support: QEMU's emulator runs it anywhere."""

import pathlib
import socket
import subprocess
import time
import unittest

from e2e import debian
from e2e.environment import temp_dir

_BOOT_PATIENCE = 300  # emulated processors are slow
_PACKAGES = ("systemd", "systemd-sysv", "udev", "linux-image-cloud-amd64", "iproute2")
_END = "@@end@@"

# A shell at the second serial line, which reads a command a line.
_SHELL = """[Unit]
Description=Commands of the tests
After=multi-user.target
[Service]
ExecStart=/bin/bash -c 'stty -F /dev/ttyS1 raw -echo; echo @@end@@ 0; \
  while read -r line; do eval "$line" </dev/null 2>&1; status=$?; echo; echo "@@end@@ $status"; done'
StandardInput=tty-force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
Environment=LC_ALL=C TERM=dumb SYSTEMD_COLORS=0 PAGER=cat
[Install]
WantedBy=multi-user.target
"""
# What an installed machine does in the background, and nobody asked for.
_QUIET = ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer",
          "e2scrub_reap.service", "getty@tty1.service", "serial-getty@ttyS0.service",
          "systemd-timesyncd.service", "fstrim.timer", "dpkg-db-backup.timer")


def _run(*command, **options):
    done = subprocess.run(tuple(map(str, command)), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False, timeout=debian.DOWNLOAD_PATIENCE,
                          **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


class Disk:
    """What will be the machine's disk, as a folder. Needs root; SkipTest where no Debian
    can be fetched."""

    def __init__(self):
        self.root = temp_dir() / "root"
        debian.unpack(self.root)
        try:
            self.inside("apt-get", "update", "-o", "APT::Update::Error-Mode=any")
            self.install(*_PACKAGES)
        except RuntimeError as error:
            raise unittest.SkipTest(f"no Debian to run it in: {error}") from error
        self.write("etc/systemd/system/commands.service", _SHELL)
        self.write("etc/fstab", "")
        self.inside("systemctl", "enable", "--quiet", "commands.service")
        self.inside("systemctl", "mask", "--quiet", *_QUIET)

    def write(self, path, text):
        (self.root / path).write_text(text)

    def install(self, *packages):
        self.inside("apt-get", "-y", "-qq", "--no-install-recommends", "install", *packages)

    def inside(self, *command):
        return _run("chroot", self.root, *command, env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive", **debian.PROXIES})


class VirtualMachine:
    """Runs from a copy of the disk until stop()."""

    def __init__(self, disk, memory_mib=2048):
        folder = temp_dir()
        image = folder / "disk.img"
        size = 400 + int(_run("du", "-sm", disk.root).split()[0])
        _run("mke2fs", "-q", "-t", "ext4", "-d", disk.root, image, f"{size}M")
        self._console = folder / "console.log"
        commands = folder / "commands.sock"
        self._process = subprocess.Popen(
            ("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi",
             "-cpu", "max", "-smp", "2", "-m", str(memory_mib), "-display", "none",
             "-nodefaults", "-no-reboot", "-serial", f"file:{self._console}",
             "-chardev", f"socket,id=commands,path={commands},server=on,wait=off",
             "-device", "isa-serial,chardev=commands,index=1",
             "-drive", f"file={image},format=raw,if=virtio",
             "-kernel", disk.root / "vmlinuz", "-initrd", disk.root / "initrd.img",
             "-append", "console=ttyS0 root=/dev/vda rw quiet mitigations=off"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._socket = socket.socket(socket.AF_UNIX)
        self._received = ""
        try:
            self._connect(commands)
            self._read_until_end(_BOOT_PATIENCE)
        except BaseException:
            self.stop()
            raise

    def run(self, command, patience=120):
        """Of a line of shell: its exit status and its output."""
        self._socket.sendall(command.encode() + b"\n")
        return self._read_until_end(patience)

    def stop(self):
        self._socket.close()
        self._process.kill()
        self._process.communicate()

    def _connect(self, path):
        deadline = time.monotonic() + _BOOT_PATIENCE
        while not path.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"QEMU: {self._process.stderr.read().decode()}")
            time.sleep(0.05)
        self._socket.connect(str(path))

    def _read_until_end(self, patience):
        deadline = time.monotonic() + patience
        while True:
            text, end, rest = self._received.partition(_END)
            if end and "\n" in rest:
                status, _, self._received = rest.partition("\n")
                return int(status), text.replace("\r", "").strip()
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                got = self._socket.recv(65536)
            except TimeoutError:
                got = b""
            if not got:
                raise RuntimeError(f"no end within {patience} s: {self._received}\n"
                                   f"{pathlib.Path(self._console).read_text()[-2000:]}")
            self._received += got.decode(errors="replace")
