"""SIP by hand: requests as text, and an endpoint over a socket for what no scenario can say."""
import random
import re
import socket
import struct
import time

SDP = "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"

SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "c": "content-type", "l": "content-length", "k": "supported"}


class Message:
    """A message as it came: first line, headers in order (names in lower case), body."""

    def __init__(self, data):
        self.data = bytes(data)
        head, _, self.body = self.data.decode("latin-1").partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.first = lines[0]
        self.headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self.headers.append((SHORT.get(name, name), value.strip()))

    @property
    def status(self):
        return int(self.first.split(" ")[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def method(self):
        return self["cseq"].split()[-1] if self.status else self.first.split(" ")[0]

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def __getitem__(self, name):
        return next(iter(self.all(name)), "")

    def tag(self, name):
        _, _, rest = self[name].partition(";tag=")
        return rest.split(";")[0]

    @property
    def uri(self):
        """The URI of Contact."""
        return self["contact"].partition("<")[2].partition(">")[0]

    def __repr__(self):
        return self.data.decode("latin-1")


def word(length=10):
    return "".join(random.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))


class Endpoint:
    """One socket of a stage and what a user agent remembers between messages; UDP or TCP."""

    def __init__(self, made, proxy, transport="udp"):
        self.socket, self.proxy, self.transport = made, proxy, transport
        self.address, self.port = made.getsockname()[:2]
        self.pending = b""
        if transport == "tcp":
            made.connect(proxy)

    # Bytes

    def send(self, data, to=None):
        data = data.encode() if isinstance(data, str) else data
        if self.transport == "tcp":
            self.socket.sendall(data)
        else:
            self.socket.sendto(data, to or self.proxy)

    def receive(self, seconds=2):
        """The next message; `None` when none comes."""
        deadline = time.monotonic() + seconds
        while True:
            if self.transport == "tcp" and (framed := self.framed()):
                return framed
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                data, source = self.socket.recvfrom(65536)
            except (TimeoutError, socket.timeout, ConnectionError):
                return None
            if self.transport == "udp":
                self.source = source
                return Message(data)
            if not data:
                return None
            self.pending += data

    def framed(self):
        head, gap, rest = self.pending.partition(b"\r\n\r\n")
        if not gap:
            return None
        length = int(Message(head + gap)["content-length"] or 0)
        if len(rest) < length:
            return None
        self.pending = rest[length:]
        return Message(head + gap + rest[:length])

    def expect(self, *wanted, seconds=5, ignore=(100,)):
        """The next message that is not to be ignored; it must be one of these statuses or methods."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive(left)
            if message is None:
                break
            kind = message.status or message.method
            if kind in wanted:
                return message
            if kind not in ignore:
                raise AssertionError(f"{wanted} was expected, this came:\n{message}")
        raise AssertionError(f"{wanted} was expected, nothing came")

    def silence(self, seconds=0.5, ignore=()):
        """Nothing comes (of what is not ignored)."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive(left)
            if message and (message.status or message.method) not in ignore:
                raise AssertionError(f"silence was expected, this came:\n{message}")

    # Requests

    def request(self, method, called, headers=(), body="", without=(), sequence=1, call=None, tag=None, branch=None, to_tag=None, uri=None, values=None):
        """A request as text. `without`: names of headers left out; `values`: others in place of the usual."""
        call = call or word()
        usual = {
            "Via": f"SIP/2.0/{self.transport.upper()} {self.address}:{self.port};branch={branch or 'z9hG4bK' + word()}",
            "Max-Forwards": "70",
            "From": f"<sip:+12125550188@{self.address}>;tag={tag or word()}",
            "To": f"<sip:{called}@{self.proxy[0]}>" + (f";tag={to_tag}" if to_tag else ""),
            "Call-ID": call,
            "CSeq": f"{sequence} {method}",
            "Contact": f"<sip:caller@{self.address}:{self.port}>",
            **(values or {}),
        }
        if body:
            usual.setdefault("Content-Type", "application/sdp")
        usual.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {uri or f'sip:{called}@{self.proxy[0]}:{self.proxy[1]}'} SIP/2.0"]
        lines += [f"{name}: {value}" for name, value in usual.items() if name not in without] + list(headers)
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def sdp(self, port=6000):
        return SDP.format(address=self.address, port=port)

    def invite(self, called, **options):
        return self.request("INVITE", called, **{"body": self.sdp(), **options})

    def ack(self, answer, called="x", branch=None):
        """For a final answer of ours: in the same transaction when it was a refusal."""
        via = answer["via"] if answer.status >= 300 else f"SIP/2.0/{self.transport.upper()} {self.address}:{self.port};branch=z9hG4bK{word()}"
        uri = answer.uri or f"sip:{called}@{self.proxy[0]}:{self.proxy[1]}"
        sequence = answer["cseq"].split()[0]
        self.send(
            f"ACK {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {answer['from']}\r\nTo: {answer['to']}\r\n"
            f"Call-ID: {answer['call-id']}\r\nCSeq: {sequence} ACK\r\nContent-Length: 0\r\n\r\n")

    def acknowledge(self, answer):
        """ACK, and a moment in which it is taken: what the other side sends next comes by another socket, and may be read first."""
        self.ack(answer)
        time.sleep(0.1)

    def within(self, method, answer, sequence, body="", swapped=False, uri=None, headers=()):
        """A request in the dialog of that message. `swapped`: the message was the other side's request, From and To change places."""
        mine, theirs = (answer["to"], answer["from"]) if swapped else (answer["from"], answer["to"])
        mine += "" if ";tag=" in mine else ";tag=callee"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        more = "".join(line + "\r\n" for line in headers)
        return (
            f"{method} {uri or answer.uri} SIP/2.0\r\nVia: SIP/2.0/{self.transport.upper()} {self.address}:{self.port};branch=z9hG4bK{word()}\r\n"
            f"Max-Forwards: 70\r\nFrom: {mine}\r\nTo: {theirs}\r\nCall-ID: {answer['call-id']}\r\nCSeq: {sequence} {method}\r\n"
            f"Contact: <sip:user@{self.address}:{self.port}>\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}")

    # Responses

    def respond(self, request, status, body="", tag="callee", headers=()):
        vias = "".join(f"Via: {via}\r\n" for via in request.all("via"))
        to = request["to"] + (f";tag={tag}" if tag and ";tag=" not in request["to"] and status > 100 else "")
        kind = "Content-Type: application/sdp\r\n" if body else ""
        contact = f"Contact: <sip:callee@{self.address}:{self.port}>\r\n" if 100 < status < 300 else ""
        more = "".join(line + "\r\n" for line in headers)
        text = (
            f"SIP/2.0 {status} Said\r\n{vias}From: {request['from']}\r\nTo: {to}\r\nCall-ID: {request['call-id']}\r\nCSeq: {request['cseq']}\r\n"
            f"{contact}{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}")
        self.send(text, getattr(self, "source", None))
        return Message(text.encode())


def rtp(number, ssrc, payload, kind=0):
    """An RTP packet of 20 ms (RFC 3550 5.1)."""
    return struct.pack("!BBHII", 0x80, kind, number & 0xFFFF, number * 160 & 0xFFFFFFFF, ssrc) + payload


def media_address(message):
    """Where that message's session description wants the first stream."""
    host = re.search(r"^c=IN IP4 (\S+)", message.body, re.M)[1]
    return host, int(re.search(r"^m=audio (\d+)", message.body, re.M)[1])


def answered(caller, callee, called, ring=False):
    """A call that is up between two endpoints: (the caller's answer, the callee's INVITE, the callee's answer)."""
    caller.send(caller.invite(called))
    invite = callee.expect("INVITE")
    if ring:
        callee.respond(invite, 180)
        caller.expect(180)
    said = callee.respond(invite, 200, callee.sdp())
    callee.expect("ACK")
    answer = caller.expect(200, ignore=(100, 180))
    caller.acknowledge(answer)
    return answer, invite, said
