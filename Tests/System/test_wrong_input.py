"""What no peer should send: broken messages, broken streams, strangers. The daemon answers as the standard says or not at all, and goes on."""
import socket
import time
import unittest

from scenario import answers, calls
from stage import A, B, OUT, STRANGER, SystemTest, wait_for
from wire import Endpoint, answered, media_address, rtp, word


class Wrong(SystemTest):
    """At its end every test places a call: whatever came before has left nothing behind."""

    inside = "udp"

    def setUp(self):
        super().setUp()
        self.stage.start(inside=self.inside)

    def tearDown(self):
        if not self.stage.appliance:
            return
        for one in self.stage.sockets:
            one.close()
        self.assertAlive()
        callee = self.stage.sipp(answers("after"), B)
        caller = self.stage.sipp(calls("after", talk=50), A, self.stage.inside, transport=self.inside, called=OUT)
        self.assertWent(caller, callee)

    def counter(self, name):
        return self.stage.appliance.counter(name)

    def rises(self, name, by, before):
        self.assertTrue(wait_for(lambda: self.counter(name) - before >= by, 3), f"{name}: {before} -> {self.counter(name)}, not {by} more")


class Datagrams(Wrong):
    def setUp(self):
        super().setUp()
        self.a = Endpoint(self.stage.socket(A), self.stage.inside)

    def silent(self, *datagrams):
        before = self.counter("message.malformed")
        for data in datagrams:
            self.a.send(data)
        self.a.silence(0.3)
        self.rises("message.malformed", len(datagrams), before)

    def final(self, seconds):
        """The final answer; `None` when nothing at all comes in that time."""
        answer = self.a.receive(seconds)
        while answer is not None and answer.status < 200:
            answer = self.a.receive(5)
        return answer

    def is_answered(self, status, text):
        self.a.send(text)
        answer = self.a.expect(status)
        self.assertIn("tag=", answer["to"])
        return answer

    def test_garbage(self):
        self.silent(
            b"\x00", b"\xff" * 1400, b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes(range(256)) * 4, b"\r\n" * 400 + b"x",
            b"INVITE", b"SIP/2.0 200 OK", b"INVITE sip:x SIP/2.0\r\n", b"SIP/3.0 200 OK\r\n\r\n", b"\x80\x00" + bytes(170))

    def test_keep_alives_are_no_messages(self):
        self.a.send(b"\r\n\r\n")
        self.a.send(b"\x00\x00\x00\x00")
        self.a.send(b"")
        self.a.silence(0.3)

    def test_an_invite_cut_anywhere(self):
        whole = self.a.invite(OUT).encode()
        head = whole.index(b"\r\n\r\n")
        for size in range(1, head, 7):
            self.a.send(whole[:size])
        # What came with enough to be answered was answered 400, and left one record, since it is one INVITE; nothing was taken for a call.
        while (message := self.a.receive(0.3)):
            self.assertEqual(message.status, 400)
        self.assertEqual((self.counter("call.offered"), self.counter("call.refused")), (1, 1))
        record, = self.stage.appliance.history(1)
        self.assertEqual((record["status"], len(record["legs"])), (400, 1))

    def test_a_body_shorter_than_its_length(self):
        whole = self.a.invite(OUT)
        self.is_answered(400, whole[:-20])

    def test_a_body_longer_than_its_length_is_cut(self):
        # RFC 3261 18.3: what stands behind Content-Length in a datagram is discarded.
        b = Endpoint(self.stage.socket(B), self.stage.outside)
        self.a.send(self.a.invite(OUT) + "a=x-more:1\r\n" * 10)
        invite = b.expect("INVITE")
        self.assertNotIn("x-more", invite.body)
        b.respond(invite, 486)
        b.expect("ACK")
        self.a.ack(self.a.expect(486))

    def test_wrong_content_length(self):
        for value in ("-1", "abc", "99999999999999999999", "1 2", ""):
            with self.subTest(value):
                self.is_answered(400, self.a.invite(OUT, values={"Content-Length": value}))

    def test_two_lengths_that_differ(self):
        self.is_answered(400, self.a.invite(OUT, headers=["Content-Length: 3"]))

    def test_missing_headers(self):
        for name in ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Contact"):
            with self.subTest(name):
                self.a.send(self.a.invite(OUT, without=(name,)))
                answer = self.final(1)
                # RFC 3261 16.6 takes a missing Max-Forwards for 70: that call finds no one at b and c.
                if name == "Max-Forwards":
                    self.assertEqual(answer.status, 503)
                else:
                    self.assertTrue(answer is None or answer.status == 400, answer)

    def test_without_via_nobody_can_be_answered(self):
        self.silent(self.a.invite(OUT, without=("Via",)))

    def test_headers_that_say_nothing_sensible(self):
        wrong = {
            "Via": ["nonsense", "SIP/2.0/UDP", "SIP/2.0/UDP :5060;branch=z9hG4bKx", "SIP/2.0/UDP host:99999;branch=z9hG4bKx"],
            "From": ["<sip:a@b", "<>;tag=x", '"unfinished <sip:a@b>;tag=x', "<sip:a@b>;tag=x, <sip:c@d>;tag=y"],
            "To": ["", "<sip:a@b", "<<<>>>"],
            "CSeq": ["INVITE", "1", "99999999999 INVITE", "-1 INVITE", "1 BYE", "1 INVITE extra"],
            "Max-Forwards": ["many", "-1", "256000"],
            "Call-ID": ["", "a b"],
            "Contact": ["<sip:", "*", "<sip:a@b", "<mailto:a@b>"],
        }
        for name, values in wrong.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    self.a.send(self.a.invite(OUT, values={name: value}))
                    answer = self.final(0.25)
                    self.assertTrue(answer is None or 400 <= answer.status < 700, answer)

    def test_a_request_uri_that_is_none(self):
        for uri in ("sip:", "sip:@", "sip:user@", "sip:u@[::1", "sip:u@h:99999", "<sip:u@h>", "sip:u@h?x", "//x"):
            with self.subTest(uri):
                self.a.send(self.a.invite(OUT, uri=uri))
                answer = self.final(0.25)
                self.assertTrue(answer is None or 400 <= answer.status < 500, answer)

    def test_an_endless_request_uri(self):
        self.is_answered(414, self.a.invite(OUT, uri="sip:" + "9" * 8000 + "@x"))

    def test_the_largest_datagram(self):
        b = Endpoint(self.stage.socket(B), self.stage.outside)
        self.a.send(self.a.invite(OUT, headers=["X-Long: " + "x" * 60000]))
        invite = b.expect("INVITE")
        self.assertNotIn("X-Long", repr(invite))
        b.respond(invite, 486)
        b.expect("ACK")
        self.a.ack(self.a.expect(486))

    def test_thousands_of_headers(self):
        self.a.send(self.a.invite(OUT, headers=[f"X-{n}: y" for n in range(3000)]))
        answer = self.a.receive(1)
        self.assertTrue(answer is None or 400 <= answer.status < 600, answer)

    def test_broken_session_descriptions(self):
        good = self.a.sdp()
        bodies = {
            "no sdp at all": (400, "hello\r\n"),
            "no media": (488, good[:good.index("m=")]),
            "a port out of range": (400, good.replace("6000", "70000")),
            "no connection": (400, good.replace(f"c=IN IP4 {self.a.address}\r\n", "")),
            "a host name": (488, good.replace(f"c=IN IP4 {self.a.address}", "c=IN IP4 media.example.com")),
            "an address that is none": (400, good.replace(f"c=IN IP4 {self.a.address}", "c=IN IP4 ::::")),
            "binary": (400, bytes(range(1, 200)).decode("latin-1")),
        }
        for name, (status, body) in bodies.items():
            with self.subTest(name):
                self.a.send(self.a.invite(OUT, body=body))
                answer = self.a.expect(400, 488)
                self.a.ack(answer)
                self.assertEqual(answer.status, status)

    def test_answers_to_nothing(self):
        before = self.counter("transaction.foreign-responses") + self.counter("transaction.stray-responses")
        for status in (100, 180, 200, 486, 700, 99):
            self.a.send(
                f"SIP/2.0 {status} OK\r\nVia: SIP/2.0/UDP {self.stage.at(1)}:5060;branch=z9hG4bK{word()}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
                f"Call-ID: {word()}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")
        self.a.silence(0.3)
        self.assertGreaterEqual(self.counter("transaction.foreign-responses") + self.counter("transaction.stray-responses"), before + 4)

    def test_an_ack_for_nothing(self):
        self.a.send(self.a.request("ACK", OUT, to_tag="x"))
        self.a.silence(0.3)

    def test_an_answer_without_contact_and_tag(self):
        b = Endpoint(self.stage.socket(B), self.stage.outside)
        self.a.send(self.a.invite(OUT))
        invite = b.expect("INVITE")
        b.respond(invite, 200, b.sdp(), tag="")
        final = self.final(2)
        self.assertGreaterEqual(final.status, 400)
        self.a.ack(final)

    def test_an_answer_with_a_broken_session_description(self):
        b = Endpoint(self.stage.socket(B), self.stage.outside)
        self.a.send(self.a.invite(OUT))
        invite = b.expect("INVITE")
        b.respond(invite, 200, "v=0\r\nm=audio no RTP/AVP 0\r\n")
        # Acknowledged, then ended: the callee believes in a call.
        b.expect("ACK")
        b.respond(b.expect("BYE"), 200)
        self.a.ack(self.a.expect(488, 500, 502))


class Strangers(Wrong):
    def test_get_no_answer_at_all(self):
        stranger = Endpoint(self.stage.socket(STRANGER), self.stage.inside)
        before = self.counter("gate.strangers")
        stranger.send(stranger.invite(OUT))
        stranger.send(stranger.request("OPTIONS", OUT))
        stranger.send(stranger.request("REGISTER", OUT))
        stranger.send(stranger.request("BYE", OUT, to_tag="x"))
        stranger.send(b"garbage")
        stranger.send(b"\r\n\r\n")
        stranger.silence(0.7)
        self.rises("gate.strangers", 5, before)

    def test_can_not_end_a_call(self):
        a, b = Endpoint(self.stage.socket(A), self.stage.inside), Endpoint(self.stage.socket(B), self.stage.outside)
        answer, invite, _ = answered(a, b, OUT)
        stranger = Endpoint(self.stage.socket(STRANGER), self.stage.inside)
        stranger.send(a.within("BYE", answer, 2))
        stranger.silence(0.3)
        # A peer, but not this dialog's.
        b.send(a.within("BYE", answer, 2), self.stage.outside)
        self.assertEqual(b.expect(481)["cseq"], "2 BYE")
        self.assertEqual(len(self.stage.appliance.json("show", "calls")["calls"]), 1)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)

    def test_can_not_put_sound_into_a_call(self):
        stage = self.stage
        a, b = Endpoint(stage.socket(A), stage.inside), Endpoint(stage.socket(B), stage.outside)
        answer, invite, _ = answered(a, b, OUT)
        towards_a, towards_b = media_address(answer), media_address(invite)
        ear_a, ear_b = stage.socket(A, 6000), stage.socket(B, 6000)
        for n in range(10):
            ear_a.sendto(rtp(n, 0xA, b"a" * 160), towards_a)
            ear_b.sendto(rtp(n, 0xB, b"b" * 160), towards_b)
            time.sleep(0.01)
        stranger = stage.socket(STRANGER, 6000)
        for n in range(100):
            stranger.sendto(rtp(10 + n, 0xA, b"x" * 160), towards_a)
            stranger.sendto(rtp(10 + n, 0xB, b"x" * 160), towards_b)
        time.sleep(0.2)
        for ear in (ear_a, ear_b):
            ear.settimeout(0.2)
            heard = []
            try:
                while True:
                    heard.append(ear.recv(2048))
            except TimeoutError:
                pass
            self.assertEqual(len(heard), 10)
            self.assertFalse(any(b"xxx" in packet for packet in heard))
        streams = [stream for flow in stage.appliance.json("show", "media")["flows"] for stream in flow["streams"]]
        self.assertEqual([stream["strangers"] for stream in streams], [100, 100])
        self.assertEqual([stream["packets"] for stream in streams], [10, 10])
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
        self.assertEqual([stream["strangers"] for stream in self.record()["streams"]], [100, 100])

    def test_media_that_is_none(self):
        stage = self.stage
        a, b = Endpoint(stage.socket(A), stage.inside), Endpoint(stage.socket(B), stage.outside)
        answer, invite, _ = answered(a, b, OUT)
        ear_a, ear_b = stage.socket(A, 6000), stage.socket(B, 6000)
        for data in (b"", b"\x80", b"\x00" * 12, b"\xff" * 1400, rtp(1, 2, b"")[:11], b"\x8f" + bytes(20), b"\x90" + bytes(13)):
            ear_a.sendto(data, media_address(answer))
        ear_a.sendto(rtp(1, 2, b"good" * 40), media_address(answer))
        ear_b.settimeout(1)
        got = ear_b.recv(2048)
        self.assertEqual(got[12:], b"good" * 40)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)


class Streams(Wrong):
    inside = "tcp"

    def connect(self, port=5061):
        return Endpoint(self.stage.socket(A, port, "tcp"), self.stage.inside, "tcp")

    def is_closed(self, end, seconds=2):
        """Whether the daemon has closed the connection; what it said before is given back."""
        end.socket.settimeout(seconds)
        said = b""
        try:
            while (data := end.socket.recv(65536)):
                said += data
        except ConnectionResetError:
            pass
        except TimeoutError:
            return None
        return said

    def test_a_stranger_is_closed_without_a_word(self):
        made = socket.socket()
        made.bind((self.stage.at(STRANGER), 0))
        self.stage.sockets.append(made)
        end = Endpoint(made, self.stage.inside, "tcp")
        try:
            end.send(end.request("OPTIONS", OUT))
        except OSError:
            pass
        self.assertEqual(self.is_closed(end), b"")
        self.rises("tcp.strangers", 1, 0)

    def test_garbage(self):
        end = self.connect()
        end.send(b"\x00\xff" * 700 + b"\r\n\r\n")
        self.assertEqual(self.is_closed(end), b"")

    def test_byte_by_byte(self):
        end, b = self.connect(), Endpoint(self.stage.socket(B), self.stage.outside)
        end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in end.invite(OUT).encode():
            end.send(bytes([byte]))
        invite = b.expect("INVITE")
        b.respond(invite, 486)
        b.expect("ACK")
        end.ack(end.expect(486))

    def test_many_messages_in_one_segment(self):
        end = self.connect()
        end.send("".join(end.request("OPTIONS", OUT, sequence=n) for n in range(1, 41)))
        self.assertEqual([end.expect(200)["cseq"].split()[0] for _ in range(40)], [str(n) for n in range(1, 41)])

    def test_a_message_without_content_length(self):
        end = self.connect()
        end.send(end.invite(OUT, without=("Content-Length",)))
        self.refused(end, 400)

    def refused(self, end, status):
        """One answer, then the end of the stream."""
        said = self.is_closed(end)
        self.assertIsNotNone(said, "the connection must be closed")
        self.assertTrue(said.startswith(b"SIP/2.0 %d " % status), said)
        self.assertEqual(said.count(b"SIP/2.0 %d " % status), 1, said)

    def test_two_content_lengths_that_differ(self):
        end = self.connect()
        end.send(end.invite(OUT, headers=["Content-Length: 1"]))
        self.refused(end, 400)

    def test_a_length_that_is_no_number_and_much_behind_it(self):
        # What is behind it is never read, and must not cost the answer.
        end = self.connect()
        end.send(end.invite(OUT, values={"Content-Length": "many"}) + "x" * 50_000)
        self.refused(end, 400)
        again = self.connect(5062)
        again.send(again.request("OPTIONS", OUT))
        again.expect(200)

    def test_an_ACK_that_breaks_the_stream_is_not_answered(self):
        end = self.connect()
        end.send(end.request("ACK", OUT, values={"Content-Length": "many"}))
        self.assertEqual(self.is_closed(end), b"")

    def test_a_header_of_100_kB(self):
        end = self.connect()
        try:
            end.send(end.invite(OUT, headers=["X-Long: " + "x" * 100_000]))
        except OSError:
            pass
        said = self.is_closed(end)
        self.assertIsNotNone(said, "the connection must be closed")
        self.assertNotIn(b"SIP/2.0 1", said)

    def test_a_promise_of_a_huge_body(self):
        end = self.connect()
        end.send(end.request("OPTIONS", OUT, values={"Content-Length": "4000000000"}))
        self.refused(end, 513)

    def test_a_ping_is_answered(self):
        end = self.connect()
        end.send(b"\r\n\r\n")
        end.socket.settimeout(2)
        self.assertEqual(end.socket.recv(10), b"\r\n")
        end.send(end.request("OPTIONS", OUT))
        end.expect(200)

    def test_a_connection_that_ends_in_the_middle_of_a_message(self):
        end = self.connect()
        end.send(end.invite(OUT)[:200])
        end.socket.close()
        self.assertTrue(wait_for(lambda: self.counter("tcp.open") == 0))

    def test_a_caller_whose_connection_dies(self):
        # The callee hangs up later: the appliance opens a new connection to the caller's Contact, or gives up; either way the call ends.
        end, b = self.connect(), Endpoint(self.stage.socket(B), self.stage.outside)
        answer, invite, said = answered(end, b, OUT)
        end.socket.close()
        b.send(b.within("BYE", invite, 1, swapped=True))
        b.expect(200)
        self.assertTrue(wait_for(lambda: self.stage.appliance.json("show", "calls")["calls"] == [], 5))

    def test_a_hundred_connections_that_say_nothing(self):
        mute = []
        for _ in range(100):
            made = socket.socket()
            made.bind((self.stage.at(A), 0))
            made.connect(self.stage.inside)
            mute.append(made)
        self.stage.sockets += mute
        end = self.connect()
        end.send(end.request("OPTIONS", OUT))
        end.expect(200)


if __name__ == "__main__":
    unittest.main()
