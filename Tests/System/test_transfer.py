"""Transfers, redirections and session timers through the daemon, endpoints by hand."""
from stage import A, B, C, OUT, SystemTest
from wire import Endpoint, answered, word

ELSEWHERE = "+442012345678"


class Transfers(SystemTest):
    def three(self, more=""):
        """a and b in a call, c outside of it; numbers in +44 lead to c, for a and for b."""
        stage = self.stage
        stage.start(more=f"""
set pstn-usage Third
set voice-route to-elsewhere pattern '^\\+44\\d+$' priority 1 pstn-usage Third trunk c
set trunk-configuration trunk:a pstn-usage Third
set trunk-configuration trunk:b pstn-usage Third
{more}""")
        return Endpoint(stage.socket(A), stage.inside), Endpoint(stage.socket(B), stage.outside), Endpoint(stage.socket(C), stage.outside)

    def told(self, transferor, status):
        """NOTIFYs until that status."""
        while True:
            notify = transferor.expect("NOTIFY", seconds=8)
            transferor.respond(notify, 200, tag="")
            if notify.body.startswith(f"SIP/2.0 {status}"):
                return notify

    def test_the_called_side_transfers_the_caller(self):
        a, b, c = self.three()
        answer, invite, _ = answered(a, b, OUT)
        b.send(b.within("REFER", invite, 1, swapped=True, headers=(f"Refer-To: <sip:{ELSEWHERE}@anywhere.example>",)))
        b.expect(202)
        to_c = c.expect("INVITE")
        self.assertNotIn("anywhere", str(to_c))
        c.respond(to_c, 180)
        c.respond(to_c, 200, c.sdp(6400))
        c.expect("ACK")
        asked = a.expect("INVITE")
        self.assertEqual(asked["call-id"], answer["call-id"])
        a.respond(asked, 200, a.sdp())
        a.expect("ACK")
        last = self.told(b, 200)
        self.assertTrue(last["subscription-state"].startswith("terminated"))
        b.respond(b.expect("BYE"), 200)
        self.assertEqual(len(self.stage.appliance.json("show", "calls")["calls"]), 1)
        c.send(c.within("BYE", to_c, 1, swapped=True))
        c.expect(200)
        a.respond(a.expect("BYE"), 200)
        self.assertEqual([leg["trunk"] for leg in self.record()["legs"]], ["a", "b", "c"])

    def test_a_transfer_that_fails_leaves_the_call(self):
        a, b, c = self.three()
        answer, invite, _ = answered(a, b, OUT)
        b.send(b.within("REFER", invite, 1, swapped=True, headers=(f"Refer-To: <sip:{ELSEWHERE}@x>",)))
        b.expect(202)
        to_c = c.expect("INVITE")
        c.respond(to_c, 486)
        c.expect("ACK")
        self.told(b, 486)
        a.silence()
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
        self.assertEqual(self.record()["outcome"], "answered")

    def test_an_attended_transfer_joins_two_calls(self):
        a, b, c = self.three()
        first, invite, _ = answered(a, b, OUT)
        second, to_c, _ = answered(a, c, ELSEWHERE)
        tags = (second.tag("to"), second.tag("from"))
        a.send(a.within("REFER", first, 2, headers=(
            f"Refer-To: <sip:{ELSEWHERE}@x?Replaces={second['call-id']}%3Bto-tag%3D{tags[0]}%3Bfrom-tag%3D{tags[1]}>",)))
        a.expect(202)
        asked = c.expect("INVITE")
        c.respond(asked, 200, c.sdp(6400))
        c.expect("ACK")
        seen = set()
        while len(seen) < 3:
            message = a.expect("NOTIFY", "BYE", seconds=8)
            a.respond(message, 200, tag="")
            if message.method == "BYE":
                seen.add(message["call-id"])
            elif message.body.startswith("SIP/2.0 200"):
                seen.add("told")
        self.assertEqual(seen, {"told", first["call-id"], second["call-id"]})
        b.send(b.within("BYE", invite, 5, swapped=True))
        b.expect(200, "INVITE")
        c.respond(c.expect("BYE"), 200)
        self.record(2)

    def test_a_302_is_followed(self):
        a, b, c = self.three()
        a.send(a.invite(OUT))
        invite = b.expect("INVITE")
        b.respond(invite, 302, headers=(f"Contact: <sip:{ELSEWHERE}@anywhere.example>",))
        b.expect("ACK")
        to_c = c.expect("INVITE")
        c.respond(to_c, 200, c.sdp())
        c.expect("ACK")
        answer = a.expect(200)
        a.acknowledge(answer)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        c.respond(c.expect("BYE"), 200)

    def test_a_302_to_itself_ends(self):
        a, b, _ = self.three("set trunk-configuration trunk:b pstn-usage First")
        a.send(a.invite(OUT))
        b.respond(b.expect("INVITE"), 302, headers=(f"Contact: <sip:{OUT}@anywhere.example>",))
        b.expect("ACK")
        a.ack(a.expect(480))


class SessionTimers(SystemTest):
    def test_what_is_asked_and_what_is_answered(self):
        stage = self.stage
        stage.start(more="set trunk-configuration trunk:b session-timer true session-expires 600")
        a, b = Endpoint(stage.socket(A), stage.inside), Endpoint(stage.socket(B), stage.outside)
        a.send(a.invite(OUT, headers=("Supported: timer", "Session-Expires: 60")))
        short = a.expect(422)
        self.assertEqual(short["min-se"], "90")
        a.ack(short)
        call = word()
        a.send(a.invite(OUT, call=call, headers=("Supported: timer", "Session-Expires: 400;refresher=uac")))
        invite = b.expect("INVITE")
        self.assertEqual(invite["session-expires"], "600")
        b.respond(invite, 422, headers=("Min-SE: 900",))
        b.expect("ACK")
        longer = b.expect("INVITE")
        self.assertEqual((longer["session-expires"], longer["min-se"], longer["call-id"]), ("900", "900", invite["call-id"]))
        b.respond(longer, 200, b.sdp(), headers=("Require: timer", "Session-Expires: 900;refresher=uas"))
        b.expect("ACK")
        answer = a.expect(200)
        self.assertEqual((answer["session-expires"], answer["require"]), ("400;refresher=uac", "timer"))
        a.acknowledge(answer)
        a.send(a.within("INVITE", answer, 2, body=a.sdp(), headers=("Supported: timer", "Session-Expires: 400;refresher=uac")))
        again = a.expect(200)
        self.assertEqual((again.body, again["session-expires"]), (answer.body, "400;refresher=uac"))
        a.acknowledge(again)
        b.silence()
        a.send(a.within("BYE", answer, 3))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
