"""gRPC over TLS: who gets in, certificates that are replaced under load, and
what is said when one end speaks TLS and the other does not."""

import os
import shutil
import threading
import time
import unittest
import urllib.request

import grpc

from e2e import stubs
from e2e.authority import Authority
from e2e.daemon import KEEP_ALL, Daemon, run
from e2e.environment import MOSCTL, PATIENCE, SAMPLE, needs_program, needs_root, temp_dir

_OK, _USAGE, _UNREACHABLE, _CONFIGURATION, _INPUT = 0, 2, 3, 3, 4
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


class _Files:
    """Certificates as a Secret is mounted: names in one folder lead to another
    one, which is replaced in one step."""

    def __init__(self):
        self.folder = temp_dir()
        self.authority = Authority(self.folder)
        self.clients = Authority(self.folder, "clients")
        self._versions = 0
        for name in ("tls.crt", "tls.key"):
            (self.folder / name).symlink_to(f"..data/{name}")
        self.replace()

    def replace(self, authority=None, key_of=None):
        self._versions += 1
        issued = (authority or self.authority).issue(f"server{self._versions}")
        version = self.folder / f"version{self._versions}"
        version.mkdir()
        shutil.copy(issued[0], version / "tls.crt")
        shutil.copy(key_of or issued[1], version / "tls.key")
        (self.folder / "..new").symlink_to(version.name)
        os.replace(self.folder / "..new", self.folder / "..data")

    def settings(self, mutual):
        words = [f"certificate={self.folder}/tls.crt", f"key={self.folder}/tls.key"]
        words += [f"client_ca={self.clients.certificate}"] if mutual else []
        return [word for text in words for word in ("--set", f"grpc.tls.{text}")]


def _channel(address, authority, identity=None):
    own = [path.read_bytes() for path in reversed(identity)] if identity else (None, None)
    # A connection of its own.
    return grpc.secure_channel(
        address, grpc.ssl_channel_credentials(authority.certificate.read_bytes(), *own),
        options=(("grpc.use_local_subchannel_pool", 1),))


def _ask(channel):
    """The version; grpc.RpcError."""
    return stubs.appliance_grpc.ApplianceServiceStub(channel).GetInfo(
        stubs.appliance.GetInfoRequest(), timeout=PATIENCE).version


@needs_program("openssl")
class _Tls(unittest.TestCase):
    MUTUAL = False

    def setUp(self):
        self.files = _Files()
        self.daemon = Daemon("--pcap", SAMPLE, *KEEP_ALL, *self.files.settings(self.MUTUAL),
                             metrics=True)
        self.addCleanup(self.daemon.stop)
        self.daemon.wait_until_ready()
        self.address = self.daemon.address()

    def metric(self, name):
        url = f"http://{self.daemon.address('HTTP')}/metrics"
        with urllib.request.urlopen(url, timeout=10) as response:
            lines = response.read().decode().splitlines()
        value, = (line.rsplit(" ", 1)[1] for line in lines if line.startswith(name))
        return float(value)

    def wait_for_metric(self, name, value):
        deadline = time.monotonic() + PATIENCE
        while self.metric(name) != value:
            self.assertLess(time.monotonic(), deadline, f"{name} did not become {value}")
            time.sleep(0.1)

    def ask(self, *arguments, **options):
        with _channel(self.address, *arguments, **options) as channel:
            return _ask(channel)

    def assert_refused(self, *arguments):
        with self.assertRaises(grpc.RpcError) as caught:
            self.ask(*arguments)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)

    def mosctl(self, *arguments, server=None):
        return run("--server", server or self.address, *arguments, "info", program=MOSCTL)


class Tls(_Tls):
    def test_a_client_that_trusts_its_authority(self):
        self.assertTrue(self.ask(self.files.authority))
        self.assert_refused(self.files.clients)
        with grpc.insecure_channel(self.address) as plain, self.assertRaises(grpc.RpcError):
            _ask(plain)
        self.assertTrue(self.daemon.list_flows())  # by the Unix socket, without

    def test_replaced_under_load_no_call_fails(self):
        new = Authority(self.files.folder, "new")
        failures, calls, done = [], [0], threading.Event()

        def load(fresh):
            """Calls on one connection, or each on one of its own."""
            channel = None
            while not done.is_set():
                try:
                    trust = _Either(self.files.authority, new)
                    channel = channel or _channel(self.address, trust)
                    _ask(channel)
                    calls[0] += 1
                except grpc.RpcError as error:
                    failures.append(error.details())
                if fresh and channel:
                    channel.close()
                    channel = None
            if channel:
                channel.close()

        threads = [threading.Thread(target=load, args=(fresh,)) for fresh in (False, True, True)]
        for thread in threads:
            thread.start()
        try:
            for version, authority in enumerate((new, self.files.authority, new), start=1):
                self.files.replace(authority)
                self.wait_for_metric("mosd_grpc_certificate_reloads_total", version)
                before = calls[0]
                while calls[0] < before + 20 and not failures:
                    time.sleep(0.01)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        self.assertTrue(self.ask(new))
        self.assert_refused(self.files.authority)
        self.assertIn("new TLS certificates are in use", self.daemon.text)

    def test_a_mistake_keeps_those_before(self):
        self.files.replace(key_of=self.files.clients.issue("other")[1])
        self.wait_for_metric("mosd_grpc_certificate_reload_failures_total", 1)
        self.daemon.wait_for_log("still those from before: .*is not the key of the certificate")
        self.assertTrue(self.ask(self.files.authority))
        self.files.replace()
        self.wait_for_metric("mosd_grpc_certificate_reloads_total", 1)
        self.assertEqual(self.metric("mosd_grpc_certificate_reload_failures_total"), 1)

    def test_says_when_it_expires(self):
        expiry = self.metric('mosd_grpc_certificate_expiration_timestamp_seconds{certificate="serv')
        self.assertAlmostEqual(expiry, time.time() + 20 * 86400, delta=3600)
        self.daemon.wait_for_log("TLS certificate: good until 20")

    def test_mosctl_speaks_it_and_says_when_it_should(self):
        trusted = ("--cacert", self.files.authority.certificate)
        with Daemon("--pcap", SAMPLE, *KEEP_ALL) as plain:
            plain_address = plain.address()
            for arguments, server, code, message in (
                    (trusted, None, _OK, "^$"),
                    ((), None, _UNREACHABLE, "speaks TLS, and was asked without"),
                    (trusted, plain_address, _UNREACHABLE, "does not speak TLS"),
                    (("--tls",), None, _UNREACHABLE, "is not trusted: (self-signed|unable to get local issuer) certificate"),
                    (("--cacert", self.files.clients.certificate), None, _UNREACHABLE,
                     "is not trusted"),
                    (trusted, self.address.replace("127.0.0.1", "127.0.0.2"), _UNREACHABLE,
                     "is one for another name|Connection refused"),
                    (("--cacert", "/nonexistent"), None, _USAGE, "/nonexistent.*No such file"),
                    (("--cert", "/nonexistent"), None, _USAGE, "--cert requires --key"),
                    (trusted, self.daemon.socket, _USAGE, "never has TLS")):
                with self.subTest(arguments=arguments, server=server):
                    done = self.mosctl(*arguments, server=server)
                    self.assertEqual(done.returncode, code, done.stderr)
                    self.assertRegex(done.stderr, message)
                    self.assertNotRegex(done.stderr, "ssl_transport_security")

    def test_the_environment_says_it_too(self):
        env = {**os.environ, "MOSCTL_SERVER": self.address,
               "MOSCTL_CACERT": str(self.files.authority.certificate)}
        done = run("info", program=MOSCTL, env=env)
        self.assertEqual(done.returncode, _OK, done.stderr)


class Mutual(_Tls):
    MUTUAL = True

    def test_a_client_with_a_certificate_of_its_authorities(self):
        identity = self.files.clients.issue("client")
        self.assertTrue(self.ask(self.files.authority, identity))
        self.assert_refused(self.files.authority)
        self.assert_refused(self.files.authority, self.files.authority.issue("stranger"))

    def test_mosctl_shows_one_and_says_when_it_should(self):
        trusted = ("--cacert", self.files.authority.certificate)
        certificate, key = self.files.clients.issue("client")
        other = self.files.authority.issue("stranger")
        for arguments, code, message in (
                ((*trusted, "--cert", certificate, "--key", key), _OK, "^$"),
                (trusted, _UNREACHABLE, "asks for a certificate of the client's"),
                ((*trusted, "--cert", other[0], "--key", other[1]), _UNREACHABLE,
                 "does not take the certificate"),
                ((*trusted, "--cert", certificate, "--key", other[1]), _USAGE,
                 "is not the key of the certificate")):
            with self.subTest(arguments):
                done = self.mosctl(*arguments)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertRegex(done.stderr, message)

    def test_failed_handshakes_fill_no_log(self):
        for _ in range(20):
            self.mosctl("--cacert", self.files.authority.certificate)
        told = [line for line in self.daemon.log if "peer did not return a certificate" in line]
        self.assertGreater(len(told), 0)
        self.assertLessEqual(len(told), 20)  # of 40 and more; a minute may have begun


@needs_program("openssl")
class Refused(unittest.TestCase):
    """A start with certificates that cannot be used, and --check-config."""

    @classmethod
    def setUpClass(cls):
        cls.files = _Files()

    def assert_refused(self, code, *patterns, settings, prefix=()):
        for check in (("--check-config",), ()):
            done = run("--pcap", SAMPLE, "--grpc-listen", "127.0.0.1:0", "--set",
                       "metrics.listen=", *settings, *check, prefix=prefix)
            self.assertEqual(done.returncode, code, done.stderr)
            for pattern in patterns:
                self.assertRegex(done.stderr, pattern)

    def test_missing(self):
        self.assert_refused(_INPUT, "/nonexistent: the certificate cannot be opened",
                            settings=("--set", "grpc.tls.certificate=/nonexistent",
                                      "--set", "grpc.tls.key=/nonexistent"))

    @needs_root()
    def test_unreadable(self):
        folder = temp_dir()
        for name in ("tls.crt", "tls.key"):
            shutil.copy(self.files.folder / name, folder / name)
        folder.chmod(0o755)
        (folder / "tls.crt").chmod(0o644)
        (folder / "tls.key").chmod(0o600)
        self.assert_refused(
            _INPUT, "tls.key: the key cannot be opened: Permission denied; give it a group",
            settings=("--set", f"grpc.tls.certificate={folder}/tls.crt",
                      "--set", f"grpc.tls.key={folder}/tls.key"), prefix=_NOBODY)

    def test_not_a_pair(self):
        key = self.files.authority.issue("other")[1]
        self.assert_refused(_INPUT, "is not the key of the certificate",
                            settings=(*self.files.settings(False),
                                      "--set", f"grpc.tls.key={key}"))

    def test_beyond_loopback_without(self):
        done = run("--pcap", SAMPLE, "--grpc-listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, _CONFIGURATION)
        self.assertRegex(done.stderr, "0.0.0.0:0.*reached from other machines.*grpc.insecure")

    def test_beyond_loopback_when_told_to(self):
        with Daemon("--pcap", SAMPLE, *KEEP_ALL, "--set", "grpc.insecure=true",
                    grpc_listen=("0.0.0.0:0",)) as daemon:
            port = daemon.wait_for_log(r"gRPC on 0\.0\.0\.0:(\d+)").group(1)
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                self.assertTrue(_ask(channel))


class _Either:
    """Trust in two authorities: what `certificate` is to _channel."""

    def __init__(self, *authorities):
        self._authorities = authorities

    @property
    def certificate(self):
        return self

    def read_bytes(self):
        return b"".join(each.certificate.read_bytes() for each in self._authorities)


del _Tls
