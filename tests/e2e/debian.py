"""The package of the build under test, and a Debian that has seen nothing of it."""

import functools
import os
import subprocess
import unittest

from e2e.environment import BUILD, temp_dir

# Debian's archive answers in its own time.
DOWNLOAD_PATIENCE = 300
PROXIES = {name: value for name, value in os.environ.items() if name.endswith("_proxy")}
# What is installed is not synced to the disk, which takes most of the time, and is
# without what nobody reads here, as in Debian's own images.
_OF_DPKG = ("force-unsafe-io", "path-exclude=/usr/share/doc/*",
            "path-include=/usr/share/doc/*/copyright",
            *(f"path-exclude=/usr/share/{name}/*" for name in ("info", "locale", "man")))


def _run(*command):
    return subprocess.run(tuple(map(str, command)), capture_output=True, text=True,
                          timeout=DOWNLOAD_PATIENCE, stdin=subprocess.DEVNULL, check=False)


def make_package(folder, version=None):
    """By cpack; of the version that the build has, unless told otherwise."""
    chosen = ("-D", f"CPACK_PACKAGE_VERSION={version}") if version else ()
    done = _run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder, *chosen)
    if done.returncode != 0:
        raise AssertionError(f"cpack: {done.stdout}{done.stderr}")
    return next(folder.glob(f"mosd_{version or '*'}_*.deb"))


@functools.cache
def tarball():
    """A small Debian 12, made once; SkipTest where none can be fetched."""
    path = temp_dir() / "debian.tar"
    made = _run("mmdebstrap", "--variant=minbase", "--include=ca-certificates",
                *(f"--dpkgopt={option}" for option in _OF_DPKG), "bookworm", path)
    if made.returncode != 0:
        why = " ".join(made.stderr.split())[-300:]
        raise unittest.SkipTest(f"no Debian can be fetched: {why}")
    return path


def unpack(root):
    root.mkdir()
    subprocess.run(("tar", "--extract", "--numeric-owner", "--file", tarball(), "--directory",
                    root), check=True, timeout=DOWNLOAD_PATIENCE)
