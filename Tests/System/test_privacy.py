"""Nothing of one leg is on the other, and another parser finds nothing wrong with what the appliance sends."""
import os
import re
import signal
import subprocess
import time
import unittest

from scenario import SDP as SIPP_SDP
from scenario import answers, calls, is_refused, refuses
from stage import A, B, OUT, SystemTest, needed, wait_for
from wire import Endpoint, media_address, rtp


class Marked(Endpoint):
    """An endpoint that writes its mark wherever a message has room for one, and keeps all that it is sent."""

    def __init__(self, made, proxy, mark):
        super().__init__(made, proxy)
        self.mark, self.heard = mark, b""

    @property
    def headers(self):
        m = self.mark
        return [
            f"User-Agent: {m}-agent/1.0", f"Server: {m}-server", f"X-{m}: {m}-extension", f"Organization: {m}-firm", f"Subject: {m}-subject",
            f"Call-Info: <http://{m}.example/>;purpose=icon", f"Alert-Info: <http://{m}.example/ring>", f"Reply-To: <sip:{m}@example.com>",
            "Date: Sat, 13 Nov 2010 23:29:00 GMT", f"P-Charging-Vector: icid-value={m}", f"P-Asserted-Identity: \"{m}\" <sip:+12125550188@{m}.example>",
            f"Remote-Party-ID: <sip:{m}@example.com>", f"Diversion: <sip:{m}@example.com>", f"History-Info: <sip:{m}@example.com>;index=1",
            "Timestamp: 54.2", f"Warning: 399 {m}.example \"{m}\"", f"Reason: SIP;cause=200;text=\"{m}\"", f"In-Reply-To: {m}@x",
            f"Accept-Language: {m}", f"Error-Info: <sip:{m}@example.com>", f"Supported: {m}-option", f"Session-ID: {m}", f"Retry-After: 5 ({m})",
            f"P-Preferred-Identity: <sip:{m}@example.com>", f"Geolocation: <cid:{m}@example.com>", f"Identity: {m}", "MIME-Version: 1.0",
        ]

    def sdp(self, port=6000):
        m = self.mark
        return (
            f"v=0\r\no={m} 778899 778899 IN IP4 {self.address}\r\ns={m}\r\ni={m}\r\nu=http://{m}.example/\r\ne={m}@example.com\r\np=+1 {m}\r\n"
            f"c=IN IP4 {self.address}\r\nt=0 0\r\na=tool:{m}\r\nm=audio {port} RTP/AVP 0 101\r\ni={m}\r\na=rtpmap:0 PCMU/8000\r\n"
            f"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=ssrc:1 cname:{m}\r\na=label:{m}\r\na=x-{m}:{m}\r\n")

    def request(self, method, called, headers=(), **options):
        m = self.mark
        values = {
            "Via": f"SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{m}{time.monotonic_ns()};rport", "Contact": f"<sip:{m}@{self.address}:{self.port}>",
            **options.pop("values", {})}
        return super().request(method, called, [*self.headers, *headers], **{"call": f"{m}-call-id", "tag": f"{m}-tag", "values": values, **options})

    def within(self, *arguments, **options):
        return super().within(*arguments, headers=self.headers, **options)

    def respond(self, request, status, body="", **options):
        return super().respond(request, status, body, tag=f"{self.mark}-tag", headers=self.headers)

    def receive(self, seconds=2):
        message = super().receive(seconds)
        if message:
            self.heard += message.data
        return message


class Privacy(SystemTest):
    def setUp(self):
        super().setUp()
        self.stage.start()
        self.a = Marked(self.stage.socket(A), self.stage.inside, "alphamark")
        self.b = Marked(self.stage.socket(B), self.stage.outside, "bravomark")

    def assertNothingCrossed(self):
        for end, other in ((self.a, self.b), (self.b, self.a)):
            heard = end.heard.decode("latin-1")
            self.assertTrue(heard)
            for secret in (other.mark, other.address, "778899 778899 IN IP4 " + other.address):
                lines = [line for line in heard.splitlines() if secret.lower() in line.lower()]
                self.assertEqual(lines, [], f"of {other.mark} at {end.mark}")
            # Addresses of the appliance on the other side are as private: its listener there has another port.
            port = "5070" if end is self.a else "5060"
            self.assertNotIn(f"{self.stage.at(1)}:{port}", heard)

    def test_an_answered_call_with_hold_from_both_sides(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT))
        invite = b.expect("INVITE")
        b.respond(invite, 180)
        a.expect(180)
        b.respond(invite, 183, b.sdp())
        a.expect(183)
        b.respond(invite, 200, b.sdp())
        b.expect("ACK")
        answer = a.expect(200)
        a.ack(answer)
        a.send(a.within("INVITE", answer, 2, a.sdp() + "a=sendonly\r\n"))
        b.respond(b.expect("INVITE"), 200, b.sdp() + "a=recvonly\r\n")
        b.expect("ACK")
        a.acknowledge(a.expect(200))
        b.send(b.within("INVITE", invite, 1, b.sdp(), swapped=True).replace(";tag=callee", f";tag={b.mark}-tag"))
        a.respond(a.expect("INVITE"), 200, a.sdp())
        a.expect("ACK")
        b.acknowledge(b.expect(200))
        b.send(b.within("BYE", invite, 2, swapped=True).replace(";tag=callee", f";tag={b.mark}-tag"))
        b.expect(200)
        a.respond(a.expect("BYE"), 200)
        time.sleep(0.1)
        self.assertNothingCrossed()
        # What must cross does.
        self.assertIn("telephone-event", b.heard.decode("latin-1"))

    def test_a_refused_call(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT))
        b.respond(b.expect("INVITE"), 486)
        b.expect("ACK")
        a.ack(a.expect(486))
        self.assertNothingCrossed()

    def test_a_call_that_is_given_up(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT, branch="x", values={"Via": f"SIP/2.0/UDP {a.address}:{a.port};branch=z9hG4bKalphamark-c"}))
        invite = b.expect("INVITE")
        b.respond(invite, 180)
        a.expect(180)
        a.send(a.request("CANCEL", OUT, values={"Via": f"SIP/2.0/UDP {a.address}:{a.port};branch=z9hG4bKalphamark-c"}))
        a.expect(200)
        a.ack(a.expect(487))
        b.respond(b.expect("CANCEL"), 200)
        b.respond(invite, 487)
        b.expect("ACK")
        self.assertNothingCrossed()

    def test_a_withheld_number_stays_withheld(self):
        a, b = self.a, self.b
        a.send(a.invite(OUT, headers=["Privacy: id"], values={"From": "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=alphamark-tag"}))
        invite = b.expect("INVITE")
        self.assertIn("anonymous", invite["from"])
        self.assertEqual(invite["privacy"], "id")
        b.respond(invite, 486)
        b.expect("ACK")
        a.ack(a.expect(486))
        self.assertNothingCrossed()


class SIPpTraces(SystemTest):
    def test_nothing_of_one_trace_is_in_the_other(self):
        stage = self.stage
        stage.start(inside="tcp")
        marks = "User-Agent: markofthecaller\nX-Secret: markofthecaller"
        body = SIPP_SDP.format(port="[media_port]", direction="sendrecv")
        callee = stage.sipp(answers(body=body.replace("o=user1", "o=markofthecallee").replace("s=-", "s=markofthecallee")), B)
        caller = stage.sipp(
            calls(headers=marks, body=body.replace("o=user1", "o=markofthecaller").replace("s=-", "s=markofthecaller")), A, stage.inside, transport="tcp",
            called=OUT)
        self.assertWent(caller, callee)
        for run, secrets in ((callee, ["markofthecaller", stage.at(A) + ":", f"@{stage.at(A)}", f"IP4 {stage.at(A)}"]),
                             (caller, ["markofthecallee", stage.at(B) + ":", f"@{stage.at(B)}", f"IP4 {stage.at(B)}"])):
            messages = run.messages()
            self.assertIn("SIP/2.0", messages)
            for secret in secrets:
                self.assertNotIn(secret, messages)
        # Call-IDs and tags are each leg's own.
        names = [set(re.findall(r"(?:Call-ID: |tag=|branch=)(\S+)", run.messages())) for run in (caller, callee)]
        self.assertEqual(names[0] & names[1], set())


class AnotherParser(SystemTest):
    """tshark reads what went over the loopback interface."""

    def capture(self):
        needed(self, os.geteuid() == 0, "only root can capture")
        self.file = self.stage.folder / "lo.pcapng"
        self.errors = open(self.stage.folder / "tshark.log", "w+b")
        self.tshark = subprocess.Popen(
            ["tshark", "-q", "-i", "lo", "-f", f"net {self.stage.net}.0/24", "-w", str(self.file)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.errors)
        self.addCleanup(self.errors.close)
        self.addCleanup(self.tshark.kill)
        self.assertTrue(wait_for(lambda: b"Capture started" in (self.stage.folder / "tshark.log").read_bytes(), 10), "tshark does not capture")
        time.sleep(0.3)

    FIELDS = (
        "frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message", "tcp.len", "ip.dst", "sip.Call-ID", "sip.Via.branch", "sip.CSeq.seq",
        "sip.from.tag", "sip.Content-Length", "sip.Status-Code", "sip.Max-Forwards", "sdp.version", "sdp.owner.sessionid", "sdp.connection_info.address",
        "sdp.media.port", "rtp.ssrc", "rtp.seq")
    # Severity of a warning, in tshark's numbers.
    WARNING = 6291456

    def packets(self):
        """What we sent, a dictionary of fields for each packet; more than one value of a field is joined by commas."""
        time.sleep(0.5)
        self.tshark.send_signal(signal.SIGINT)
        self.tshark.wait(10)
        decode = [word for port in (5060, 5070) for kind in ("udp", "tcp") for word in ("-d", f"{kind}.port=={port},sip")]
        words = [word for field in self.FIELDS for word in ("-e", field)]
        done = subprocess.run(
            ["tshark", "-r", str(self.file), *decode, "-o", "rtp.heuristic_rtp:TRUE", "-Y", f"ip.src == {self.stage.at(1)}", "-T", "fields", *words],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [dict(zip(self.FIELDS, line.split("\t"))) for line in done.stdout.splitlines()]

    def traffic(self, inside, outside):
        stage = self.stage
        stage.start(inside=inside, outside=outside)
        self.capture()
        callee = stage.sipp(answers(), B, transport=outside, calls=3)
        self.assertWent(stage.sipp(calls(), A, stage.inside, transport=inside, called=OUT, calls=3), callee)
        callee = stage.sipp(refuses(486, headers="Reason: Q.850;cause=17"), B, transport=outside)
        self.assertWent(stage.sipp(is_refused(486), A, stage.inside, transport=inside, called=OUT), callee)
        self.assertWent(stage.sipp(is_refused(404), A, stage.inside, transport=inside, called="5550100"))
        self.assertWent(stage.sipp(is_refused(488, body=""), A, stage.inside, transport=inside, called=OUT))

    def assertSound(self, count):
        """So many SIP messages of ours, and nothing wrong with them or with anything else that we sent."""
        packets = self.packets()
        messages = 0
        for packet in packets:
            protocols = packet["frame.protocols"].split(":")
            self.assertEqual(packet["_ws.malformed"], "", packet)
            self.assertTrue({"sip", "rtp", "rtcp"} & set(protocols) or packet["tcp.len"] == "0", packet)
            if "sip" in protocols:
                messages += len(packet["sip.Call-ID"].split(","))
                self.assertFalse([one for one in packet["_ws.expert.severity"].split(",") if one and int(one) >= self.WARNING], packet)
                for field in ("sip.Call-ID", "sip.Via.branch", "sip.CSeq.seq", "sip.from.tag", "sip.Content-Length"):
                    self.assertTrue(packet[field], packet)
                self.assertTrue(packet["sip.Status-Code"] or packet["sip.Max-Forwards"], packet)
                if packet["sip.Content-Length"].strip("0,"):
                    for field in ("sdp.version", "sdp.owner.sessionid", "sdp.connection_info.address", "sdp.media.port"):
                        self.assertTrue(packet[field], packet)
        self.assertEqual(messages, count)
        return packets

    def test_udp(self):
        self.traffic("udp", "udp")
        self.assertSound(29)

    def test_tcp(self):
        self.traffic("tcp", "tcp")
        self.assertSound(29)

    def test_media(self):
        stage = self.stage
        stage.start()
        self.capture()
        a, b = Endpoint(stage.socket(A), stage.inside), Endpoint(stage.socket(B), stage.outside)
        a.send(a.invite(OUT))
        invite = b.expect("INVITE")
        b.respond(invite, 200, b.sdp())
        b.expect("ACK")
        answer = a.expect(200)
        a.ack(answer)
        ears = stage.socket(A, 6000), stage.socket(B, 6000)
        for n in range(50):
            ears[0].sendto(rtp(n, 0xAAAA, bytes(160)), media_address(answer))
            ears[1].sendto(rtp(n, 0xBBBB, bytes(160)), media_address(invite))
            time.sleep(0.02)
        a.send(a.within("BYE", answer, 2))
        a.expect(200)
        b.respond(b.expect("BYE"), 200)
        packets = self.assertSound(6)
        for ssrc, host in (("0x0000aaaa", B), ("0x0000bbbb", A)):
            numbers = [int(packet["rtp.seq"]) for packet in packets if packet["rtp.ssrc"] == ssrc and packet["ip.dst"] == stage.at(host)]
            self.assertEqual(numbers, list(range(50)))


if __name__ == "__main__":
    unittest.main()
