"""SIP over TLS: who is let in, who is called, and what happens when a certificate is not what it should be."""
import os
import socket
import ssl
import time

import audio
from certificates import Authority, Secure, accept, client_context, connect, server_context
from stage import A, B, C, IN, OUT, STRANGER, TANDEM, SystemTest, claim_ports, wait_for
from wire import Endpoint


class TLSTest(SystemTest):
    """Peer a by UDP inside; peers b and c by TLS outside."""

    def setUp(self):
        super().setUp()
        self.authority = Authority(self.stage.folder / "tls")
        self.own = self.authority.issue("sbc", "DNS:sbc.example.com")
        self.b = self.authority.issue("b", "DNS:b.example.com")
        self.c = self.authority.issue("c", "DNS:c.example.com")

    def configuration(self, more="", inside="udp", outside="tls"):
        at = self.stage.at
        return self.stage.configuration(inside, outside).replace(f"port 5070 transport {outside}", f"port 5070 transport {outside} certificate own") + f"""
set certificate own chain-file {self.own[0]} key-file {self.own[1]} trust-file {self.authority.file}
set peer b certificate-name b.example.com
set peer c certificate-name c.example.com
{more}
"""

    def start(self, more="", **options):
        return self.stage.start(self.configuration(more, **options))

    def dial(self, host=B, identity=None, port=0, trust=None, server_name=None, **context):
        """A TLS connection from a host of the block."""
        made = self.stage.socket(host, port, "tcp")
        return connect(
            made, self.stage.outside, client_context(trust or self.authority.file, self.b if identity is None else identity or None, **context), server_name)

    def listening(self, host, port=5060):
        made = self.stage.socket(host, port, "tcp")
        made.listen(8)
        return made

    def insider(self):
        return Endpoint(self.stage.socket(A), self.stage.inside)

    def assertServed(self, endpoint):
        endpoint.send(endpoint.request("OPTIONS", "x"))
        self.assertEqual(endpoint.expect(200).status, 200)

    def assertRefused(self, reason, *dialled, **options):
        """The handshake fails, or the connection ends before anything is answered; and it is counted and said."""
        before = self.stage.appliance.counter(f"tls.failed.{reason}")
        try:
            endpoint = self.dial(*dialled, **options)
            endpoint.send(endpoint.request("OPTIONS", "x"))
            self.assertIsNone(endpoint.receive(3))
        except (ssl.SSLError, ConnectionError, OSError):
            pass
        self.assertTrue(wait_for(lambda: self.stage.appliance.counter(f"tls.failed.{reason}") > before), f"tls.failed.{reason}")


class TLSHandshakes(TLSTest):
    def test_a_peer_with_its_certificate_is_served(self):
        self.start()
        endpoint = self.dial()
        self.assertEqual(endpoint.socket.version(), "TLSv1.3")
        self.assertServed(endpoint)
        self.assertServed(endpoint)

    def test_tls_1_2_is_spoken_and_1_1_is_not(self):
        self.start()
        endpoint = self.dial(newest=ssl.TLSVersion.TLSv1_2)
        self.assertEqual(endpoint.socket.version(), "TLSv1.2")
        self.assertServed(endpoint)
        self.assertRefused("protocol-version", newest=ssl.TLSVersion.TLSv1_1)

    def test_certificates_that_are_refused(self):
        other = Authority(self.stage.folder / "other", "other")
        self.start()
        name = "DNS:b.example.com"
        made = {
            "no-certificate": False,
            "expired": self.authority.issue("expired", name, start="20200101000000Z", end="20210101000000Z"),
            "not-yet-valid": self.authority.issue("early", name, start="20900101000000Z"),
            "unknown-authority": other.issue("stranger", name),
            "self-signed": self.authority.issue("self", name, own=True),
            "wrong-name": self.c,
            "wrong-use": self.authority.issue("mail", name, usage="emailProtection"),
        }
        for reason, identity in made.items():
            with self.subTest(reason):
                self.assertRefused(reason, identity=identity)
        with self.subTest("common name"):
            self.assertRefused("wrong-name", identity=self.authority.issue("cn", subject="/CN=b.example.com"))
        self.assertIn("certificate of peer b expired on 2021-01-01", self.stage.appliance.output())
        self.assertServed(self.dial())

    def test_certificates_that_are_taken(self):
        self.start()
        for name, words, usage in [
            ("server", ["DNS:b.example.com"], "serverAuth"), ("client", ["DNS:b.example.com"], "clientAuth"), ("none", ["DNS:b.example.com"], None),
            ("uri", ["URI:sip:b.example.com", "DNS:x.example.com"], "serverAuth"), ("wild", ["DNS:*.example.com"], "serverAuth"),
            ("several", ["DNS:a.example.com", "DNS:B.Example.Com"], "serverAuth"),
        ]:
            with self.subTest(name):
                endpoint = self.dial(identity=self.authority.issue(name, *words, usage=usage))
                self.assertServed(endpoint)
                endpoint.socket.close()

    def test_strict_name_refuses_a_wildcard(self):
        self.start("set peer b strict-name true")
        self.assertRefused("wrong-name", identity=self.authority.issue("wild", "DNS:*.example.com"))
        self.assertServed(self.dial())

    def test_a_peer_known_by_its_address_alone_shows_that_address(self):
        self.start("delete peer b certificate-name")
        self.assertRefused("wrong-name")
        self.assertServed(self.dial(identity=self.authority.issue("ip", f"IP:{self.stage.at(B)}")))

    def test_an_optional_certificate(self):
        self.start("set listener outside client-certificate optional")
        self.assertServed(self.dial(identity=False))
        self.assertServed(self.dial())
        self.assertRefused("wrong-name", identity=self.c)

    def test_verify_peer_false_asks_for_nothing(self):
        appliance = self.start("set listener outside verify-peer false")
        self.assertServed(self.dial(identity=False))
        self.assertIn("verify-peer false", appliance.output())

    def test_a_stranger_hears_nothing(self):
        self.start()
        made = self.stage.socket(STRANGER, 0, "tcp")
        with self.assertRaises((ssl.SSLError, ConnectionError, OSError)):
            connect(made, self.stage.outside, client_context(self.authority.file, self.b))
        self.assertTrue(wait_for(lambda: self.stage.appliance.counter("tcp.strangers") == 1))

    def test_the_certificate_for_the_server_name_that_is_asked_for(self):
        second = self.authority.issue("second", "DNS:second.example.com")
        self.start(f"""
set certificate second chain-file {second[0]} key-file {second[1]}
set listener outside additional-certificate second""")
        for asked, shown in [("second.example.com", "second"), ("sbc.example.com", "sbc"), ("nobody.example.com", "sbc"), (None, "sbc")]:
            endpoint = self.dial(server_name=asked)
            self.assertEqual(endpoint.socket.getpeercert()["subjectAltName"], (("DNS", f"{shown}.example.com"),), asked)
            endpoint.socket.close()



class TLSCalls(TLSTest):
    """Calls between UDP and TLS."""

    def callee(self, host=B, identity=None, required=True):
        """What listens at a peer's TLS address."""
        listening = self.listening(host)
        context = server_context(self.authority.file, identity or self.b, required)
        return listening, context

    def invited(self, made, context):
        """The appliance's connection to it, and the INVITE on it."""
        endpoint = accept(made, self.stage.outside, context)
        return endpoint, endpoint.expect("INVITE")

    def answered(self, caller, made, context):
        """A call to b that is up: the caller's answer, b's endpoint, its INVITE."""
        caller.send(caller.invite(OUT))
        endpoint, invite = self.invited(made, context)
        endpoint.respond(invite, 200, endpoint.sdp())
        endpoint.expect("ACK")
        answer = caller.expect(200)
        caller.acknowledge(answer)
        return answer, endpoint, invite

    def test_a_call_from_udp_to_tls_and_its_end(self):
        appliance = self.start("set peer b port 5060\nset peer c port 5060")
        made, context = self.callee()
        caller = self.insider()
        answer, endpoint, invite = self.answered(caller, made, context)
        self.assertRegex(invite["via"], r"^SIP/2\.0/TLS .*;alias")
        self.assertIn("transport=tls", invite["contact"])
        self.assertIn("transport=tls", invite.first)
        self.assertEqual(endpoint.socket.getpeercert()["subjectAltName"], (("DNS", "sbc.example.com"),))
        [one] = appliance.json("show", "connections")["connections"]
        self.assertEqual((one["peer"], one["direction"], one["state"], one["transport"]), ("b", "out", "open", "tls"))
        self.assertIn("TLSv1.3", one["cipher"])
        caller.send(caller.within("BYE", answer, 2))
        bye = endpoint.expect("BYE")
        endpoint.respond(bye, 200)
        caller.expect(200)
        self.assertEqual(self.record()["outcome"], "answered")

    def test_a_call_from_tls_to_udp(self):
        self.start()
        endpoint, inside = self.dial(), self.insider()
        endpoint.send(endpoint.invite(IN, uri=f"sips:{IN}@{self.stage.at(TANDEM)}:5070"))
        invite = inside.expect("INVITE")
        inside.respond(invite, 200, inside.sdp())
        inside.expect("ACK")
        answer = endpoint.expect(200)
        # RFC 3261 12.1.1: the Request-URI was sips, so the Contact is.
        self.assertTrue(answer.uri.startswith("sips:"), answer.uri)
        endpoint.acknowledge(answer)
        endpoint.send(endpoint.within("BYE", answer, 2))
        endpoint.expect(200)
        inside.respond(inside.expect("BYE"), 200)

    def test_several_messages_in_one_write_and_one_byte_at_a_time(self):
        self.start()
        endpoint = self.dial()
        requests = [endpoint.request("OPTIONS", "x") for _ in range(20)]
        endpoint.send("".join(requests))
        for _ in requests:
            endpoint.expect(200)
        for byte in endpoint.request("OPTIONS", "x").encode():
            endpoint.socket.send(bytes([byte]))
        endpoint.expect(200)

    def assertFailsOver(self, reason, identity=None, **options):
        """A call for b, whose certificate is not what it should be, goes to c at once; log and record say why."""
        appliance = self.start()
        made, context = self.callee(B, identity)
        there, there_context = self.callee(C, self.c)
        caller = self.insider()
        began = time.monotonic()
        caller.send(caller.invite(OUT))
        try:
            accept(made, self.stage.outside, context).receive(2)
        except (ssl.SSLError, ConnectionError, OSError):
            pass
        endpoint, invite = self.invited(there, there_context)
        self.assertLess(time.monotonic() - began, 3)
        endpoint.respond(invite, 486)
        endpoint.expect("ACK")
        caller.ack(caller.expect(486))
        self.assertIn(reason, appliance.output())
        return appliance

    def test_an_expired_certificate_of_the_called_peer(self):
        self.assertFailsOver(
            "certificate of peer b expired on 2021-01-01",
            self.authority.issue("old", "DNS:b.example.com", start="20200101000000Z", end="20210101000000Z"))

    def test_another_name_at_the_called_peer(self):
        self.assertFailsOver("certificate of peer b is for another name: x.example.com", self.authority.issue("x", "DNS:x.example.com"))

    def test_a_certificate_for_clients_only_at_the_called_peer(self):
        self.assertFailsOver("certificate of peer b is not meant for TLS", self.authority.issue("k", "DNS:b.example.com", usage="clientAuth"))

    def test_an_unknown_authority_at_the_called_peer(self):
        other = Authority(self.stage.folder / "other", "other")
        self.assertFailsOver("from an authority that is not trusted: CN=Authority other", other.issue("b", "DNS:b.example.com"))

    def test_the_record_says_why_no_trunk_took_the_call(self):
        appliance = self.start("delete voice-route to-c")
        made, context = self.callee(B, self.authority.issue("x", "DNS:x.example.com"))
        caller = self.insider()
        caller.send(caller.invite(OUT))
        try:
            accept(made, self.stage.outside, context).receive(2)
        except (ssl.SSLError, ConnectionError, OSError):
            pass
        caller.ack(caller.expect(503))
        self.assertIn("certificate of peer b is for another name: x.example.com", self.record()["reason"])
        self.assertEqual(appliance.counter("tls.failed.wrong-name"), 1)

    def test_what_is_no_tls_at_the_called_peer(self):
        appliance = self.start()
        made = self.listening(B)
        there, there_context = self.callee(C, self.c)
        caller = self.insider()
        caller.send(caller.invite(OUT))
        plain, _ = made.accept()
        plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        endpoint, invite = self.invited(there, there_context)
        endpoint.respond(invite, 486)
        endpoint.expect("ACK")
        caller.ack(caller.expect(486))
        plain.close()
        self.assertIn("peer b does not speak TLS there", appliance.output())

    def test_requests_to_a_peer_take_the_connection_it_has_opened(self):
        """RFC 5923: alias in its Via, and its certificate is the called peer's."""
        appliance = self.start()
        endpoint = self.dial()
        options = endpoint.request("OPTIONS", "x", values={"Via": f"SIP/2.0/TLS {endpoint.address}:5060;alias;branch=z9hG4bKalias1"})
        endpoint.send(options)
        endpoint.expect(200)
        caller = self.insider()
        caller.send(caller.invite(OUT))
        invite = endpoint.expect("INVITE")
        endpoint.respond(invite, 200, endpoint.sdp())
        endpoint.expect("ACK")
        answer = caller.expect(200)
        caller.acknowledge(answer)
        self.assertGreaterEqual(appliance.counter("tcp.reused"), 1)
        self.assertEqual(appliance.counter("tcp.made"), 0)
        # The connection is lost: what comes next opens another.
        endpoint.socket.close()
        made, context = self.callee()
        caller.send(caller.within("BYE", answer, 2))
        caller.expect(200)
        again = accept(made, self.stage.outside, context)
        again.respond(again.expect("BYE"), 200)

    def test_no_alias_without_asking_and_none_for_another_peer(self):
        self.start("set peer c address 127.0.0.99\nset peer c source 127.0.0.0/8".replace("127.0.0.99", self.stage.at(C)))
        # c's certificate, from b's address: the name chooses c, and b is not reached over it.
        endpoint = self.dial(B, self.b)
        endpoint.send(endpoint.request("OPTIONS", "x"))
        endpoint.expect(200)
        made, context = self.callee()
        caller = self.insider()
        answer, other, _ = self.answered(caller, made, context)
        caller.send(caller.within("BYE", answer, 2))
        other.respond(other.expect("BYE"), 200)
        caller.expect(200)
        endpoint.silence()


class TLSEndpoint(TLSTest):
    """A phone of somebody else's making: baresip over TLS."""

    def test_a_call_from_udp_to_a_baresip_by_tls_which_hangs_up(self):
        first, self.ports = claim_ports()
        secure, port, control = first + 2, first + 4, first + 8
        phone = self.authority.issue("phone", "DNS:phone.example.com")
        pem = self.stage.folder / "phone.pem"
        with open(phone[0]) as chain, open(phone[1]) as key:
            pem.write_text(chain.read() + key.read())
        tone = self.stage.folder / "tone.wav"
        audio.chirp(tone, 300, 900, 5)
        configuration = self.configuration().replace(
            "set listener outside interface lan port 5070", f"set listener outside address 127.0.0.1 port {secure}")
        configuration = configuration.replace(
            f"set peer b type itsp address {self.stage.at(B)} port 5060", f"set peer b type itsp address 127.0.0.1 port {port + 1}")
        appliance = self.stage.start(configuration + "delete peer b certificate-name\nset peer b certificate-name phone.example.com\n")
        # It takes TLS on the port behind that of its UDP and TCP.
        run = self.stage.baresip(
            "phone", OUT, port, control, (first + 20, first + 60), secure, tone, "tls", f"sip_certificate {pem}\nsip_cafile {self.authority.file}\n")
        caller = self.insider()
        caller.send(caller.invite(OUT))
        answer = caller.expect(200, ignore=(100, 180, 183), seconds=10)
        caller.acknowledge(answer)
        [one] = [one for one in appliance.json("show", "connections")["connections"] if one["direction"] == "out"]
        self.assertEqual((one["peer"], one["state"]), ("b", "open"))
        time.sleep(1)
        run.hang_up()
        bye = caller.expect("BYE", seconds=10)
        caller.respond(bye, 200)
        self.assertEqual(self.record()["outcome"], "answered")


class TLSFiles(TLSTest):
    """What commit says of certificates' files, and what happens when they are replaced."""

    def refused(self, lines):
        result = self.stage.appliance.tandem("-f", "-", check=False, stdin=lines + "\ncommit\n")
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.stage.appliance.tandem("discard")
        return result.stderr

    def test_commit_names_object_file_rule_and_next_step(self):
        self.start()
        folder = self.stage.folder / "tls"
        other = self.authority.issue("other", "DNS:other.example.com")
        old = self.authority.issue("old", "DNS:old.example.com", start="20200101000000Z", end="20210101000000Z")
        early = self.authority.issue("early", "DNS:early.example.com", start="20900101000000Z")
        (folder / "empty.pem").write_text("nothing\n")
        def two(chain, key):
            return f"set certificate new chain-file {chain} key-file {key}"
        for lines, words in [
            (two("/nowhere.pem", other[1]), ["certificate new chain-file", "/nowhere.pem", "is not there"]),
            (two(self.own[0], other[1]), ["certificate new key-file", other[1], "is not the key of", self.own[0]]),
            (two(other[1], other[1]), ["certificate new chain-file", "holds no certificate"]),
            (two(*old), ["certificate new chain-file", "expired on 2021-01-01", "get a new one"]),
            (two(*early), ["certificate new chain-file", "is not valid before 2090-01-01", "is the clock right?"]),
            (f"set certificate new trust-file {folder}/empty.pem", ["certificate new trust-file", "holds no certificate"]),
        ]:
            with self.subTest(lines):
                said = self.refused(lines)
                for word in words:
                    self.assertIn(word, said)
        os.chmod(other[1], 0o644)
        said = self.refused(two(*other))
        for word in ["certificate new key-file", "mode 644", f"chmod 600 {other[1]}"]:
            self.assertIn(word, said)

    def test_a_certificate_that_ends_soon_is_warned_of(self):
        appliance = self.start()
        soon = self.authority.issue("soon", "DNS:soon.example.com", days=10)
        done = appliance.tandem("-f", "-", stdin=f"set certificate soon chain-file {soon[0]} key-file {soon[1]}\ncommit\n")
        self.assertIn("certificate soon expires on", done)
        states = {one["name"]: one["state"] for one in appliance.json("show", "certificates")["certificates"]}
        self.assertEqual(states, {"own": "good", "soon": "ends soon"})

    def test_new_files_are_used_by_new_connections_while_old_ones_and_calls_go_on(self):
        appliance = self.start()
        endpoint, inside = self.dial(), self.insider()
        self.assertEqual(endpoint.socket.getpeercert()["subjectAltName"], (("DNS", "sbc.example.com"),))
        endpoint.send(endpoint.invite(IN))
        invite = inside.expect("INVITE")
        inside.respond(invite, 200, inside.sdp())
        inside.expect("ACK")
        answer = endpoint.expect(200)
        endpoint.acknowledge(answer)
        # The chain alone does not fit the old key: nothing changes, and it is said.
        self.authority.issue("renewed", "DNS:sbc.example.com", "DNS:renewed.example.com", file="sbc")
        self.assertTrue(wait_for(lambda: "the new files are used from now on" in appliance.output(), 12), appliance.output())
        second = self.dial()
        self.assertIn(("DNS", "renewed.example.com"), second.socket.getpeercert()["subjectAltName"])
        self.assertServed(second)
        endpoint.send(endpoint.within("BYE", answer, 2))
        endpoint.expect(200)
        inside.respond(inside.expect("BYE"), 200)

    def test_files_that_do_not_fit_leave_the_old_ones_in_use(self):
        appliance = self.start()
        other = self.authority.issue("other", "DNS:other.example.com")
        with open(other[0]) as file:
            chain = file.read()
        with open(self.own[0], "w") as file:
            file.write(chain)
        self.assertTrue(wait_for(lambda: "the new files are not used" in appliance.output(), 12), appliance.output())
        self.assertServed(self.dial())
        self.assertEqual(appliance.json("show", "certificates")["certificates"][0]["state"], "failed")

    def test_a_start_with_an_expired_or_missing_certificate_serves_everything_else(self):
        appliance = self.start()
        appliance.stop()
        os.remove(self.own[1])
        appliance.start()
        inside = self.insider()
        inside.send(inside.request("OPTIONS", "x"))
        inside.expect(200)
        self.assertIn("listener outside can make no connections", appliance.output())
        states = {one["name"]: one["state"] for one in appliance.json("show", "listeners")["listeners"]}
        self.assertEqual(states, {"inside": "listening", "outside": "failed"})


class TLSAttacks(TLSTest):
    """Those who may speak and do not behave."""

    slow = True

    def test_a_handshake_that_never_ends_is_cut_off_and_delays_nobody(self):
        appliance = self.start()
        held = []
        for _ in range(40):
            made = self.stage.socket(B, 0, "tcp")
            made.connect(self.stage.outside)
            made.sendall(b"\x16\x03\x01\x02\x00\x01")
            held.append(made)
        began = time.monotonic()
        self.assertServed(self.dial())
        self.assertLess(time.monotonic() - began, 2)
        self.assertTrue(wait_for(lambda: appliance.counter("tls.failed.too-slow") == 40, 20))
        for made in held:
            made.settimeout(2)
            self.assertIn(b"", [self.last(made)])

    @staticmethod
    def last(made):
        try:
            while made.recv(4096):
                pass
        except ConnectionError:
            pass
        return b""

    def test_renegotiation_is_refused(self):
        self.start()
        import subprocess
        run = subprocess.Popen(
            ["openssl", "s_client", "-connect", "%s:%d" % self.stage.outside, "-bind", self.stage.at(B) + ":0", "-tls1_2", "-cert", self.b[0], "-key", self.b[1],
             "-CAfile", self.authority.file, "-legacy_renegotiation"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        time.sleep(1)
        run.stdin.write(b"R\n")
        run.stdin.flush()
        time.sleep(1)
        run.kill()
        said = run.communicate()[0].decode(errors="replace")
        self.assertIn("no renegotiation", said)
        self.assertServed(self.dial())

    def test_garbage_in_place_of_tls(self):
        appliance = self.start()
        for text in [b"OPTIONS sip:x SIP/2.0\r\n\r\n", b"\x80" * 5000, b"\x16\x03\x03\xff\xff" + b"A" * 70000, b"\r\n\r\n" * 10]:
            made = self.stage.socket(B, 0, "tcp")
            made.connect(self.stage.outside)
            made.sendall(text)
            made.close()
        self.assertTrue(wait_for(lambda: appliance.counter("tls.failed.not-tls") >= 3))
        self.assertServed(self.dial())

    def test_a_half_open_peer_is_found_out(self):
        """A connection whose other end is gone without a word: the call goes on to the next trunk when nothing is acknowledged."""
        appliance = self.start("set listener outside keep-alive-interval 5")
        made, context = TLSCalls.callee(self)
        caller = self.insider()
        caller.send(caller.invite(OUT))
        endpoint = accept(made, self.stage.outside, context)
        invite = endpoint.expect("INVITE")
        endpoint.respond(invite, 486)
        endpoint.expect("ACK")
        caller.ack(caller.expect(486))
        # It answers the first ping, and never again.
        self.assertEqual(self.ping(endpoint, 12), b"\r\n\r\n")
        endpoint.socket.sendall(b"\r\n")
        self.assertEqual(self.ping(endpoint, 12), b"\r\n\r\n")
        self.assertTrue(wait_for(lambda: appliance.counter("tcp.pings-unanswered") == 1, 20))
        self.assertEqual(appliance.json("show", "connections")["connections"], [])

    @staticmethod
    def ping(endpoint, seconds):
        endpoint.socket.settimeout(seconds)
        return endpoint.socket.recv(4)

    def test_who_never_answers_a_ping_keeps_its_connection(self):
        appliance = self.start("set listener outside keep-alive-interval 5")
        made, context = TLSCalls.callee(self)
        caller = self.insider()
        caller.send(caller.invite(OUT))
        endpoint = accept(made, self.stage.outside, context)
        invite = endpoint.expect("INVITE")
        endpoint.respond(invite, 486)
        endpoint.expect("ACK")
        caller.ack(caller.expect(486))
        self.assertTrue(wait_for(lambda: appliance.counter("tcp.pings") >= 2, 30))
        self.assertEqual(appliance.counter("tcp.pings-unanswered"), 0)
        self.assertEqual(appliance.json("show", "connections")["connections"][0]["state"], "open")

    def test_a_ping_is_answered(self):
        self.start()
        endpoint = self.dial()
        self.assertServed(endpoint)
        endpoint.socket.sendall(b"\r\n\r\n")
        self.assertEqual(endpoint.socket.recv(10), b"\r\n")

    def test_who_does_not_read_is_not_read_from(self):
        appliance = self.start()
        endpoint = self.dial()
        endpoint.socket.settimeout(5)
        text = endpoint.request("OPTIONS", "x", headers=["Subject: " + "x" * 300]).encode()
        sent = 0
        try:
            while sent < 64 << 20:
                endpoint.socket.sendall(text * 20)
                sent += len(text) * 20
        except (TimeoutError, socket.timeout, ssl.SSLError, ConnectionError, OSError):
            pass
        self.assertGreaterEqual(appliance.counter("tcp.held-back"), 1)
        self.assertLess(sent, 64 << 20)
        self.assertServed(self.dial())


if __name__ == "__main__":
    import unittest

    unittest.main()
