"""Calls through the appliance from outside: SIP by hand, voice whose every byte is compared."""
import os
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "System"))
import wire

PACKET = 0.02


class Party(wire.Endpoint):
    """A peer at an address of its own: a SIP socket, and one for voice."""

    def __init__(self, address, proxy, port=5060, transport="udp", voice=6000):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        super().__init__(made, proxy, transport)
        self.voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.voice.bind((address, voice))
        self.voice.setblocking(False)

    def sdp(self, port=None):
        return super().sdp(port or self.voice.getsockname()[1])

    def hear(self):
        heard = []
        try:
            while True:
                heard.append(self.voice.recv(2048)[12:])
        except BlockingIOError:
            return heard

    def drain(self):
        """Forgets what came meanwhile."""
        while self.receive(0.05):
            pass
        self.hear()

    def close(self):
        self.socket.close()
        self.voice.close()


class Call:
    """A call that is up."""

    def __init__(self, caller, callee, called):
        self.caller, self.callee = caller, callee
        self.answer, self.invite, _ = wire.answered(caller, callee, called)
        self.sequence = 0

    def talk(self, seconds):
        """Both sides speak; what each heard must be what the other said, byte for byte and in order. Returns the packets each way."""
        ways = [(self.caller, wire.media_address(self.answer), self.callee), (self.callee, wire.media_address(self.invite), self.caller)]
        said, heard = ([], []), ([], [])
        for party in (self.caller, self.callee):
            party.hear()
        start = time.monotonic()
        count = int(seconds / PACKET)
        for number in range(count + 25):
            for way, (speaker, to, listener) in enumerate(ways):
                if number < count:
                    payload = os.urandom(160)
                    speaker.voice.sendto(wire.rtp(self.sequence, 0x5EED + way, payload), to)
                    said[way].append(payload)
                heard[way].extend(listener.hear())
            self.sequence += 1
            time.sleep(max(0, start + number * PACKET - time.monotonic()))
        for way in (0, 1):
            if said[way] != heard[way]:
                same = sum(a == b for a, b in zip(said[way], heard[way]))
                raise AssertionError(f"of {len(said[way])} packets {len(heard[way])} were heard, {same} in their place")
        return count

    def hang_up(self):
        self.caller.send(self.caller.within("BYE", self.answer, 2))
        self.callee.respond(self.callee.expect("BYE"), 200)
        self.caller.expect(200)


def first_call(caller, callee, called, deadline):
    """Tries until a call comes about, from before anybody is there to answer. `None` when none does."""
    while time.monotonic() < deadline:
        caller.send(caller.invite(called))
        try:
            invite = callee.expect("INVITE", seconds=0.25)
        except (AssertionError, OSError):
            continue
        callee.respond(invite, 200, callee.sdp())
        callee.expect("ACK", ignore=("INVITE",))
        answer = caller.expect(200)
        caller.ack(answer)
        call = Call.__new__(Call)
        call.caller, call.callee, call.answer, call.invite, call.sequence = caller, callee, answer, invite, 0
        return call
    return None


def gap(party, called, seconds, act):
    """Asks with OPTIONS-like requests every 20 ms while `act` happens; (requests, answered, longest time in seconds between answers)."""
    sent, answered, last, longest = 0, set(), None, 0.0
    start = time.monotonic()
    next_send, acted = start, False
    while time.monotonic() < start + seconds + 1:
        now = time.monotonic()
        if not acted and now > start + 0.5:
            act()
            acted = True
        if now >= next_send and now < start + seconds:
            party.send(party.request("OPTIONS", called, call=f"gap-{sent}", sequence=1))
            sent += 1
            next_send += PACKET
        message = party.receive(0.005)
        if message and message.status and message["call-id"].startswith("gap-"):
            now = time.monotonic()
            if last is not None:
                longest = max(longest, now - last)
            last = now
            answered.add(message["call-id"])
    return sent, len(answered), longest
