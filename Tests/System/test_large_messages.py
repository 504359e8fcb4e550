"""Requests that are too large for a packet: in fragments over UDP, or over TCP where the peer wants them so."""
import random
import socket
import time

from stage import A, B, OUT, TANDEM, SystemTest
from wire import Endpoint

# Headers that pass from one leg to the other, a kilobyte each.
NAMES = [f"X-Large-{number}" for number in range(60)]


class LargeMessages(SystemTest):
    def start(self, large="tcp"):
        names = " ".join(NAMES)
        return self.stage.start(more=f"""
set peer b large-message {large}
set trunk-configuration trunk:a pass-header [ {names} ]
set trunk-configuration trunk:b pass-header [ {names} ]
delete voice-route to-c
""")

    def listening(self, host, port=5060):
        made = self.stage.socket(host, port, "tcp")
        made.listen(4)
        made.settimeout(5)
        return made

    def invite(self, caller, count):
        text = caller.invite(OUT, headers=[f"{name}: {'v' * 1000}" for name in NAMES[:count]])
        caller.send(text)
        return text

    def assertWhole(self, invite, count):
        self.assertEqual(sum(invite[name] == "v" * 1000 for name in NAMES), count)

    def finish(self, caller, callee, invite):
        callee.respond(invite, 200, callee.sdp())
        answer = caller.expect(200)
        caller.acknowledge(answer)
        return answer

    def test_a_request_too_large_for_a_packet_goes_over_tcp(self):
        appliance = self.start()
        made, datagrams = self.listening(B), Endpoint(self.stage.socket(B), self.stage.outside)
        caller = Endpoint(self.stage.socket(A), self.stage.inside)
        stream = None
        for number, count in enumerate([1, 10, 30, 55]):
            self.invite(caller, count)
            stream = stream or self.accepted(made)
            invite = stream.expect("INVITE")
            self.assertTrue(invite["via"].startswith("SIP/2.0/TCP"), invite["via"])
            self.assertWhole(invite, count)
            answer = self.finish(caller, stream, invite)
            # What is small goes over UDP as ever.
            datagrams.expect("ACK")
            caller.send(caller.within("BYE", answer, 2))
            bye = datagrams.expect("BYE")
            datagrams.respond(bye, 200)
            caller.expect(200)
            self.assertEqual(appliance.counter("transaction.moved-to-tcp"), number + 1)
        self.assertEqual(appliance.counter("transaction.moved-back-to-udp"), 0)

    def accepted(self, made):
        one, _ = made.accept()
        stream = Endpoint.__new__(Endpoint)
        stream.socket, stream.proxy, stream.transport, stream.pending = one, self.stage.outside, "tcp", b""
        stream.address, stream.port = one.getsockname()
        self.stage.sockets.append(one)
        return stream

    def test_a_small_one_does_not(self):
        appliance = self.start()
        datagrams = Endpoint(self.stage.socket(B), self.stage.outside)
        caller = Endpoint(self.stage.socket(A), self.stage.inside)
        self.invite(caller, 0)
        invite = datagrams.expect("INVITE")
        datagrams.respond(invite, 486)
        datagrams.expect("ACK")
        caller.ack(caller.expect(486))
        self.assertEqual(appliance.counter("transaction.moved-to-tcp"), 0)

    def test_back_over_udp_when_tcp_is_refused(self):
        appliance = self.start()
        datagrams = Endpoint(self.stage.socket(B), self.stage.outside)
        caller = Endpoint(self.stage.socket(A), self.stage.inside)
        began = time.monotonic()
        self.invite(caller, 20)
        invite = datagrams.expect("INVITE")
        self.assertLess(time.monotonic() - began, 1)
        self.assertTrue(invite["via"].startswith("SIP/2.0/UDP"), invite["via"])
        self.assertWhole(invite, 20)
        answer = self.finish(caller, datagrams, invite)
        datagrams.expect("ACK", ignore=("INVITE",))
        caller.send(caller.within("BYE", answer, 2))
        datagrams.respond(datagrams.expect("BYE"), 200)
        caller.expect(200)
        self.assertEqual(appliance.counter("transaction.moved-back-to-udp"), 1)

    def test_by_default_in_fragments(self):
        appliance = self.start("udp")
        datagrams = Endpoint(self.stage.socket(B), self.stage.outside)
        caller = Endpoint(self.stage.socket(A), self.stage.inside)
        for count in [1, 10, 55]:
            self.invite(caller, count)
            invite = datagrams.expect("INVITE")
            self.assertWhole(invite, count)
            datagrams.respond(invite, 486)
            datagrams.expect("ACK", ignore=("INVITE",))
            caller.ack(caller.expect(486))
        self.assertEqual(appliance.counter("transaction.moved-to-tcp"), 0)

    def test_a_peer_may_send_its_large_ones_over_tcp_too(self):
        self.start()
        stream = Endpoint(self.stage.socket(B, 0, "tcp"), self.stage.outside, "tcp")
        stream.send(stream.request("OPTIONS", "x"))
        stream.expect(200)


class Six(Endpoint):
    """An endpoint of ::1."""

    def __init__(self, made, proxy):
        super().__init__(made, proxy)
        self.address = "[::1]"

    def sdp(self, port=6000):
        return super().sdp(port).replace("IN IP4 [::1]", "IN IP6 ::1")

    def request(self, *words, **options):
        return super().request(*words, **options).replace("@::1", "@[::1]")


class LargeMessagesOverIPv6(SystemTest):
    def test_a_large_one_over_tcp_and_back_over_udp(self):
        first = random.randrange(33000, 50000, 10)
        inside, outside, a, b = ("::1", first), ("::1", first + 1), first + 2, first + 3
        names = " ".join(NAMES)
        appliance = self.stage.start(f"""
set listener inside address ::1 port {inside[1]} transport udp
set listener outside address ::1 port {outside[1]} transport udp
set media-realm m address ::1 ports 20000-20999
set peer a type ip-pbx address ::1 port {a} options-interval 0
set peer b type itsp address ::1 port {b} large-message tcp options-interval 0
set trunk a peer a listener inside media-realm m
set trunk b peer b listener outside media-realm m
set pstn-usage First
set trunk-configuration trunk:a pstn-usage First pass-header [ {names} ]
set trunk-configuration trunk:b pass-header [ {names} ]
set voice-route to-b pattern '^\\+1\\d{{10}}$' pstn-usage First trunk b
""")

        def bound(port, kind):
            made = socket.socket(socket.AF_INET6, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(("::1", port))
            made.settimeout(5)
            self.stage.sockets.append(made)
            return made

        caller, datagrams = Six(bound(a, socket.SOCK_DGRAM), inside), Six(bound(b, socket.SOCK_DGRAM), outside)

        def invite(count):
            caller.send(caller.invite(OUT, headers=[f"{name}: {'v' * 1000}" for name in NAMES[:count]]))

        invite(50)
        said = datagrams.expect("INVITE")
        self.assertTrue(said["via"].startswith("SIP/2.0/UDP"), said["via"])
        self.assertEqual(appliance.counter("transaction.moved-back-to-udp"), 1)
        datagrams.respond(said, 486)
        datagrams.expect("ACK", ignore=("INVITE",))
        caller.ack(caller.expect(486))
        made = bound(b, socket.SOCK_STREAM)
        made.listen(1)
        invite(50)
        one, _ = made.accept()
        self.stage.sockets.append(one)
        stream = Endpoint.__new__(Six)
        stream.socket, stream.proxy, stream.transport, stream.pending, stream.address, stream.port = one, outside, "tcp", b"", "[::1]", b
        said = stream.expect("INVITE")
        self.assertEqual(sum(said[name] == "v" * 1000 for name in NAMES), 50)
        stream.respond(said, 486)
        stream.expect("ACK")
        caller.ack(caller.expect(486))


if __name__ == "__main__":
    import unittest

    unittest.main()
