"""A real endpoint: Debian's baresip, one process, one folder, driven over its control socket (JSON in netstrings)."""
import json
import pathlib
import socket
import subprocess
import time

MODULES = "/usr/lib/baresip/modules"


class Baresip:
    """Listens on `address`:`sip_port`, sends every call of its own to `proxy`, answers by itself, plays `source`, records what it hears."""

    def __init__(self, folder, user, address, sip_port, control_port, rtp_ports, proxy, source, transport="udp", prefix=(), config=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name, self.address, self.sip_port, self.control_port = user, address, sip_port, control_port
        self.transport = transport
        low, high = rtp_ports
        modules = "".join(
            f"module {name}.so\n" for name in ("g711", "aufile", "sndfile", "ctrl_tcp"))
        (self.folder / "config").write_text(
            f"sip_listen {address}:{sip_port}\nnet_interface {address}\n"
            f"audio_source aufile,{source}\naudio_player aufile,x\n"
            "ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\nausrc_format s16\nauplay_format s16\n"
            f"rtp_ports {low}-{high}\nrtp_stats yes\n"
            f"module_path {MODULES}\n{modules}"
            "module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n"
            f"snd_path {self.folder}\nctrl_tcp_listen 127.0.0.1:{control_port}\n{config}")
        (self.folder / "accounts").write_text(
            f"<sip:{user}@{address}:{sip_port};transport={transport}>;regint=0;audio_codecs=PCMU/8000/1;answermode=auto"
            f";outbound=\"sip:{proxy};transport={transport}\"\n")
        (self.folder / "contacts").write_text("")
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            [*prefix, "baresip", "-4", "-v", "-f", str(self.folder)], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT)
        self.control = None

    def connect(self, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"baresip {self.name} ended by itself:\n" + (self.folder / "log").read_text()[-2000:])
            try:
                self.control = socket.create_connection(("127.0.0.1", self.control_port), timeout=1)
                self.control.settimeout(0.2)
                self.pending = b""
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"baresip {self.name} did not open its control port {self.control_port}")
                time.sleep(0.1)

    def send(self, command, params=""):
        body = json.dumps({"command": command, "params": params}).encode()
        self.control.sendall(b"%d:%s," % (len(body), body))

    def events(self):
        """The events that have arrived, as dictionaries."""
        try:
            while True:
                chunk = self.control.recv(65536)
                if not chunk:
                    break
                self.pending += chunk
        except (TimeoutError, socket.timeout):
            pass
        found = []
        while b":" in self.pending:
            size, _, rest = self.pending.partition(b":")
            if not size.isdigit() or len(rest) <= int(size):
                break
            found.append(json.loads(rest[:int(size)]))
            self.pending = rest[int(size) + 1:]
        return found

    def wait_for(self, kind, seconds):
        """The first event of that type; `None` when time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.events():
                if event.get("type") == kind:
                    return event
        return None

    def dial(self, uri):
        self.send("dial", uri)

    def hang_up(self):
        self.send("hangup")

    def heard(self):
        """The newest recording of what came in (snd_path writes one per call and direction)."""
        files = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda p: p.stat().st_mtime)
        return files[-1] if files else None

    def stop(self):
        if self.log.closed:
            return
        if self.control:
            self.control.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
