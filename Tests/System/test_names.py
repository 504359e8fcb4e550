"""Peers that are domain names: a real name server in a network of its own, servers that are dead, answers that change, and a resolver that fails."""
import time

from nsd import NSD
from scenario import answers, calls, is_refused, refuses
from stage import A, B, C, OUT, Namespace, Stage, SystemTest, needed, wait_for

# Where the name server is; and a fourth endpoint.
NAMES, D = 53, 5


class Names(SystemTest):
    slow = True

    def setUp(self):
        needed(self, NSD.is_there(), "nsd is not installed")
        self.namespace = Namespace(self, "names")
        self.stage = Stage(self.namespace)
        self.addCleanup(self.close)
        self.names = NSD(self.stage.folder / "nsd", self.stage.at(NAMES), "provider.test", self.namespace.prefix)
        self.addCleanup(self.names.stop)

    def start(self, zone, more="", serve=True):
        """The appliance with peer b at sip.provider.test; trunk c is the next of the route."""
        self.names.zone(zone)
        if serve:
            self.names.start()
        configuration = self.stage.configuration().replace(
            f"set peer b type itsp address {self.stage.at(B)} port 5060 transport udp", f"set peer b type itsp address sip.provider.test {more}")
        self.stage.start(configuration + f"set system name-server {self.stage.at(NAMES)}\n")

    def peer(self):
        return next(peer for peer in self.stage.appliance.json("show", "peers")["peers"] if peer["name"] == "b")

    def targets(self):
        return [target["address"] for target in self.peer()["targets"]]

    def found(self, *targets, seconds=15):
        wanted = [f"{self.stage.at(host)}:{port}" for host, port in targets]
        got = wait_for(lambda: self.targets() == wanted, seconds, 0.1)
        self.assertTrue(got, f"{self.targets()} instead of {wanted}: {self.names.trouble()}")

    def call(self, *callees, caller=None):
        run = self.stage.sipp(caller or calls(talk=50), A, self.stage.inside, called=OUT, seconds=60)
        self.assertWent(run, *callees)

    def zone(self, text):
        return text.format(b=self.stage.at(B), c=self.stage.at(C), d=self.stage.at(D))

    def test_naptr_to_srv_to_address(self):
        self.start(self.zone("""
            sip IN NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.edge
            sip IN NAPTR 10 20 "s" "SIP+D2U" "" _sip._udp.edge
            _sip._udp.edge 30 IN SRV 10 1 5070 one
            _sip._udp.edge 30 IN SRV 20 1 5080 two
            one 30 IN A {b}
            two 30 IN A {d}"""))
        self.found((B, 5070), (D, 5080))
        self.call(self.stage.sipp(answers(), B, port=5070))
        self.assertIn("INVITE sip:+12025550123@sip.provider.test SIP/2.0", self.stage.running[0].messages())
        target = self.peer()["targets"][0]
        self.assertEqual((target["origin"], target["name"], target["transport"], target["state"]), ("NAPTR", "one.provider.test", "udp", "up"))
        self.assertLessEqual(target["secondsLeft"], 30)
        self.assertIn("NAPTR one.provider.test", self.stage.appliance.tandem("show", "peers"))

    def test_the_first_server_is_dead(self):
        self.start(self.zone("""
            _sip._udp.sip IN SRV 10 1 5070 one
            _sip._udp.sip IN SRV 20 1 5080 two
            one IN A {b}
            two IN A {d}"""), more="transport udp")
        self.found((B, 5070), (D, 5080))
        # Nobody is on the first one's port: the kernel says so at once.
        callee = self.stage.sipp(answers(), D, port=5080, calls=2)
        self.call()
        first = self.peer()["targets"][0]
        self.assertEqual(first["state"], "last", first)
        self.assertGreater(self.stage.appliance.counter("call.target-failovers"), 0)
        self.call(callee)
        self.assertEqual([record["outcome"] for record in self.record(2)], ["answered", "answered"])

    def test_a_server_that_says_503_and_then_the_next_trunk(self):
        self.start(self.zone("""
            _sip._udp.sip IN SRV 10 1 5070 one
            _sip._udp.sip IN SRV 20 1 5080 two
            one IN A {b}
            two IN A {d}"""))
        self.found((B, 5070), (D, 5080))
        one, two = self.stage.sipp(refuses(503), B, port=5070), self.stage.sipp(refuses(503), D, port=5080)
        self.call(one, two, self.stage.sipp(answers(), C))
        self.assertEqual([leg["trunk"] for leg in self.record()["legs"]], ["a", "b", "b", "c"])

    def test_an_answer_that_changes_moves_the_calls(self):
        self.start(self.zone("sip 1 IN A {b}"))
        self.found((B, 5060))
        self.call(self.stage.sipp(answers(), B))
        self.names.zone(self.zone("sip 1 IN A {d}"))
        self.found((D, 5060))
        self.call(self.stage.sipp(answers(), D))
        # The old address is a stranger now, the new one may call.
        strangers = self.stage.appliance.counter("gate.strangers")
        self.stage.sipp(is_refused(403), B, self.stage.outside, port=5061, called=OUT)
        self.assertTrue(wait_for(lambda: self.stage.appliance.counter("gate.strangers") > strangers))

    def test_a_resolver_that_is_dead_at_start_and_later(self):
        began = time.monotonic()
        self.start(self.zone("sip 1 IN A {b}"), more="port 5060", serve=False)
        self.assertLess(time.monotonic() - began, 15, "the start waits for a name server")
        self.assertEqual(self.targets(), [])
        # Other trunks do not wait for it.
        spare = self.stage.sipp(answers(), C, calls=2)
        self.call()
        self.assertTrue(wait_for(lambda: "A sip.provider.test:" in self.peer()["reason"], 15, 0.1), self.peer())
        self.names.start()
        self.found((B, 5060), seconds=40)
        self.names.stop()
        self.assertTrue(wait_for(lambda: self.peer()["targets"][0].get("secondsFailing") is not None, 40, 0.1), self.peer())
        self.assertEqual(self.targets(), [f"{self.stage.at(B)}:5060"])
        self.call(self.stage.sipp(answers(), B))
        self.assertIn("what was answered before holds", self.stage.appliance.output())
