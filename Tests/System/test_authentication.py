"""Digest authentication: Kamailio as a provider that challenges, and endpoints that ask for what is not theirs."""
import subprocess
import time
import unittest

import kamailio
from scenario import Scenario, answers, calls, is_refused, refuses, sdp
from stage import A, B, C, OUT, STRANGER, SystemTest, is_bound, needed, wait_for

# Behind the provider.
CALLEE = 9
PASSWORD = "zanzibar-8"


def account(password=PASSWORD, peer="b", more=""):
    return f"set peer {peer} auth-user tandem auth-password {password} {more}\n"


class Provider(SystemTest):
    def provider(self, **options):
        needed(self, kamailio.is_installed(), "needs the package kamailio")
        stage = self.stage
        run = kamailio.Kamailio(stage.folder / "kamailio", stage.at(B), stage.at(CALLEE), PASSWORD, prefix=stage.prefix, **options)
        self.addCleanup(run.stop)
        self.assertTrue(wait_for(lambda: is_bound(stage.at(B), 5060, "udp"), 10), run.output())
        return run

    def call(self, count=1):
        callee = self.stage.sipp(answers(), CALLEE, calls=count)
        caller = self.stage.sipp(calls(), A, self.stage.inside, called=OUT, calls=count)
        self.assertWent(caller, callee)
        return callee

    def test_invite_and_bye_are_challenged_and_the_next_call_proves_itself_at_once(self):
        provider = self.provider()
        self.stage.start(more=account())
        callee = self.call()
        self.assertEqual(self.record()["outcome"], "answered")
        seen = provider.seen()
        self.assertEqual([line for line in seen if not line.startswith("ACK")], ["INVITE without proof", "INVITE of tandem", "BYE of tandem"])
        # The ACK of the 407 ends there unseen; that of the 2xx has the INVITE's.
        proofs = [line.split()[1:] for line in seen if line.startswith("ACK")]
        self.assertTrue(proofs and all(proofs), proofs)
        self.assertNotIn("Authorization", callee.messages())
        self.call()
        self.record(2)
        self.assertEqual([line for line in provider.seen() if not line.startswith("ACK")][3:], ["INVITE of tandem", "BYE of tandem"])
        self.assertEqual(self.stage.appliance.counter("challenge.answered"), 1)

    def test_a_nonce_that_is_too_old_is_renewed(self):
        provider = self.provider(lifetime=1)
        self.stage.start(more=account())
        callee = self.stage.sipp(answers(), CALLEE)
        caller = self.stage.sipp(calls(talk=3500), A, self.stage.inside, called=OUT)
        self.assertWent(caller, callee)
        self.assertEqual(
            [line for line in provider.seen() if not line.startswith("ACK")],
            ["INVITE without proof", "INVITE of tandem", "BYE without proof", "BYE of tandem"])

    def test_sha_256(self):
        provider = self.provider(algorithm="SHA-256")
        self.stage.start(more=account(more="auth-algorithm [ sha-256 sha-512-256 ]"))
        self.call()
        self.assertIn("INVITE of tandem", provider.seen())

    def test_nobody_talks_us_down_to_md5(self):
        provider = self.provider()
        self.stage.start(more=account(more="auth-algorithm sha-256"))
        caller = self.stage.sipp(is_refused(403), A, self.stage.inside, called=OUT)
        self.assertWent(caller)
        self.assertNotIn("INVITE of tandem", provider.seen())
        self.assertIn("auth-algorithm", self.record()["reason"])

    def test_fifty_calls_share_a_nonce(self):
        self.provider()
        self.stage.start(more=account())
        self.call(count=50)
        self.assertEqual({record["outcome"] for record in self.record(50)}, {"answered"})

    def test_a_wrong_password_is_said_and_never_shown(self):
        self.provider()
        appliance = self.stage.start(more=account("swordfish-3"))
        caller = self.stage.sipp(is_refused(403), A, self.stage.inside, called=OUT)
        self.assertWent(caller)
        record = self.record()
        self.assertEqual((record["outcome"], record["status"]), ("refused", 403))
        self.assertEqual(record["reason"], 'b refused our credentials (407, realm "provider.example"): check auth-user and auth-password')
        self.assertIn("refused our credentials", appliance.tandem("show", "peers"))
        told = appliance.output() + appliance.tandem("show", "call", record["id"]) + appliance.tandem("show", "call", record["id"], "ladder")
        told += appliance.tandem("--json", "show", "call", record["id"]) + appliance.tandem("show", "system") + caller.messages()
        self.assertNotIn("swordfish-3", told)
        self.assertNotIn("response=", told)


class Leaks(SystemTest):
    """Credentials belong to trunk b and go to b's addresses; nothing that others say changes that."""

    def test_another_trunk_that_names_our_realm_gets_nothing(self):
        self.stage.start(more=account() + "set trunk-configuration trunk:b failover-code 400-599\n")
        first = self.stage.sipp(refuses(503), B)
        asks = 'Proxy-Authenticate: Digest realm="provider.example", nonce="n", qop="auth"'
        second = self.stage.sipp(refuses(407, headers=asks), C)
        caller = self.stage.sipp(is_refused(403), A, self.stage.inside, called=OUT)
        self.assertWent(caller, first, second)
        self.assertNotIn("Authorization", second.messages())
        self.assertIn("has none here: set trunk c auth-user", self.record()["reason"])

    def test_the_callers_leg_that_challenges_our_bye_gets_nothing(self):
        self.stage.start(more=account())
        asks = 'WWW-Authenticate: Digest realm="provider.example", nonce="n", qop="auth"'
        callee = self.stage.sipp(Scenario.callee("leaves").expect("INVITE").answer(200, sdp(), retrans=True).expect("ACK").pause(200).bye(), B)
        caller = self.stage.sipp(
            Scenario.caller("asks").invite().recv(100, optional=True).recv(200).ack().expect("BYE").answer(401, headers=asks, tag=False).linger(1000),
            A, self.stage.inside, called=OUT)
        self.assertWent(caller, callee)
        self.assertNotIn("Authorization", caller.messages())
        self.assertEqual(caller.messages().count("BYE sip:"), 1)
        self.record()

    def test_a_challenge_from_somebody_else_gets_nothing(self):
        """It has everything right but the address it comes from: a stranger is not heard, another trunk's peer is given nothing."""
        stage = self.stage
        stage.start(more=account())
        provider, other, stranger = stage.socket(B), stage.socket(C), stage.socket(STRANGER)
        caller = stage.sipp(is_refused(403), A, stage.inside, called=OUT)
        invite = provider.recv(4000).decode()
        kept = [line + (";tag=x" if line.startswith("To:") else "") for line in invite.split("\r\n") if line.split(":")[0] in (
            "Via", "From", "To", "Call-ID", "CSeq")]
        challenge = 'Proxy-Authenticate: Digest realm="provider.example", nonce="n"'
        refusal = "\r\n".join(["SIP/2.0 407 Said", *kept, challenge, "Content-Length: 0", "", ""]).encode()
        stranger.sendto(refusal, stage.outside)
        time.sleep(0.3)
        self.assertNotIn("403", caller.messages())
        other.sendto(refusal, stage.outside)
        self.assertWent(caller)
        heard = ""
        for one in (provider, other, stranger):
            one.settimeout(0.3)
            try:
                while True:
                    heard += one.recv(4000).decode()
            except TimeoutError:
                pass
        self.assertIn("ACK", heard)
        self.assertNotIn("Authorization", heard)
        self.assertEqual(stage.appliance.counter("challenge.foreign"), 1)
        self.record()


if __name__ == "__main__":
    unittest.main()
