"""Calls with sound: what one endpoint plays is what the other hears, sample by sample, over every pair of transports, through hold and before the answer."""
import time
import unittest

import audio
from scenario import Scenario
from stage import A, B, IN, OUT, SystemTest, claim_ports
from wire import Endpoint, answered, media_address, rtp

TALK = 3.0
BANDS = {"a": (300, 1500), "b": (1700, 3300)}

# baresip lets the kernel choose its source address: listeners tell the two apart.
CONFIGURATION = """
set interface lan address 127.0.0.1/8
set listener inside interface lan port {in_port} transport {inside}
set listener outside interface lan port {out_port} transport {outside}
set media-realm m interface lan ports {low}-{high}
set peer a type ip-pbx address 127.0.0.1 port {a_port} transport {inside} options-interval 0
set peer b type itsp address 127.0.0.1 port {b_port} transport {outside} options-interval 0
set trunk a peer a listener inside media-realm m
set trunk b peer b listener outside media-realm m
set pstn-usage [ Out In ]
set trunk-configuration trunk:a pstn-usage Out
set trunk-configuration trunk:b pstn-usage In
set voice-route to-b pattern '^\\+1' pstn-usage Out trunk b
set voice-route to-a pattern '^\\+49' pstn-usage In trunk a
"""


class TalkingTest(SystemTest):
    def begin(self, inside, outside, seconds=12):
        stage = self.stage
        first, lock = claim_ports()
        stage.sockets.append(lock)
        in_port, out_port, a_port, b_port = first + 2, first + 4, first + 6, first + 8
        stage.start(CONFIGURATION.format(**locals(), low=first + 20, high=first + 99))
        self.played = {}
        for name, (low, high) in BANDS.items():
            self.played[name] = stage.folder / f"{name}.wav"
            audio.chirp(self.played[name], low, high, seconds)
        self.a = stage.baresip("a", IN, a_port, first + 10, (first + 100, first + 199), in_port, self.played["a"], inside)
        self.b = stage.baresip("b", OUT, b_port, first + 11, (first + 200, first + 299), out_port, self.played["b"], outside)

    def dial(self, caller, number):
        caller.dial(f"sip:{number}@127.0.0.1")
        self.assertTrue(caller.wait_for("CALL_ESTABLISHED", 10), "the call was not answered")

    def leave(self, who, other):
        who.hang_up()
        self.assertTrue(other.wait_for("CALL_CLOSED", 5), "the other side did not hear of the end")
        time.sleep(0.2)

    def assertHeard(self, listener, speaker):
        heard = listener.heard()
        self.assertTrue(heard, f"{listener.folder.name} recorded nothing")
        verdict = audio.compare(self.played[speaker.folder.name], heard)
        self.assertTrue(verdict.good, f"{listener.folder.name} hearing {speaker.folder.name}: {verdict}")


class Sound(TalkingTest):
    def talk(self, inside, outside, outwards=True):
        self.begin(inside, outside)
        caller, callee, number = (self.a, self.b, OUT) if outwards else (self.b, self.a, IN)
        self.dial(caller, number)
        time.sleep(TALK)
        self.leave(caller, callee)
        self.assertHeard(self.a, self.b)
        self.assertHeard(self.b, self.a)
        record = self.record()
        self.assertEqual((record["outcome"], record["media"]), ("answered", "relay"))
        self.assertEqual([stream["lost"] for stream in record["streams"]], [0, 0])
        self.assertGreater(min(stream["packets"] for stream in record["streams"]), 50 * (TALK - 1))

    def test_udp_on_both_sides(self):
        self.talk("udp", "udp")

    def test_tcp_on_both_sides(self):
        self.talk("tcp", "tcp")

    def test_tcp_inside_and_udp_outside(self):
        self.talk("tcp", "udp")

    def test_from_tcp_outside_to_udp_inside(self):
        self.talk("udp", "tcp", outwards=False)


class Hold(TalkingTest):
    def packets(self):
        """Received from the caller and from the callee."""
        flows = self.stage.appliance.json("show", "media")["flows"]
        return [sum(stream["packets"] for flow in flows for stream in flow["streams"] if stream["side"] == side) for side in ("in", "out")]

    def hold_and_resume(self, holder, other):
        # baresip 1.0 records nothing after a resume; what is heard then is tested below, here it is counted.
        self.dial(self.a, OUT)
        time.sleep(1)
        holder.send("hold")
        time.sleep(0.5)
        before = self.packets()
        self.assertGreater(min(before), 10)
        time.sleep(1)
        quiet = 1 if holder is self.a else 0
        self.assertLessEqual(self.packets()[quiet] - before[quiet], 1, "the side on hold must have been told")
        holder.send("resume")
        time.sleep(0.5)
        before = self.packets()
        time.sleep(2)
        for side in (0, 1):
            self.assertGreater(self.packets()[side] - before[side], 80)
        self.leave(self.a, self.b)
        record = self.record()
        self.assertEqual((record["outcome"], record["cause"]), ("answered", 16))
        self.assertEqual([stream["lost"] for stream in record["streams"]], [0, 0])

    def test_by_the_caller(self):
        self.begin("udp", "udp")
        self.hold_and_resume(self.a, self.b)

    def test_by_the_callee_over_tcp(self):
        self.begin("udp", "tcp")
        self.hold_and_resume(self.b, self.a)


class SoundAfterHold(SystemTest):
    def test_every_packet_after_the_resume_arrives_as_it_was_sent(self):
        stage = self.stage
        stage.start()
        a, b = Endpoint(stage.socket(A), stage.inside), Endpoint(stage.socket(B), stage.outside)
        answer, invite, _ = answered(a, b, OUT)
        ends = [(stage.socket(A, 6000), media_address(answer), 0x1111), (stage.socket(B, 6000), media_address(invite), 0x2222)]
        self.talk(ends, 0)
        for sequence, direction, reply in ((2, "sendonly", "recvonly"), (3, "sendrecv", "sendrecv")):
            a.send(a.within("INVITE", answer, sequence, a.sdp() + f"a={direction}\r\n"))
            b.respond(b.expect("INVITE"), 200, b.sdp() + f"a={reply}\r\n")
            b.expect("ACK")
            a.ack(a.expect(200))
        self.talk(ends, 1000)
        a.send(a.within("BYE", answer, 4))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)

    def talk(self, ends, first):
        """Both speak at once; each must hear the other byte by byte, in order."""
        sent = [[rtp(first + n, ssrc, bytes([n, side]) * 80) for n in range(50)] for side, (_, _, ssrc) in enumerate(ends)]
        for n in range(50):
            for (made, towards, _), packets in zip(ends, sent):
                made.sendto(packets[n], towards)
            time.sleep(0.005)
        for (made, _, _), packets in zip(ends, reversed(sent)):
            made.settimeout(1)
            self.assertEqual([made.recv(2048) for _ in packets], packets)


class EarlyMedia(SystemTest):
    def test_what_the_callee_plays_before_the_answer_reaches_the_caller(self):
        stage = self.stage
        stage.start()
        sound = stage.folder / "early.raw"
        sound.write_bytes(bytes(n * 7 % 251 for n in range(8000)))
        body = ("v=0\no=u 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\nm=audio [rtpstream_audio_port] RTP/AVP 0\n"
                "a=rtpmap:0 PCMU/8000\n")
        callee = stage.sipp(
            Scenario.callee("plays-early").expect("INVITE").answer(183, body)
            .step(f'<nop><action><exec rtp_stream="{sound},1,0"/></action></nop>').pause(1500)
            .send("SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]d[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
                  "Contact: <sip:callee@[local_ip]:[local_port]>\nContent-Type: application/sdp\nContent-Length: [len]\n\n" + body, retrans=True)
            .expect("ACK").expect("BYE").answer(200, tag=False).linger(), B)
        caller = Endpoint(stage.socket(A), stage.inside)
        ear = stage.socket(A, 6000)
        caller.send(caller.invite(OUT))
        progress = caller.expect(183)
        self.assertIn("m=audio", progress.body)
        self.assertIn(stage.at(1), progress.body)
        heard = []
        ear.settimeout(1)
        while len(heard) < 40:
            heard.append(ear.recv(2048))
        # All of this came before the answer.
        caller.silence(0.05)
        wanted = sound.read_bytes()
        self.assertTrue(all(wanted.find(packet[12:]) >= 0 for packet in heard), "other bytes than were played")
        self.assertEqual({packet[1] & 0x7F for packet in heard}, {0})
        answer = caller.expect(200)
        caller.ack(answer)
        caller.send(caller.within("BYE", answer, 2))
        caller.expect(200)
        self.assertWent(callee)


if __name__ == "__main__":
    unittest.main()
