"""SIP over TLS: who is let in, who is called, and what happens when a certificate is not what it should be."""
import os
import socket
import ssl
import time

import certificates
from certificates import Authority, Secure, accept, client_context, connect, server_context
from stage import A, B, C, IN, OUT, STRANGER, TANDEM, SystemTest, wait_for
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


if __name__ == "__main__":
    import unittest

    unittest.main()
