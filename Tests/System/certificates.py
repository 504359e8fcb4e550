"""Certificates for a test, made by the `openssl` command, and endpoints that speak SIP over TLS."""
import pathlib
import socket
import ssl
import subprocess
import time

from wire import Endpoint


class Authority:
    """A certification authority of the test's own; `issue` makes certificates by it. All files are in `folder`."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.run("req", "-x509", *EC, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30", "-subj", f"/CN=Authority {name}")

    @property
    def file(self):
        return str(self.folder / f"{self.name}.pem")

    def run(self, *words):
        return subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def issue(self, name, *alternatives, usage="serverAuth,clientAuth", days=90, own=False, start=None, end=None, subject="/CN=somebody", file=None):
        """A certificate for these alternative names (`DNS:...`, `IP:...`, `URI:...`); its (chain, key). `own`: signed by itself. `start`, `end`:
        YYYYMMDDHHMMSSZ in place of `days` from now. `file`: written there in place of `name`."""
        lines = [f"subjectAltName={','.join(alternatives)}"] if alternatives else []
        lines += [f"extendedKeyUsage={usage}"] if usage else []
        (self.folder / f"{name}.ext").write_text("\n".join(lines or ["subjectKeyIdentifier=hash"]) + "\n")
        self.run("req", *EC, "-nodes", "-keyout", f"{name}.new.key", "-out", f"{name}.csr", "-subj", subject)
        if start or end:
            (self.folder / "index.txt").write_text("")
            (self.folder / "ca.conf").write_text(
                "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
            self.run("ca", "-batch", "-config", "ca.conf", "-in", f"{name}.csr", "-cert", f"{self.name}.pem", "-keyfile", f"{self.name}.key", "-notext",
                     "-startdate", start or "20200101000000Z", "-enddate", end or "20991231235959Z", "-out", f"{name}.new.pem", "-extfile", f"{name}.ext")
        else:
            by = ["-signkey", f"{name}.new.key"] if own else ["-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key", "-CAcreateserial"]
            self.run("x509", "-req", "-in", f"{name}.csr", *by, "-out", f"{name}.new.pem", "-days", str(days), "-extfile", f"{name}.ext")
        target = file or name
        (self.folder / f"{name}.new.key").chmod(0o600)
        (self.folder / f"{name}.new.key").rename(self.folder / f"{target}.key")
        (self.folder / f"{name}.new.pem").rename(self.folder / f"{target}.pem")
        return str(self.folder / f"{target}.pem"), str(self.folder / f"{target}.key")


EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def client_context(trust, identity=None, newest=None, oldest=None):
    """What an endpoint that connects believes and shows. Names are not looked at: tests do that themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(trust)
    if identity:
        context.load_cert_chain(*identity)
    if newest or oldest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = oldest or ssl.TLSVersion.TLSv1
        context.maximum_version = newest or ssl.TLSVersion.MAXIMUM_SUPPORTED
    return context


def server_context(trust, identity, required=True):
    """What an endpoint that is connected to shows, and whether it wants a certificate too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    context.load_verify_locations(trust)
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_NONE
    return context


class Secure(Endpoint):
    """An `Endpoint` over a TLS stream that stands."""

    def __init__(self, made, proxy):
        self.socket, self.proxy, self.transport = made, proxy, "tcp"
        self.address, self.port = made.getsockname()[:2]
        self.pending = b""

    def request(self, *words, **options):
        return super().request(*words, **options).replace("SIP/2.0/TCP", "SIP/2.0/TLS")

    def receive(self, seconds=2):
        deadline = time.monotonic() + seconds
        while not (framed := self.framed()):
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except (TimeoutError, socket.timeout, ConnectionError, ssl.SSLError, OSError):
                return None
            if not data:
                return None
            self.pending += data
        return framed

    def is_closed(self, seconds=2):
        """Whether the other side ends the stream in time; what it says before is passed over."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except (TimeoutError, socket.timeout):
                return False
            except (ConnectionError, ssl.SSLError, OSError):
                return True
        return False


def connect(made, proxy, context, server_name=None):
    """A TLS stream to the appliance over a socket of the stage."""
    made.connect(proxy)
    return Secure(context.wrap_socket(made, server_hostname=server_name), proxy)


def accept(listening, proxy, context, seconds=5):
    """The next connection of the appliance to a listening socket of the stage."""
    listening.settimeout(seconds)
    made, _ = listening.accept()
    made.settimeout(seconds)
    return Secure(context.wrap_socket(made, server_side=True), proxy)
