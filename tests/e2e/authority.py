"""An authority that issues certificates for tests, by openssl(1)."""

import subprocess


class Authority:
    """Keeps its files in `folder`; `certificate` is the path of its own."""

    def __init__(self, folder, name="authority"):
        self._folder, self._name = folder, name
        self.certificate = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        self._openssl("req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.certificate,
                      "-days", "30", "-subj", f"/CN={name}")

    def issue(self, name, days=20):
        """Paths of a certificate for localhost and 127.0.0.1, and of its key."""
        certificate, key, request, names = (
            self._folder / f"{self._name}-{name}.{kind}" for kind in ("crt", "key", "csr", "ext"))
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._openssl("req", *_NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                      "-CAcreateserial", "-days", days, "-extfile", names, "-out", certificate)
        return certificate, key

    def key_of(self, name):
        return self._folder / f"{self._name}-{name}.key"

    def settings_of_a_server(self, days=20):
        """Words for mosd's command line: TLS with a certificate of its own."""
        certificate, key = self.issue("server", days)
        return ("--set", f"grpc.tls.certificate={certificate}", "--set", f"grpc.tls.key={key}",
                "--set", f"grpc.tls.client_ca={self.certificate}")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(("openssl", *map(str, arguments)), check=True, capture_output=True)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
