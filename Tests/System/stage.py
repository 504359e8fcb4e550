"""What every system test stands on: a network of its own, an appliance of its own, endpoints that end with the test.

Each test takes one block 127.X.Y.0/24 of the loopback interface, so that tests of any number of processes run side by side: the appliance has .1, an
endpoint has another address, and the source address tells the appliance which peer speaks. What needs devices of its own takes a `Namespace`.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from appliance import Appliance
from baresip import Baresip
from sipp import SIPp

# Hosts of the block.
TANDEM, A, B, C, STRANGER = 1, 2, 3, 4, 77
# Numbers that are routed: to trunk b, then c; and to trunk a.
OUT, IN = "+12025550123", "+4930123456"


def claim_network():
    """A free block, as "127.X.Y", and the socket that keeps others off it."""
    for index in range(os.getpid() % 8000, os.getpid() % 8000 + 8000):
        net = f"127.{16 + index // 250 % 64}.{1 + index % 250}"
        lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            lock.bind((f"{net}.250", 5999))
            lock.listen(1)
            return net, lock
        except OSError:
            lock.close()
    raise RuntimeError("no free block of loopback addresses")


def claim_ports(count=300):
    """The first of so many consecutive ports of 127.0.0.1, below the ephemeral ones, and the socket that keeps others off them. For endpoints that let
    the kernel choose their source address: it is 127.0.0.1 whatever they are told."""
    for first in range(21000, 32700 - count, count):
        lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            lock.bind(("127.0.0.1", first))
            lock.listen(1)
            return first, lock
        except OSError:
            lock.close()
    raise RuntimeError("no free ports on 127.0.0.1")


def wait_for(condition, seconds=5, pause=0.02):
    """What `condition` returned last; waits until it is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(pause)


def is_bound(address, port, transport, namespace=()):
    """Whether a socket of this machine is bound there (TCP: listens)."""
    wanted = "%08X:%04X" % (int.from_bytes(socket.inet_aton(address), "little"), port)
    name = f"/proc/net/{transport}"
    text = subprocess.run([*namespace, "cat", name], capture_output=True, text=True).stdout if namespace else pathlib.Path(name).read_text()
    rows = [line.split() for line in text.splitlines()[1:]]
    return any(row[1] == wanted and (transport == "udp" or row[3] == "0A") for row in rows)


def needed(test, is_there, reason):
    """Skips with the reason; in CI nothing is skipped."""
    if is_there:
        return
    if os.environ.get("CI") == "true":
        test.fail(f"not to be skipped in CI: {reason}")
    test.skipTest(reason)


class Namespace:
    """A network namespace with its loopback up; `prefix` runs a command in it. Needs root."""

    def __init__(self, test, name):
        needed(test, os.geteuid() == 0, "network namespaces need root")
        self.name = f"tandem-{name}-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        test.addCleanup(subprocess.run, ["ip", "netns", "delete", self.name], check=False)
        self.prefix = ["ip", "netns", "exec", self.name]
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *words):
        return subprocess.run([*self.prefix, *words], check=True, capture_output=True, text=True).stdout


class Stage:
    """The block, the folder, the appliance and the endpoints of one test."""

    def __init__(self, namespace=None):
        self.net, self.lock = claim_network()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tandem-system-"))
        self.prefix = namespace.prefix if namespace else []
        self.appliance = None
        self.running = []
        self.sockets = []

    def at(self, host):
        return f"{self.net}.{host}"

    @property
    def inside(self):
        """Where trunk a comes in."""
        return (self.at(TANDEM), 5060)

    @property
    def outside(self):
        """Where trunks b and c come in."""
        return (self.at(TANDEM), 5070)

    def configuration(self, inside="udp", outside="udp", more=""):
        """Peer a inside; peers b and c outside. Calls to +1... go to b, then c; calls to +49... go to a."""
        at = self.at
        return f"""
set interface lan address {at(TANDEM)}/8
set listener inside interface lan port 5060 transport {inside}
set listener outside interface lan port 5070 transport {outside}
set media-realm m interface lan ports 20000-20999
set peer a type ip-pbx address {at(A)} port 5060 transport {inside}
set peer b type itsp address {at(B)} port 5060 transport {outside}
set peer c type itsp address {at(C)} port 5060 transport {outside}
set peer a options-interval 0
set peer b options-interval 0
set peer c options-interval 0
set trunk a peer a listener inside media-realm m
set trunk b peer b listener outside media-realm m
set trunk c peer c listener outside media-realm m
set pstn-usage [ First Second Inside ]
set trunk-configuration trunk:a pstn-usage [ First Second ]
set trunk-configuration trunk:b pstn-usage [ Inside ]
set trunk-configuration trunk:c pstn-usage [ Inside ]
set voice-route to-b pattern '^\\+1\\d{{10}}$' pstn-usage First trunk b
set voice-route to-c pattern '^\\+1\\d{{10}}$' pstn-usage Second trunk c
set voice-route to-a pattern '^\\+49\\d+$' pstn-usage Inside trunk a
{more}
"""

    def start(self, configuration=None, **options):
        """The appliance; `options` go to `configuration()` or, those it does not know, to `Appliance`."""
        if configuration is None:
            known = {name: options.pop(name) for name in ("inside", "outside", "more") if name in options}
            configuration = self.configuration(**known)
        file = self.folder / "tandem.conf"
        file.write_text(configuration)
        self.appliance = Appliance(file, self.folder / "appliance", self.prefix, **options)
        return self.appliance

    def sipp(self, scenario, host, remote=None, port=5060, transport="udp", **options):
        """A SIPp that plays `scenario` (scenario.Scenario) from a host of the block; ready when this returns."""
        name = f"{scenario.name}-{host}-{len(self.running)}"
        run = SIPp(
            self.folder, name, (self.at(host), port), remote, transport={"udp": "u1", "tcp": "t1"}[transport], prefix=self.prefix,
            file=scenario.write(self.folder / f"{name}.xml"), **options)
        self.running.append(run)
        if remote is None and not wait_for(lambda: is_bound(self.at(host), port, transport, self.prefix) or run.process.poll() is not None) \
                or run.process.poll():
            raise RuntimeError(f"SIPp is not up: {run.trouble()}")
        return run

    def baresip(self, name, user, port, control, rtp, proxy, source, transport, config=""):
        """A baresip on 127.0.0.1 that takes the calls to `user`, and those only."""
        run = Baresip(
            self.folder / name, user, "127.0.0.1", port, control, rtp, f"127.0.0.1:{proxy}", source, transport, self.prefix, config)
        self.running.append(run)
        run.connect()
        return run

    def socket(self, host, port=5060, transport="udp"):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.at(host), port))
        made.settimeout(2)
        self.sockets.append(made)
        return made

    def stop(self):
        for run in self.running:
            run.stop()
        for one in self.sockets:
            one.close()
        if self.appliance:
            self.appliance.stop()
        self.lock.close()

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def told(self):
        """What a failed test leaves to look at."""
        lines = [f"--- kept: {self.folder}"]
        if self.appliance:
            lines += ["--- tandemd", self.appliance.output()[-3000:]]
        lines += [f"--- {run.scenario}\n{run.trouble()}" for run in self.running if isinstance(run, SIPp) and run.trouble()]
        return "\n".join(lines)


class SystemTest(unittest.TestCase):
    """Takes a stage for each test and gives it back; shows what the parts said when a test fails."""

    def setUp(self):
        self.stage = Stage()
        self.addCleanup(self.close)

    def close(self):
        self.stage.stop()
        result = self._outcome.result
        if any(getattr(test, "test_case", test) is self for test, _ in result.failures + result.errors):
            print(f"\n{self.id()}\n{self.stage.told()}", file=sys.stderr)
        else:
            self.stage.clean()

    def assertWent(self, *runs):
        """Every SIPp went as its scenario says."""
        for run in runs:
            self.assertTrue(run.wait(), f"{run.scenario}: {run.trouble()[-800:] or 'SIPp says no'}")

    def record(self, count=1):
        """The only call record, or all `count` of them, newest first."""
        self.stage.appliance.history(count)
        records = self.stage.appliance.history(count + 1, seconds=0)
        self.assertEqual(len(records), count, "call records")
        return records[0] if count == 1 else records

    def assertAlive(self):
        self.assertIsNone(self.stage.appliance.process.poll(), "the daemon has ended")
        self.assertEqual(self.stage.appliance.json("show", "calls")["calls"], [])

