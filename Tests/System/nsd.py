"""An authoritative name server with one zone, in a namespace of its own: the appliance's only resolver."""
import os
import shutil
import signal
import subprocess
import time


class NSD:
    """nsd on port 53 of an address; `zone` replaces what it serves."""

    def __init__(self, folder, address, domain, prefix):
        self.folder, self.address, self.domain, self.prefix = folder, address, domain, list(prefix)
        folder.mkdir()
        self.serial = 0
        self.process = None
        (folder / "nsd.conf").write_text(f"""
server:
  ip-address: {address}
  port: 53
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  logfile: "{folder}/nsd.log"
  server-count: 1
  hide-version: yes
remote-control:
  control-enable: no
zone:
  name: {domain}
  zonefile: zone
""")

    @staticmethod
    def is_there():
        return shutil.which("nsd") is not None or os.path.exists("/usr/sbin/nsd")

    def zone(self, records):
        """Serves these records, one a line, names relative to the domain; at once when it is running."""
        self.serial += 1
        (self.folder / "zone").write_text(
            f"$ORIGIN {self.domain}.\n$TTL 1\n@ 1 IN SOA ns.{self.domain}. root.{self.domain}. {self.serial} 3600 600 86400 1\n@ IN NS ns\nns IN A {self.address}\n"
            + "\n".join(line.strip() for line in records.strip().splitlines()) + "\n")
        if self.process:
            self.process.send_signal(signal.SIGHUP)

    def start(self):
        self.process = subprocess.Popen(
            [*self.prefix, "/usr/sbin/nsd", "-d", "-c", str(self.folder / "nsd.conf")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def trouble(self):
        log = self.folder / "nsd.log"
        return log.read_text()[-2000:] if log.exists() else ""
