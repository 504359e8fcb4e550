"""Audio for the tests: chirps to play, and the proof that what was heard is what was played, sample by sample.

The endpoints speak G.711 mu-law. What is heard must then have exactly the codes of what was played: each sample is compared, from
the place where the recording joins the played material. A chirp rises all the time, so it can be joined at one place only, and
each side plays one of its own, so an echo can not pass for the other's voice.
"""
import math
import struct
import wave

RATE = 8000


def chirp(path, low, high, seconds):
    """Writes a mono 16-bit 8 kHz file with a tone that rises from `low` to `high` Hz."""
    count = int(RATE * seconds)
    frames = bytearray()
    for n in range(count):
        t = n / RATE
        phase = 2 * math.pi * (low * t + (high - low) * t * t / (2 * seconds))
        frames += struct.pack("<h", int(9000 * math.sin(phase)))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(bytes(frames))


def samples(path):
    with wave.open(str(path), "rb") as source:
        if (source.getnchannels(), source.getsampwidth(), source.getframerate()) != (1, 2, RATE):
            raise ValueError(f"{path}: not mono 16-bit 8 kHz")
        raw = source.readframes(source.getnframes())
    return struct.unpack(f"<{len(raw) // 2}h", raw)


def mulaw_encode(sample):
    """ITU-T G.711 mu-law of a 16-bit sample (14-bit arithmetic, bias 33)."""
    magnitude = min(-sample if sample < 0 else sample, 32635) + 0x84
    exponent = 7
    mask = 0x4000
    while exponent > 0 and not magnitude & mask:
        exponent -= 1
        mask >>= 1
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~((0x80 if sample < 0 else 0) | exponent << 4 | mantissa) & 0xFF


def mulaw_decode(code):
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


def codes(values):
    """The mu-law codes of samples, with one zero: decoders differ by a step in what they make of the two codes for it."""
    return [0xFF if code == 0x7F else code for code in (mulaw_encode(v) for v in values)]


class Verdict:
    """`compared` samples of the recording lie beside the played ones, `equal` of them are the same."""

    def __init__(self, compared, equal, offset):
        self.compared, self.equal, self.offset = compared, equal, offset

    @property
    def good(self):
        # Two seconds at least, and every sample: there is no loss on loopback.
        return self.compared >= 2 * RATE and self.equal == self.compared

    def __str__(self):
        if self.compared == 0:
            return "nothing of the played audio was heard"
        return f"{self.equal} of {self.compared} samples equal ({self.compared / RATE:.1f} s)"


def compare(played, heard):
    """Finds where `heard` joins `played` (both paths of wave files) and compares what lies side by side.

    The recording may begin before the first packet and end after the last: silence outside the joined part does not count,
    silence inside it does.
    """
    wanted = codes(samples(played))
    sound = samples(heard)
    got = codes(sound)
    first = next((i for i, v in enumerate(sound) if abs(v) > 64), None)
    if first is None:
        return Verdict(0, 0, 0)
    last = max(i for i, v in enumerate(sound) if abs(v) > 64)
    anchor_length = 160
    best = Verdict(0, 0, 0)
    # The anchor is taken from the recording a little after its first sound; it occurs once in a chirp.
    for start in range(first, min(first + 4000, last - anchor_length), 400):
        anchor = got[start:start + anchor_length]
        for place in range(0, len(wanted) - anchor_length):
            if wanted[place] != anchor[0] or wanted[place:place + anchor_length] != anchor:
                continue
            shift = place - start
            begin = max(first, -shift)
            end = min(last + 1, len(wanted) - shift)
            compared = max(0, end - begin)
            equal = sum(1 for i in range(begin, end) if got[i] == wanted[i + shift])
            if equal > best.equal:
                best = Verdict(compared, equal, shift)
        if best.equal:
            return best
    return best
