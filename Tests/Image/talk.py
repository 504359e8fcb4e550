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

    def __init__(self, caller, callee, called, up=None):
        self.caller, self.callee = caller, callee
        self.answer, self.invite = up or wire.answered(caller, callee, called)[:2]
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
    """A call, its INVITE repeated four times a second from before anybody is there to take it."""
    request = caller.invite(called)
    while time.monotonic() < deadline:
        try:
            caller.send(request)
            invite = callee.expect("INVITE", seconds=0.25)
        except (AssertionError, OSError):
            continue
        callee.respond(invite, 200, callee.sdp())
        callee.expect("ACK", ignore=("INVITE",))
        answer = caller.expect(200, ignore=(100, 180))
        caller.acknowledge(answer)
        return Call(caller, callee, called, (answer, invite))
    raise AssertionError("no call came about")


def gap(party, seconds, act, patience=30):
    """Asks with OPTIONS every 20 ms, never twice the same, while `act` happens after half a second; waits for what is not answered yet.
    (requests, answered, longest time in seconds in which no answer came)."""
    sent, answered, longest = 0, set(), 0.0
    start = last = time.monotonic()
    acted = False
    while (now := time.monotonic()) < start + seconds + patience:
        if not acted and now > start + 0.5:
            act()
            acted = True
        if now >= start + seconds and len(answered) == sent:
            break
        if now < start + seconds and sent * PACKET < now - start:
            party.send(party.request("OPTIONS", "x", call=f"gap-{sent}"))
            sent += 1
        message = party.receive(0.005)
        if message and message.status and message["call-id"].startswith("gap-"):
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            answered.add(message["call-id"])
    return sent, len(answered), longest
