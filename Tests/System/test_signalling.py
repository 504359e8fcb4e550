"""Calls as SIPp and hand-made messages place them: outcomes, failover, crossings, refusals, on both sides of the appliance."""
import time
import unittest

from scenario import Scenario, answers, calls, is_refused, refuses, sdp
from stage import A, B, C, IN, OUT, SystemTest, wait_for
from wire import Endpoint, answered


class AnsweredCalls(SystemTest):
    def place(self, inside, outside, count=1, rate=10):
        stage = self.stage
        stage.start(inside=inside, outside=outside)
        callee = stage.sipp(answers(), B, transport=outside, calls=count)
        caller = stage.sipp(calls(talk=100), A, stage.inside, transport=inside, called=OUT, calls=count, rate=rate)
        self.assertWent(caller, callee)
        return self.record(count)

    def test_udp_on_both_sides(self):
        record = self.place("udp", "udp")
        self.assertEqual((record["outcome"], record["status"], record["route"]), ("answered", 200, "to-b"))
        self.assertEqual([leg["trunk"] for leg in record["legs"]], ["a", "b"])

    def test_tcp_on_both_sides(self):
        record = self.place("tcp", "tcp")
        self.assertEqual((record["outcome"], record["status"]), ("answered", 200))
        self.assertTrue(all(leg["remote"].startswith("tcp ") for leg in record["legs"]))

    def test_tcp_to_udp(self):
        self.assertEqual(self.place("tcp", "udp")["outcome"], "answered")

    def test_udp_to_tcp(self):
        self.assertEqual(self.place("udp", "tcp")["outcome"], "answered")

    def test_a_hundred_calls_at_twenty_a_second(self):
        records = self.place("udp", "udp", count=100, rate=20)
        self.assertEqual({record["outcome"] for record in records}, {"answered"})
        self.assertEqual(len({record["id"] for record in records}), 100)
        self.assertAlive()

    def test_the_callee_hangs_up(self):
        stage = self.stage
        stage.start()
        callee = stage.sipp(Scenario.callee("leaves").expect("INVITE").answer(180).answer(200, sdp(), retrans=True).expect("ACK").pause(200).bye(), B)
        caller = stage.sipp(
            Scenario.caller("is-left").invite().recv(100, optional=True).recv(180).recv(200).ack().expect("BYE").answer(200, tag=False).linger(),
            A, stage.inside, called=OUT)
        self.assertWent(caller, callee)
        self.assertEqual(self.record()["reason"], "b hung up")

    def test_a_call_from_outside_goes_inside(self):
        stage = self.stage
        stage.start(outside="tcp")
        callee = stage.sipp(answers(), A)
        caller = stage.sipp(calls(), B, stage.outside, transport="tcp", called=IN)
        self.assertWent(caller, callee)
        self.assertEqual(self.record()["route"], "to-a")

    def test_compact_header_names(self):
        stage = self.stage
        stage.start()
        callee = stage.sipp(answers(), B)
        caller = stage.sipp(calls(compact=True), A, stage.inside, called=OUT)
        self.assertWent(caller, callee)
        self.assertNotIn("\nv: SIP/2.0", callee.messages())

    def test_ringing_and_answer_back_to_back_come_in_their_order(self):
        stage = self.stage
        stage.start()
        callee = stage.sipp(answers(), B, calls=20)
        strict = Scenario.caller("strict").invite().recv(100, optional=True).recv(180).recv(200).ack().pause(50).bye()
        caller = stage.sipp(strict, A, stage.inside, called=OUT, calls=20, rate=50)
        self.assertWent(caller, callee)


class Refusals(SystemTest):
    def refused_by_b(self, status, seen=None, headers=""):
        stage = self.stage
        stage.start()
        callee = stage.sipp(refuses(status, headers=headers), B)
        caller = stage.sipp(is_refused(seen or status), A, stage.inside, called=OUT)
        self.assertWent(caller, callee)
        record = self.record()
        self.assertEqual(record["status"], seen or status)
        self.assertEqual([leg["trunk"] for leg in record["legs"]], ["a", "b"], "no other trunk may be tried")
        return record, caller

    def test_busy_passes(self):
        record, caller = self.refused_by_b(486, headers="Reason: Q.850;cause=17")
        self.assertEqual((record["outcome"], record["cause"]), ("busy", 17))
        self.assertIn("Q.850", caller.messages())

    def test_not_found_tries_no_other_trunk(self):
        self.refused_by_b(404)

    def test_decline_tries_no_other_trunk(self):
        self.refused_by_b(603)

    def test_a_challenge_we_have_no_answer_to_becomes_403(self):
        record, caller = self.refused_by_b(401, 403, headers='WWW-Authenticate: Digest realm="b", nonce="n"')
        self.assertNotIn("Digest", caller.messages())

    def test_a_redirection_ends_at_its_leg(self):
        # Followed, by the dial plan of the trunk that sent it, to where no route leads.
        record, caller = self.refused_by_b(302, 404, headers="Contact: <sip:elsewhere@192.0.2.1>")
        self.assertNotIn("192.0.2.1", caller.messages())

    def test_no_route(self):
        self.stage.start()
        caller = self.stage.sipp(is_refused(404), A, self.stage.inside, called="5550100")
        self.assertWent(caller)
        self.assertEqual((self.record()["outcome"], self.record()["status"]), ("refused", 404))

    def test_a_route_without_a_usage_in_common(self):
        self.stage.start()
        caller = self.stage.sipp(is_refused(403), A, self.stage.inside, called=IN)
        self.assertWent(caller)
        self.assertEqual(self.record()["diagnostic"], 12004)
        self.assertIn("12004", caller.messages())


class Failover(SystemTest):
    def second_trunk_answers(self, seconds, more=""):
        """Whatever b does, c takes the call."""
        stage = self.stage
        answering = stage.sipp(answers("second"), C)
        began = time.monotonic()
        caller = stage.sipp(calls(), A, stage.inside, called=OUT)
        self.assertWent(caller)
        self.assertLess(time.monotonic() - began, seconds)
        self.assertWent(answering)
        record = self.record()
        self.assertEqual([leg["trunk"] for leg in record["legs"]], ["a", "b", "c"])
        self.assertEqual((record["outcome"], record["route"]), ("answered", "to-c"))
        return record

    def test_503(self):
        self.stage.start()
        first = self.stage.sipp(refuses(503), B)
        self.second_trunk_answers(3)
        self.assertWent(first)

    def test_500_over_tcp(self):
        self.stage.start(outside="udp", inside="tcp")
        first = self.stage.sipp(refuses(500), B)
        answering = self.stage.sipp(answers("second"), C)
        caller = self.stage.sipp(calls(), A, self.stage.inside, transport="tcp", called=OUT)
        self.assertWent(caller, first, answering)

    def test_nothing_listens_on_the_first_trunk(self):
        self.stage.start()
        self.second_trunk_answers(3)
        trunks = {trunk["name"]: trunk for trunk in self.stage.appliance.json("show", "trunks")["trunks"]}
        self.assertIn("less preferred", trunks["b"]["reason"])

    def test_nothing_listens_on_the_first_trunk_over_tcp(self):
        self.stage.start(outside="tcp")
        answering = self.stage.sipp(answers("second"), C, transport="tcp")
        caller = self.stage.sipp(calls(), A, self.stage.inside, called=OUT)
        self.assertWent(caller, answering)

    def test_the_first_trunk_is_silent(self):
        hole = self.stage.socket(B)
        self.stage.start(more="set trunk-configuration trunk:b progress-timeout 2")
        self.second_trunk_answers(5)
        self.assertTrue(hole.recv(65536).startswith(b"INVITE"))

    def test_a_trying_is_no_progress(self):
        stage = self.stage
        b = Endpoint(stage.socket(B), stage.outside)
        stage.start(more="set trunk-configuration trunk:b progress-timeout 2")
        answering = stage.sipp(answers("second"), C)
        caller = stage.sipp(calls(), A, stage.inside, called=OUT)
        invite = b.expect("INVITE")
        b.respond(invite, 100)
        # A provisional has come, so the attempt that is given up is cancelled.
        cancel = b.expect("CANCEL", ignore=("INVITE",))
        b.respond(cancel, 200)
        ended = b.respond(invite, 487)
        self.assertEqual(b.expect("ACK", ignore=("CANCEL", "INVITE")).tag("to"), ended.tag("to"))
        self.assertWent(caller, answering)

    def test_a_late_answer_of_a_trunk_that_was_given_up_is_ended(self):
        stage = self.stage
        b = Endpoint(stage.socket(B), stage.outside)
        stage.start(more="set trunk-configuration trunk:b progress-timeout 1")
        answering = stage.sipp(answers("second"), C)
        caller = stage.sipp(calls(talk=500), A, stage.inside, called=OUT)
        invite = b.expect("INVITE")
        time.sleep(1.5)
        b.respond(invite, 200, b.sdp())
        b.expect("ACK", ignore=("INVITE",))
        b.respond(b.expect("BYE", ignore=("INVITE", "ACK")), 200)
        self.assertWent(caller, answering)

    def test_a_full_trunk(self):
        stage = self.stage
        stage.start(more="set trunk b max-calls 1\nset trunk c max-calls 1")
        ones = [stage.sipp(answers(), host) for host in (B, C)]
        holders = stage.sipp(calls(talk=3000), A, stage.inside, called=OUT, calls=2, rate=5)
        self.assertTrue(wait_for(lambda: sum(t["calls"] for t in stage.appliance.json("show", "trunks")["trunks"] if t["name"] in "bc") == 2))
        third = Endpoint(stage.socket(A, 5062), stage.inside)
        third.send(third.invite(OUT))
        refusal = third.expect(503)
        self.assertIn("Q.850;cause=34", refusal["reason"].replace(" ", ""))
        third.ack(refusal)
        self.assertWent(holders, *ones)
        self.assertEqual(sorted(record["status"] for record in self.record(3)), [200, 200, 503])


class TwoEnds(SystemTest):
    """A caller and a callee by hand; the caller over `inside`."""

    inside = "udp"

    def setUp(self):
        super().setUp()
        self.stage.start(inside=self.inside)
        self.a = Endpoint(self.stage.socket(A, 5060 if self.inside == "udp" else 5061, self.inside), self.stage.inside, self.inside)
        self.b = Endpoint(self.stage.socket(B), self.stage.outside)


class Limits(TwoEnds):
    def test_a_full_trunk_of_the_caller(self):
        a, b = self.a, self.b
        self.stage.appliance.tandem("set", "trunk", "a", "max-calls", "1")
        self.stage.appliance.tandem("commit")
        answer, _, _ = answered(a, b, OUT)
        a.send(a.invite(OUT))
        refusal = a.expect(503)
        self.assertIn("Q.850;cause=34", refusal["reason"].replace(" ", ""))
        a.ack(refusal)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
        # The place is free again.
        answer, _, _ = answered(a, b, OUT)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
        self.assertEqual(sorted(record["status"] for record in self.record(3)), [200, 200, 503])

    def test_too_many_calls_in_a_second(self):
        a, b = self.a, self.b
        self.stage.appliance.tandem("set", "trunk", "a", "max-call-rate", "5")
        self.stage.appliance.tandem("commit")
        for _ in range(30):
            a.send(a.invite(OUT))
        refused = []
        while (message := a.receive(1)):
            if message.status == 503:
                refused.append(message["call-id"])
                a.ack(message)
        admitted = set()
        while (message := b.receive(0.2)):
            if message.method == "INVITE" and message["call-id"] not in admitted:
                admitted.add(message["call-id"])
                b.respond(message, 486)
        # A bucket of a second's calls; what drips in while thirty arrive is one more at most.
        self.assertIn(len(admitted), (5, 6))
        self.assertEqual(len(set(refused)) + len(admitted), 30)


class Cancelling(TwoEnds):

    def cancel(self, tag, call, branch):
        self.a.send(self.a.request("CANCEL", OUT, tag=tag, call=call, branch=branch, without=("Contact",)))

    def test_before_any_provisional_the_cancel_waits(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT, tag="t", call="early", branch="z9hG4bKearly"))
        invite = b.expect("INVITE")
        self.cancel("t", "early", "z9hG4bKearly")
        self.assertEqual(a.expect(200)["cseq"], "1 CANCEL")
        a.ack(a.expect(487))
        b.silence(0.3, ignore=("INVITE",))
        b.respond(invite, 180)
        b.respond(b.expect("CANCEL", ignore=("INVITE",)), 200)
        b.respond(invite, 487)
        b.expect("ACK")
        self.assertEqual((self.record()["outcome"], self.record()["status"]), ("cancelled", 487))

    def test_while_it_rings(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT, tag="t", call="rings", branch="z9hG4bKrings"))
        invite = b.expect("INVITE")
        b.respond(invite, 180)
        a.expect(180)
        self.cancel("t", "rings", "z9hG4bKrings")
        self.assertEqual(a.expect(200)["cseq"], "1 CANCEL")
        a.ack(a.expect(487))
        cancel = b.expect("CANCEL")
        self.assertEqual((cancel["via"], cancel["call-id"]), (invite["via"], invite["call-id"]))
        b.respond(cancel, 200)
        b.respond(invite, 487)
        b.expect("ACK")
        self.assertEqual(self.record()["outcome"], "cancelled")

    def test_crossing_the_answer(self):
        # CANCEL reaches the appliance before the callee's 200: the callee is let go with ACK and BYE.
        a, b = self.a, self.b
        a.send(a.invite(OUT, tag="t", call="cross", branch="z9hG4bKcross"))
        invite = b.expect("INVITE")
        b.respond(invite, 180)
        a.expect(180)
        self.cancel("t", "cross", "z9hG4bKcross")
        a.expect(200)
        a.ack(a.expect(487))
        cancel = b.expect("CANCEL")
        b.respond(invite, 200, b.sdp())
        b.respond(cancel, 481)
        b.expect("ACK")
        b.respond(b.expect("BYE"), 200)
        self.assertEqual(self.record()["outcome"], "cancelled")

    def test_after_the_answer_it_has_no_effect(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT, tag="t", call="late", branch="z9hG4bKlate"))
        invite = b.expect("INVITE")
        b.respond(invite, 200, b.sdp())
        b.expect("ACK")
        answer = a.expect(200)
        self.cancel("t", "late", "z9hG4bKlate")
        self.assertEqual(a.expect(200, ignore=())["cseq"], "1 CANCEL")
        a.ack(answer)
        b.silence(0.5)
        a.send(a.within("BYE", answer, 2))
        self.assertEqual(a.expect(200)["cseq"], "2 BYE")
        b.respond(b.expect("BYE"), 200)
        self.assertEqual(self.record()["outcome"], "answered")

    def test_with_sipp_on_both_sides(self):
        for one in (self.a, self.b):
            one.socket.close()
        callee = self.stage.sipp(
            Scenario.callee("cancelled").expect("INVITE").answer(180).expect("CANCEL").answer(200).send(
                "SIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]d[call_number]\n[last_Call-ID:]\nCSeq: 1 INVITE\n"
                "Content-Length: 0\n").expect("ACK"), B)
        caller = self.stage.sipp(
            Scenario.caller("cancels").invite().recv(100, optional=True).recv(180).cancel().recv(200).recv(487).ack_refusal().linger(),
            A, self.stage.inside, transport=self.inside, called=OUT)
        self.assertWent(caller, callee)


class CancellingOverTCP(Cancelling):
    inside = "tcp"


class RepeatedMessages(TwoEnds):
    slow = True

    def test_an_invite_sent_again_makes_one_call(self):
        a, b = self.a, self.b
        invite = a.invite(OUT)
        for _ in range(3):
            a.send(invite)
        theirs = b.expect("INVITE")
        b.respond(theirs, 486)
        b.expect("ACK")
        a.ack(a.expect(486))
        b.silence(0.3)
        self.assertEqual(len(self.stage.appliance.json("show", "calls", "history")["calls"]), 1)

    def test_an_answer_sent_again_is_acknowledged_again(self):
        a, b = self.a, self.b
        answer, invite, said = answered(a, b, OUT)
        for _ in range(2):
            b.send(said.data)
            b.expect("ACK")
        a.silence(0.3)
        self.assertEqual(len(self.stage.appliance.json("show", "calls")["calls"]), 1)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
        self.assertEqual(self.record()["outcome"], "answered")

    def test_the_answer_is_repeated_until_its_ack(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT))
        b.respond(b.expect("INVITE"), 200, b.sdp())
        b.expect("ACK")
        first = a.expect(200)
        again = a.expect(200, seconds=1)
        self.assertEqual(first.data, again.data)
        a.ack(again)
        a.silence(1.5)
        a.send(a.within("BYE", first, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)

    def test_a_call_whose_answer_is_never_acknowledged_is_ended(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT))
        b.respond(b.expect("INVITE"), 200, b.sdp())
        b.expect("ACK")
        began = time.monotonic()
        bye = b.expect("BYE", seconds=40)
        self.assertAlmostEqual(time.monotonic() - began, 32, delta=2)
        b.respond(bye, 200)
        a.respond(a.expect("BYE", seconds=5, ignore=(100, 200)), 200)
        self.assertEqual(self.record()["cause"], 102)

    def test_merged_requests(self):
        # The same request by two ways: another branch, the rest alike (RFC 3261 8.2.2.2).
        a, b = self.a, self.b
        same = {"call": "merged", "tag": "t"}
        a.send(a.invite(OUT, **same))
        theirs = b.expect("INVITE")
        a.send(a.invite(OUT, **same))
        merged = a.expect(482)
        a.ack(merged)
        b.respond(theirs, 486)
        b.expect("ACK")
        a.ack(a.expect(486))
        b.silence(0.3)


class Requests(SystemTest):
    """What is refused before any routing, and what is answered without a call."""

    def setUp(self):
        super().setUp()
        self.stage.start()
        self.a = Endpoint(self.stage.socket(A), self.stage.inside)

    def ask(self, method, status, **options):
        self.a.send(self.a.request(method, OUT, **options))
        answer = self.a.expect(status)
        self.assertTrue(answer.tag("to"))
        if method == "INVITE":
            self.a.ack(answer)
        return answer

    def test_options(self):
        answer = self.ask("OPTIONS", 200)
        for method in ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REFER", "NOTIFY", "INFO"):
            self.assertIn(method, answer["allow"])
        self.assertIn("application/sdp", answer["accept"])

    def test_an_unknown_method(self):
        self.ask("FLY", 501)

    def test_known_methods_that_are_not_served(self):
        for method in ("REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH"):
            with self.subTest(method):
                self.assertIn("INVITE", self.ask(method, 405)["allow"])

    def test_methods_of_a_call_outside_any(self):
        for method in ("REFER", "INFO", "NOTIFY"):
            with self.subTest(method):
                self.ask(method, 481)

    def test_an_invite_without_an_offer(self):
        self.ask("INVITE", 488)
        self.assertEqual(self.record()["status"], 488)

    def test_what_is_required_and_unknown(self):
        answer = self.ask("INVITE", 420, headers=["Require: 100rel, precondition"], body=self.a.sdp())
        self.assertEqual(answer.all("unsupported"), ["100rel", "precondition"])

    def test_max_forwards_used_up(self):
        self.ask("INVITE", 483, body=self.a.sdp(), values={"Max-Forwards": "0"})

    def test_max_forwards_goes_down_by_one(self):
        b = Endpoint(self.stage.socket(B), self.stage.outside)
        self.a.send(self.a.invite(OUT, values={"Max-Forwards": "12"}))
        invite = b.expect("INVITE")
        self.assertEqual(invite["max-forwards"], "11")
        b.respond(invite, 486)
        b.expect("ACK")

    def test_another_body(self):
        answer = self.ask("INVITE", 415, body="hello", values={"Content-Type": "text/plain"})
        self.assertEqual(answer["accept"], "application/sdp")

    def test_an_encoded_body(self):
        self.ask("INVITE", 415, body="hello", headers=["Content-Encoding: gzip"])

    def test_a_scheme_that_is_not_served(self):
        self.ask("INVITE", 416, body=self.a.sdp(), uri="mailto:a@example.com")

    def test_a_tel_uri_is_routed(self):
        b = Endpoint(self.stage.socket(B), self.stage.outside)
        self.a.send(self.a.invite(OUT, uri="tel:+1-202-555-0123"))
        invite = b.expect("INVITE")
        self.assertTrue(invite.first.startswith(f"INVITE sip:{OUT}@"), invite.first)
        b.respond(invite, 486)
        b.expect("ACK")

    def test_video_alone_is_no_call(self):
        self.ask("INVITE", 488, body=self.a.sdp().replace("RTP/AVP", "TCP/BFCP"))

    def test_a_bye_without_a_call(self):
        self.ask("BYE", 481, to_tag="nobody")
        self.ask("BYE", 481)

    def test_a_cancel_without_a_call(self):
        self.a.send(self.a.request("CANCEL", OUT))
        self.a.expect(481)


class Renegotiation(TwoEnds):
    def setUp(self):
        super().setUp()
        self.answer, self.invite, self.said = answered(self.a, self.b, OUT)

    def leave(self, sequence=9):
        self.a.send(self.a.within("BYE", self.answer, sequence))
        self.a.expect(200)
        self.b.respond(self.b.expect("BYE"), 200)

    def test_hold_and_resume_by_the_caller(self):
        a, b = self.a, self.b
        for sequence, (offer, answer) in ((2, ("sendonly", "recvonly")), (3, ("sendrecv", "sendrecv"))):
            a.send(a.within("INVITE", self.answer, sequence, a.sdp() + f"a={offer}\r\n"))
            theirs = b.expect("INVITE")
            self.assertIn(f"a={offer}" if offer != "sendrecv" else "m=audio", theirs.body)
            b.respond(theirs, 200, b.sdp() + f"a={answer}\r\n")
            b.expect("ACK")
            ours = a.expect(200)
            if answer != "sendrecv":
                self.assertIn(f"a={answer}", ours.body)
            a.ack(ours)
        self.leave()

    def test_hold_by_the_callee(self):
        a, b = self.a, self.b
        b.send(b.within("INVITE", self.invite, 1, b.sdp() + "a=sendonly\r\n", swapped=True))
        theirs = a.expect("INVITE")
        self.assertIn("a=sendonly", theirs.body)
        a.respond(theirs, 200, a.sdp() + "a=recvonly\r\n")
        a.expect("ACK")
        ours = b.expect(200)
        self.assertIn("a=recvonly", ours.body)
        b.ack(ours)
        self.leave()

    def test_glare(self):
        # Both sides offer at once: each gets 491, and the call stays as it was (RFC 3261 14.2).
        a, b = self.a, self.b
        mine = b.within("INVITE", self.invite, 1, b.sdp() + "a=sendonly\r\n", swapped=True)
        a.send(a.within("INVITE", self.answer, 2, a.sdp() + "a=sendonly\r\n"))
        theirs = b.expect("INVITE")
        b.send(mine)
        refusal = b.expect(491)
        b.ack(refusal)
        b.respond(theirs, 491)
        b.expect("ACK")
        # Ours is sent again after its pause; now it is taken.
        again = b.expect("INVITE", seconds=6)
        b.respond(again, 200, b.sdp() + "a=recvonly\r\n")
        b.expect("ACK")
        ours = a.expect(200, seconds=2)
        a.ack(ours)
        self.leave()

    def test_a_refused_offer_leaves_the_call_as_it_was(self):
        a, b = self.a, self.b
        a.send(a.within("INVITE", self.answer, 2, a.sdp() + "a=sendonly\r\n"))
        theirs = b.expect("INVITE")
        b.respond(theirs, 488)
        b.expect("ACK")
        a.ack(a.expect(488))
        self.assertEqual(len(self.stage.appliance.json("show", "calls")["calls"]), 1)
        self.leave()

    def test_options_in_the_dialog(self):
        self.a.send(self.a.within("OPTIONS", self.answer, 2))
        self.assertEqual(self.a.expect(200)["cseq"], "2 OPTIONS")
        self.leave()

    def test_a_request_out_of_order(self):
        self.a.send(self.a.within("OPTIONS", self.answer, 5))
        self.a.expect(200)
        self.a.send(self.a.within("OPTIONS", self.answer, 4))
        self.a.expect(500)
        self.leave()

    def test_byes_that_cross(self):
        a, b = self.a, self.b
        a.send(a.within("BYE", self.answer, 2))
        theirs = b.expect("BYE")
        b.send(b.within("BYE", self.invite, 1, swapped=True))
        b.respond(theirs, 200)
        self.assertEqual(b.expect(200)["cseq"], "1 BYE")
        a.expect(200)
        self.assertEqual(self.record()["outcome"], "answered")

    def test_a_request_with_wrong_tags_is_no_part_of_the_call(self):
        a = self.a
        a.send(a.within("BYE", self.answer, 2).replace(f";tag={self.answer.tag('to')}", ";tag=guessed"))
        a.expect(481)
        a.send(a.within("BYE", self.answer, 3).replace(f";tag={self.answer.tag('from')}", ";tag=guessed"))
        a.expect(481)
        self.leave()


class RenegotiationOverTCP(Renegotiation):
    inside = "tcp"


if __name__ == "__main__":
    unittest.main()
