"""Whether peers are alive: OPTIONS, silence, Retry-After, and what calls do meanwhile."""
import socket
import threading
import time

from nsd import NSD
from scenario import Scenario, is_refused
from stage import A, B, C, OUT, Namespace, Stage, SystemTest, needed, wait_for
from wire import Message

NAMES, D = 53, 5


def answers_options():
    return Scenario.callee("alive").expect("OPTIONS").answer(200)


class Peer:
    """A server on a socket of its own that says `status` to OPTIONS and `refusal` to INVITE, or nothing at all while it is `silent`."""

    def __init__(self, made, refusal, status=200):
        self.socket, self.refusal, self.status, self.more = made, refusal, status, ""
        self.silent = False
        self.heard = []
        self.times = []
        self.serial = 0
        self.socket.settimeout(0.1)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            try:
                data, source = self.socket.recvfrom(65536)
            except socket.timeout:
                continue
            except OSError:
                return
            message = Message(data)
            if message.status:
                continue
            self.heard.append(message)
            self.times.append(time.monotonic())
            status = {"OPTIONS": self.status, "INVITE": self.refusal}.get(message.method)
            if status and not self.silent:
                self.socket.sendto(self.answer(message, status), source)

    def answer(self, request, status):
        lines = [f"SIP/2.0 {status} So"] + [f"Via: {via}" for via in request.all("via")]
        lines += [f"From: {request['from']}", f"To: {request['to']};tag=x", f"Call-ID: {request['call-id']}", f"CSeq: {request['cseq']}"]
        return "\r\n".join(lines + ([self.more] if self.more and status == 503 else []) + ["Content-Length: 0", "", ""]).encode()

    def options(self, address):
        """A request of its own."""
        self.serial += 1
        host, port = self.socket.getsockname()
        there = "%s:%d" % address
        self.socket.sendto(
            (f"OPTIONS sip:{there} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{id(self)}x{self.serial}\r\nMax-Forwards: 70\r\n"
             f"From: <sip:{host}>;tag=1\r\nTo: <sip:{there}>\r\nCall-ID: {id(self)}x{self.serial}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode(),
            address)

    def count(self, method):
        return len({message["via"] for message in list(self.heard) if message.method == method})

    def stop(self):
        self.stopping.set()
        self.thread.join(2)


class Health(SystemTest):
    slow = True
    INTERVAL = 5

    def server(self, host, refusal, port=5060):
        made = Peer(self.stage.socket(host, port), refusal)
        self.addCleanup(made.stop)
        return made

    def begin(self, more=""):
        self.b, self.c = self.server(B, 486), self.server(C, 480)
        self.stage.start(more=f"set peer b options-interval {self.INTERVAL}\nset peer c options-interval {self.INTERVAL}\n{more}")

    def trunk(self, name="b"):
        return next(trunk for trunk in self.stage.appliance.json("show", "trunks")["trunks"] if trunk["name"] == name)

    def call(self, status):
        """A call to the outside is refused with this status: 486 is b's, 480 is c's."""
        self.assertWent(self.stage.sipp(is_refused(status), A, self.stage.inside, called=OUT, seconds=30))

    def silence(self):
        """b says nothing from now on; the seconds from the first OPTIONS that it did not answer until it is down."""
        before = len(self.b.heard)
        self.b.silent = True
        self.assertTrue(wait_for(lambda: len(self.b.heard) > before, self.INTERVAL + 2, 0.05), "no OPTIONS")
        self.assertTrue(wait_for(lambda: self.trunk()["state"] == "down", 14, 0.1), self.trunk())
        return time.monotonic() - self.b.times[before]

    def test_a_peer_falls_silent_and_comes_back(self):
        self.begin()
        self.assertTrue(wait_for(lambda: self.b.count("OPTIONS") > 0, 7, 0.1), "no OPTIONS")
        first = self.b.heard[0]
        self.assertEqual(first.first, f"OPTIONS sip:{self.stage.at(B)}:5060 SIP/2.0")
        self.assertNotIn("@", first["from"] + first["to"] + first["contact"])
        self.call(486)
        self.assertLess(self.silence(), 12)
        self.assertIn("no answer to OPTIONS, down for", self.trunk()["reason"])
        self.assertIn(f"trunk b: {self.stage.at(B)}:5060 is down (no answer to OPTIONS); the trunk is down", self.stage.appliance.output())
        self.call(480)
        # Back, and it says so: it is asked, and one answer is enough.
        self.b.silent = False
        self.b.options(self.stage.outside)
        self.assertTrue(wait_for(lambda: self.trunk()["state"] == "up", 3, 0.05), self.trunk())
        self.assertIn("the trunk is up", self.stage.appliance.output())
        self.call(486)

    def test_503_is_no_life_and_any_other_refusal_is(self):
        self.begin()
        self.b.status, self.c.status = 503, 404
        self.assertTrue(wait_for(lambda: self.trunk()["state"] == "down", 20, 0.1), self.trunk())
        self.assertEqual(self.trunk("c")["state"], "up")
        self.call(480)

    def test_retry_after(self):
        self.begin()
        self.b.refusal, self.b.more = 503, "Retry-After: 4 (in a moment)"
        self.call(480)
        at, asked = time.monotonic(), self.b.count("OPTIONS")
        self.assertEqual(self.trunk()["state"], "down")
        self.assertIn("wants to be left alone", self.trunk()["reason"])
        self.call(480)
        self.assertEqual(self.b.count("INVITE"), 1)
        self.assertTrue(wait_for(lambda: self.trunk()["state"] == "up", 6, 0.05), self.trunk())
        self.assertGreater(time.monotonic() - at, 3)
        self.assertLessEqual(self.b.count("OPTIONS"), asked + 1)
        self.b.refusal = 486
        self.call(486)

    def test_off(self):
        self.begin("set peer b options-interval 0\n")
        self.assertTrue(wait_for(lambda: self.c.count("OPTIONS") > 1, 14, 0.1), "no OPTIONS")
        self.assertEqual(self.b.count("OPTIONS"), 0)
        self.assertEqual(self.trunk()["state"], "up")


class NamedHealth(SystemTest):
    """A provider with two servers in DNS; the first of them dies."""
    slow = True

    def setUp(self):
        needed(self, NSD.is_there(), "nsd is not installed")
        self.namespace = Namespace(self, "health")
        self.stage = Stage(self.namespace)
        self.addCleanup(self.close)
        self.names = NSD(self.stage.folder / "nsd", self.stage.at(NAMES), "provider.test", self.namespace.prefix)
        self.addCleanup(self.names.stop)

    def test_the_first_server_is_down(self):
        at = self.stage.at
        self.names.zone(f"""
            _sip._udp.sip IN SRV 10 1 5070 one
            _sip._udp.sip IN SRV 20 1 5080 two
            one IN A {at(B)}
            two IN A {at(D)}""")
        self.names.start()
        # SIPp takes one kind of call: OPTIONS are the only ones here, answered by the second server alone.
        configuration = self.stage.configuration(more="set peer b options-interval 5\n").replace(
            f"set peer b type itsp address {at(B)} port 5060 transport udp", "set peer b type itsp address sip.provider.test transport udp")
        self.stage.start(configuration + f"set system name-server {at(NAMES)}\n")
        peer = lambda: next(peer for peer in self.stage.appliance.json("show", "peers")["peers"] if peer["name"] == "b")
        self.assertTrue(wait_for(lambda: len(peer()["targets"]) == 2, 15, 0.1), peer())
        two = self.stage.sipp(answers_options(), D, port=5080, calls=8)
        self.assertTrue(wait_for(lambda: peer()["targets"][0]["state"] == "down", 25, 0.1), peer())
        self.assertEqual((peer()["targets"][1]["state"], peer()["state"]), ("up", "up"), peer())
        self.assertIn("down", self.stage.appliance.tandem("show", "peers"))
        two.stop()
        self.assertTrue(wait_for(lambda: peer()["state"] == "down", 25, 0.1), peer())
        self.assertIn("none of its 2 servers can be used", peer()["reason"])
