"""Network namespaces and the veth pairs between them.

Everything made here goes away with its Lab, also after a failure. Needs root
(CAP_SYS_ADMIN, CAP_NET_ADMIN). One Lab may be used from several threads.
"""

import ctypes
import os
import socket
import subprocess

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The machine does not allow what the lab needs."""


def _ip(*arguments):
    done = subprocess.run(("ip", *arguments), capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Namespace:
    """A named network namespace; sockets and commands can be put into it."""

    def __init__(self, name):
        self.name = name
        _ip("netns", "add", name)
        self._fd = os.open(f"/run/netns/{name}", os.O_RDONLY)

    def close(self):
        os.close(self._fd)
        _ip("netns", "delete", self.name)

    def ip(self, *arguments):
        _ip("-n", self.name, *arguments)

    def prefix(self):
        """What to put before a command to run it in here."""
        return ("ip", "netns", "exec", self.name)

    def run(self, *command):
        done = subprocess.run((*self.prefix(), *command), capture_output=True, text=True)
        if done.returncode != 0:
            raise LabError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def write_sysctl(self, key, value):
        self.run("sh", "-c", f"echo {value} > /proc/sys/{key.replace('.', '/')}")

    def socket(self, *arguments):
        """socket.socket(), made in here; it stays here."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _setns(self._fd)
            try:
                return socket.socket(*arguments)
            finally:
                _setns(home)
        finally:
            os.close(home)


def _setns(fd):
    """Moves the calling thread, and no other."""
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        raise LabError(f"setns: {os.strerror(ctypes.get_errno())}")


class Lab:
    """Namespaces under one prefix, so that labs can stand beside each other."""

    def __init__(self, prefix):
        self._prefix = f"{prefix}{os.getpid()}"
        self._namespaces = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self._namespaces:
            self._namespaces.pop().close()

    def namespace(self, name):
        made = Namespace(f"{self._prefix}{name}")
        self._namespaces.append(made)
        made.write_sysctl("net.ipv6.conf.all.accept_dad", 0)
        made.write_sysctl("net.ipv6.conf.default.accept_dad", 0)
        made.ip("link", "set", "lo", "up")
        return made

    @staticmethod
    def link(one, one_name, other, other_name):
        """A veth pair, up, whose frames are as they would be on a wire: real
        checksums, none larger than the MTU."""
        one.ip("link", "add", one_name, "type", "veth",
               "peer", "name", other_name, "netns", other.name)
        for space, name in ((one, one_name), (other, other_name)):
            space.run("ethtool", "-K", name, "tso", "off", "gso", "off",
                      "gro", "off", "tx", "off", "rx", "off")
            space.ip("link", "set", name, "up")
