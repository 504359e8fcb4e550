#!/usr/bin/env python3
"""`make bench`: what a call costs Tandem beside Kamailio with its dialog module, in one run, and a verdict.

Each measurement is bench.py's: 1,000 calls a second, 20,000 calls, the server alone on one core (PIN=0). They run in the order K T K T, because
a shared machine drifts by 20 % within the hour; what counts is the ratio of the two, pair by pair, and the worse pair decides.
A pair in which the peer lost or repeated messages does not count: then the machine was too busy, its figure holds repetitions and calls
that ended early, and a ratio to it says little. It is measured again, up to PAIRS=4 in all; fewer than two that count are no verdict.
Then Tandem once more with 180 and 200 sent back to back (RING=0): every call must come through, so their order must be kept.

  report.py [held] [relay]

held    also: kilobytes per held call, at 5,000 and at 10,000 calls
relay   also: the same calls with media relayed, four sockets a call (no RTP is sent: this is what setting up and tearing down costs)
QUICK=1 3,000 calls in place of 20,000: for a look, not for quoting.
Needs root, sip-tester, kamailio, iproute2 and `make build`. Writes into a temporary folder only. Ends 0 if the verdict is good, 1 if not,
75 without a verdict, 77 when it can not run here.
"""
import json, os, platform, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(f"{HERE}/../../..")
BIN = os.environ.get("BIN", f"{ROOT}/.build/release")
LIMIT = 1.0
PAIRS = int(os.environ.get("PAIRS", "4"))
CALLS = 3000 if os.environ.get("QUICK") else 20000


def missing():
    if os.geteuid() != 0:
        return "it needs root (network namespaces)"
    for tool, package in (("sipp", "sip-tester"), ("kamailio", "kamailio"), ("ip", "iproute2")):
        if not shutil.which(tool):
            return f"{tool} is not installed: apt-get install {package}"
    for file in ("tandemd", "plugins/itsp.so", "plugins/ip-pbx.so"):
        if not os.path.exists(f"{BIN}/{file}"):
            return f"{BIN}/{file} is missing: run `make build`"
    return None


def tandem(folder, relayed):
    """The command line of a daemon with directories of its own."""
    home = tempfile.mkdtemp(dir=folder)
    lines = open(f"{HERE}/tandem.conf").read().splitlines()
    if relayed:
        lines = [line for line in lines if "bypass" not in line]
    open(f"{home}/tandem.conf", "w").write("\n".join(lines) + "\n")
    return (f"cmd:{BIN}/tandemd --config {home}/tandem.conf --state-dir {home}/state --runtime-dir {home}/run"
            f" --plugin-dir {BIN}/plugins")


def measure(server, *steps, **environment):
    result = subprocess.run([sys.executable, f"{HERE}/bench.py", server, *steps], capture_output=True, text=True,
                            env=dict(os.environ, PIN="0", **environment))
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    if len(rows) != len(steps):
        sys.exit(f"bench.py {server} measured {len(rows)} of {len(steps)} steps:\n{result.stdout}{result.stderr}")
    return rows


def is_clean(row):
    calls = row["ok"] + row["failed"]
    return row["failed"] <= calls / 1000 and row["retransmissions"] <= calls / 100


def load():
    return f"load {os.getloadavg()[0]:.1f}"


def show(name, row):
    more = f", {row['kb_per_held_call']} kB per held call" if "kb_per_held_call" in row else ""
    print(f"{name:26} {row['cpu_us_per_call']:7.1f} us/call, {row['failed']} failed of {row['ok'] + row['failed']}, "
          f"{row['retransmissions']} retransmissions{more} ({load()})", flush=True)


def main():
    reason = missing()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    folder = tempfile.mkdtemp(prefix="tandem-report-")
    step = f"1000,{CALLS},1000"
    print(f"{os.cpu_count()} processors, Linux {platform.release()}; {CALLS} calls at 1,000 a second, one core for the server", flush=True)
    try:
        ratios, failed = [], 0
        for pair in range(1, PAIRS + 1):
            peer = measure("kamailio-dialog", step)[0]
            show("Kamailio with dialog", peer)
            ours = measure(tandem(folder, False), step)[0]
            show("Tandem", ours)
            failed += ours["failed"]
            ratio = ours["cpu_us_per_call"] / peer["cpu_us_per_call"]
            if is_clean(peer):
                ratios.append(ratio)
                print(f"  pair {pair}: ratio {ratio:.2f}", flush=True)
            else:
                print(f"  pair {pair}: ratio {ratio:.2f} does not count: Kamailio lost or repeated messages, the machine is too busy", flush=True)
            if len(ratios) == 2:
                break
        ring = measure(tandem(folder, False), step, RING="0")[0]
        show("Tandem, 180+200 at once", ring)
        failed += ring["failed"]
        if "relay" in sys.argv[1:]:
            row = measure(tandem(folder, True), step)[0]
            show("Tandem, media relayed", row)
            print(f"  relaying costs {row['cpu_us_per_call'] - ours['cpu_us_per_call']:.1f} us/call more, in the whole process", flush=True)
        if "held" in sys.argv[1:]:
            for calls, hold, at in ((5000, 30000, 25), (10000, 60000, 50)):
                show(f"Tandem, {calls} held", measure(tandem(folder, False), f"1000,{calls},{hold},{at}")[0])
        if len(ratios) < 2:
            print(f"no verdict: {len(ratios)} of {PAIRS} pairs count, two are needed: wait for a quieter machine; {failed} calls of ours failed")
            sys.exit(1 if failed else 75)
        good = max(ratios) <= LIMIT and failed == 0
        print(f"{'ok' if good else 'NOT ok'}: {max(ratios):.2f} of Kamailio with dialog in the worse pair (limit {LIMIT:.2f}), {failed} calls failed (limit 0)")
        sys.exit(0 if good else 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
