"""SIPp scenarios put together step by step; each step is what goes over the wire, in the order it does.

    Scenario.caller("busy").invite().recv(100, optional=True).recv(486).ack_refusal()
    Scenario.callee("answers").expect("INVITE").answer(180).answer(200, SDP).expect("ACK").expect("BYE").answer(200)
"""

SDP = """v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio {port} RTP/AVP 0
a=rtpmap:0 PCMU/8000
a={direction}
"""

COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Type": "c", "Content-Length": "l"}

# What requests of the callee's own are made of: From and To of the INVITE.
KEEP = "<action>" + "".join(
    f'<ereg regexp=".*" search_in="hdr" header="{name}:" assign_to="{index}"/>' for index, name in ((1, "From"), (2, "To"))) + "</action>"


def sdp(direction="sendrecv", port="[media_port]"):
    return SDP.format(direction=direction, port=port)


class Scenario:
    """A caller's or a callee's part. `dialog` headers follow the part: a callee's own requests swap From and To."""

    def __init__(self, name, is_caller):
        self.name, self.is_caller = name, is_caller
        self.steps = []
        self.sequence = 1
        self.branch = 0

    @classmethod
    def caller(cls, name):
        return cls(name, True)

    @classmethod
    def callee(cls, name):
        return cls(name, False)

    def write(self, path):
        body = "\n".join(self.steps)
        # SIPp takes a variable that nothing uses for a mistake.
        if "[$1]" not in body:
            body = body.replace(KEEP, "")
        path.write_text(f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="{self.name}">\n{body}\n</scenario>\n')
        return path

    def step(self, text):
        self.steps.append(text)
        return self

    def send(self, text, retrans=False, **attributes):
        attributes = {**({"retrans": "500"} if retrans else {}), **attributes}
        words = "".join(f' {name}="{value}"' for name, value in attributes.items())
        return self.step(f"<send{words}><![CDATA[\n\n{text.strip()}\n\n]]></send>")

    # Waiting

    def recv(self, status, optional=False, **attributes):
        """A response."""
        words = "".join(f' {name}="{value}"' for name, value in attributes.items())
        if optional:
            words += ' optional="true"'
        if 101 <= status < 300:
            words += ' rrs="true"'
        return self.step(f'<recv response="{status}"{words}></recv>')

    def expect(self, method, optional=False, **attributes):
        """A request; the first INVITE leaves behind what requests of the callee's own are made of."""
        words = "".join(f' {name}="{value}"' for name, value in attributes.items())
        if optional:
            words += ' optional="true"'
        if method == "INVITE":
            words += ' rrs="true"'
        action = KEEP if method == "INVITE" and not self.is_caller and KEEP not in "".join(self.steps) else ""
        return self.step(f'<recv request="{method}" crlf="true"{words}>{action}</recv>')

    def pause(self, milliseconds):
        return self.step(f'<pause milliseconds="{milliseconds}"/>')

    def label(self, number):
        return self.step(f'<label id="{number}"/>')

    def linger(self, milliseconds=300):
        """Stays to repeat what is asked for again."""
        return self.step(f'<timewait milliseconds="{milliseconds}"/>')

    def play(self, milliseconds, file="g711a.pcap"):
        return self.step(f'<nop><action><exec play_pcap_audio="/usr/share/sip-tester/{file}"/></action></nop>').pause(milliseconds)

    # Requests

    def invite(self, body=sdp(), headers="", compact=False, caller="+12125550188", forwards=70, uri="sip:[service]@[remote_ip]:[remote_port]"):
        names = COMPACT if compact else {name: name for name in COMPACT}
        kind = f"{names['Content-Type']}: application/sdp\n" if body else ""
        return self.send(f"""INVITE {uri} SIP/2.0
{names['Via']}: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: {forwards}
{names['From']}: <sip:{caller}@[local_ip]>;tag=[pid]c[call_number]
{names['To']}: <sip:[service]@[remote_ip]>
{names['Call-ID']}: [call_id]
CSeq: 1 INVITE
{names['Contact']}: <sip:caller@[local_ip]:[local_port];transport=[transport]>
{headers + chr(10) if headers else ''}{kind}{names['Content-Length']}: [len]

{body}""", retrans=True)

    def ack_refusal(self):
        return self.send("""ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
Max-Forwards: 70
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0
""")

    @property
    def parties(self):
        """From and To of a request of ours in the dialog."""
        if self.is_caller:
            return "From: <sip:+12125550188@[local_ip]>;tag=[pid]c[call_number]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]"
        return "From:[$2];tag=[pid]d[call_number]\nTo:[$1]"

    def ack(self):
        """For a 2xx."""
        return self.send(f"""ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
{self.parties}
Call-ID: [call_id]
CSeq: {self.sequence} ACK
Content-Length: 0
""")

    def cancel(self):
        return self.send("""CANCEL sip:[service]@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
Max-Forwards: 70
From: <sip:+12125550188@[local_ip]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 CANCEL
Content-Length: 0
""", retrans=True)

    def request(self, method, body="", headers=""):
        """In the dialog."""
        self.sequence += 1
        kind = "Content-Type: application/sdp\n" if body else ""
        contact = "Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>\n" if method == "INVITE" else ""
        return self.send(f"""{method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
{self.parties}
Call-ID: [call_id]
CSeq: {self.sequence} {method}
{contact}{headers + chr(10) if headers else ''}{kind}Content-Length: [len]

{body}""", retrans=True)

    def bye(self):
        return self.request("BYE").recv(200)

    def alone(self, method, headers=""):
        """Outside any dialog."""
        return self.send(f"""{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:+12125550188@[local_ip]>;tag=[pid]o[call_number]
To: <sip:[service]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 {method}
{headers + chr(10) if headers else ''}Content-Length: 0
""", retrans=True)

    # Responses

    def answer(self, status, body="", headers="", tag=True, reason="Said", **attributes):
        """To the request received last. `tag`: ours is added (not when the request has it already)."""
        mark = ";tag=[pid]d[call_number]" if tag else ""
        kind = "Content-Type: application/sdp\n" if body else ""
        # SIPp leaves out the line of a header that the request does not have.
        contact = "[last_Record-Route:]\nContact: <sip:callee@[local_ip]:[local_port];transport=[transport]>\n" if 100 < status < 300 else ""
        return self.send(f"""SIP/2.0 {status} {reason}
[last_Via:]
[last_From:]
[last_To:]{mark}
[last_Call-ID:]
[last_CSeq:]
{contact}{headers + chr(10) if headers else ''}{kind}Content-Length: [len]

{body}""", **attributes)


# The parts that many tests need.

def answers(name="answers", ring=True, talk=0, body=sdp()):
    """Rings, answers, waits for BYE."""
    part = Scenario.callee(name).expect("INVITE")
    if ring:
        part.answer(180)
    part.answer(200, body, retrans=True).expect("ACK")
    return part.expect("BYE").answer(200, tag=False).linger()


def refuses(status, name=None, headers=""):
    return Scenario.callee(name or f"refuses-{status}").expect("INVITE").answer(status, headers=headers, retrans=True).expect("ACK").linger()


def calls(name="calls", talk=200, **options):
    """Calls, talks, hangs up."""
    part = Scenario.caller(name).invite(**options)
    return part.recv(100, optional=True).recv(180, optional=True).recv(183, optional=True).recv(200).ack().pause(talk).bye()


def is_refused(status, name=None, **options):
    return Scenario.caller(name or f"refused-{status}").invite(**options).recv(100, optional=True).recv(status).ack_refusal().linger()
