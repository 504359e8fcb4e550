#!/usr/bin/env python3
"""`make run`: the appliance on loopback between real endpoints. Places a call in each direction between a PBX and a provider, one between two
PBXs, and two that must be refused; shows each call's ladder, legs, media counts, and whether what was heard is what was played.

Exit status 0 only if all of it went as it should. With a terminal, the appliance is left up with the command line open.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import audio
from appliance import BIN, EXAMPLES, Appliance
from baresip import Baresip
from sipp import SIPp

LOOPBACK = "127.0.0.1"
SECONDS = 4


class Endpoints:
    """The PBX `hq`, the PBX `branch` and the provider `acme`, each with a chirp of its own."""

    def __init__(self, folder):
        bands = {"hq": (300, 1300), "branch": (1400, 2300), "acme": (2400, 3400)}
        self.played = {}
        for name, (low, high) in bands.items():
            self.played[name] = folder / f"{name}.wav"
            audio.chirp(self.played[name], low, high, 60)
        self.hq = Baresip(folder / "hq", "+14255551234", LOOPBACK, 5090, 4441, (10000, 10099), f"{LOOPBACK}:5060", self.played["hq"])
        self.branch = Baresip(folder / "branch", "+14255552001", LOOPBACK, 5095, 4442, (10100, 10199), f"{LOOPBACK}:5060", self.played["branch"])
        self.acme = Baresip(folder / "acme", "14155550100", LOOPBACK, 5080, 4443, (10200, 10299), f"{LOOPBACK}:5070", self.played["acme"])
        self.all = [self.hq, self.branch, self.acme]
        for endpoint in self.all:
            endpoint.connect()

    def stop(self):
        for endpoint in self.all:
            endpoint.stop()


def show(appliance, record):
    print(appliance.tandem("show", "call", record["id"], "ladder"))
    print(appliance.tandem("show", "call", record["id"]))


def talk(appliance, endpoints, caller, callee, number, title):
    """One call from baresip to baresip; true when it was answered and both heard the other."""
    print(f"\n=== {title}: {number} ===\n", flush=True)
    before = len(appliance.history(1000, seconds=0))
    for endpoint in (caller, callee):
        for old in endpoint.folder.glob("dump-*.wav"):
            old.unlink()
        endpoint.events()
    caller.dial(f"sip:{number}@{LOOPBACK}")
    if not caller.wait_for("CALL_ESTABLISHED", 10):
        print("the call was not answered")
        return False
    time.sleep(SECONDS)
    caller.hang_up()
    callee.wait_for("CALL_CLOSED", 5)
    time.sleep(0.3)
    records = appliance.history(before + 1)
    if len(records) <= before:
        print("no call record")
        return False
    show(appliance, records[0])
    good = True
    for listener, speaker in ((caller, callee), (callee, caller)):
        name = speaker.folder.name
        heard = listener.heard()
        verdict = audio.compare(endpoints.played[name], heard) if heard else audio.Verdict(0, 0, 0)
        print(f"audio   {listener.folder.name} heard what {name} played: {verdict}{'' if verdict.good else '   <-- WRONG'}")
        good = good and verdict.good
    lost = sum(stream["lost"] for stream in records[0]["streams"])
    packets = [stream["packets"] for stream in records[0]["streams"]]
    if lost or len(packets) < 2 or min(packets) < 50 * (SECONDS - 1):
        print(f"media   {packets} packets, {lost} lost   <-- WRONG")
        good = False
    return good


def refuse(appliance, folder, number, status, title):
    print(f"\n=== {title}: {number} ===\n", flush=True)
    before = len(appliance.history(1000, seconds=0))
    caller = SIPp(folder, "refused", (LOOPBACK, 5081), (LOOPBACK, 5070), called=number)
    went = caller.wait()
    records = appliance.history(before + 1)
    if len(records) <= before:
        print("no call record", caller.trouble())
        return False
    show(appliance, records[0])
    print(appliance.tandem("test", "number", number, "trunk", "acme-1"))
    return went and records[0]["status"] == status


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tandem-run-"))
    appliance = endpoints = None
    results = []
    try:
        appliance = Appliance(EXAMPLES / "two-pbx.conf", folder / "appliance")
        print(appliance.tandem("show", "trunks"))
        endpoints = Endpoints(folder)
        hq, branch, acme = endpoints.all
        results = [
            ("PBX to provider", talk(appliance, endpoints, hq, acme, "94155550100", "PBX to provider")),
            ("provider to PBX", talk(appliance, endpoints, acme, hq, "14255551234", "provider to PBX")),
            ("PBX to PBX", talk(appliance, endpoints, hq, branch, "2001", "PBX to PBX")),
            ("refused 403", refuse(appliance, folder, "14155550100", 403, "provider to provider, which must be refused")),
            ("refused 404", refuse(appliance, folder, "5550100", 404, "a number without a route, which must be refused")),
        ]
        print("\n=== Summary ===\n")
        print(appliance.tandem("show", "calls", "history"))
        for name, good in results:
            print(f"{'ok   ' if good else 'WRONG'} {name}")
        good = all(good for _, good in results)
        if good and sys.stdin.isatty() and sys.stdout.isatty():
            print("\nThe appliance stays up with its endpoints; `show calls`, `show media`, `configure` ... `exit` ends it.\n")
            subprocess.run([str(BIN / "tandem"), "--runtime-dir", str(folder / "appliance" / "run")])
        return 0 if good else 1
    finally:
        if endpoints:
            endpoints.stop()
        if appliance:
            appliance.stop()
        if results and all(good for _, good in results):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"kept for a look: {folder}", file=sys.stderr)


if __name__ == "__main__":
    os.environ.setdefault("SWIFT_BACKTRACE", "enable=no")
    sys.exit(main())
