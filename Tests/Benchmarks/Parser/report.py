#!/usr/bin/env python3
"""`make bench-parser`: what reading one INVITE costs Tandem beside Sofia-SIP and libosip2, in one run.

The message (invite.sip, 1.2 kB with its description) is read by each library with its own functions: every header it has a type for, with URIs and
parameters; the description by its own SDP parser. `index` is what Tandem does when a message arrives: every line found, the start line and what every
message must have checked and kept; `eager` takes every header of a type apart.
Instructions are counted by callgrind and do not depend on the neighbours; nanoseconds are processor time, the middle of five runs taken in turn.
Needs valgrind, a C compiler, libosip2-dev, libsofia-sip-ua-dev and `make build`. Ends 0 when it could measure, whatever came out; 77 when it can not run here.
"""
import os, re, shutil, statistics, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("BIN", os.path.abspath(f"{HERE}/../../../.build/release"))
MESSAGE = f"{HERE}/invite.sip"
AIMS = {"eager": 0.25, "index": 0.10}


def prepare(folder):
    for tool, package in (("valgrind", "valgrind"), ("cc", "gcc"), ("pkg-config", "pkg-config")):
        if not shutil.which(tool):
            return f"{tool} is not installed: apt-get install {package}"
    if not os.path.exists(f"{BIN}/benchmark-parser"):
        return f"{BIN}/benchmark-parser is missing: run `make build`"
    for peer, library, package in (("osip", "libosip2", "libosip2-dev"), ("sofia", "sofia-sip-ua", "libsofia-sip-ua-dev")):
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", library], capture_output=True, text=True)
        if flags.returncode != 0:
            return f"{library} is not installed: apt-get install {package}"
        subprocess.run(["cc", "-O2", "-o", f"{folder}/{peer}", f"{HERE}/{peer}.c", *flags.stdout.split()], check=True)
    # Without its debug information, which valgrind may not know.
    shutil.copy(f"{BIN}/benchmark-parser", f"{folder}/tandem")
    subprocess.run(["strip", "-g", f"{folder}/tandem"], check=True)
    return None


def nanoseconds(command):
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", out, re.M)}


def instructions(command, function, folder):
    out = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind", "--collect-atstart=no", f"--toggle-collect={function}", *command],
        capture_output=True, text=True, check=True)
    # 100 and the tenth that warms up.
    return int(re.search(r"Collected : (\d+)", out.stderr).group(1)) // 110


def main():
    folder = tempfile.mkdtemp()
    try:
        reason = prepare(folder)
        if reason:
            print(f"parser benchmark: {reason}")
            return 77
        rows = [("Sofia-SIP", "message", f"{folder}/sofia", "measured_message*"), ("libosip2", "message", f"{folder}/osip", "measured_message*"),
                ("Tandem", "index", f"{folder}/tandem", "*measuredIndex*"), ("Tandem", "eager", f"{folder}/tandem", "*measuredEager*"),
                ("Sofia-SIP", "description", f"{folder}/sofia", "measured_description*"),
                ("libosip2", "description", f"{folder}/osip", "measured_description*"),
                ("Tandem", "description", f"{folder}/tandem", "*measuredDescription*")]

        def command(row, count):
            return [row[2], *([row[1]] if row[0] == "Tandem" else []), str(count), MESSAGE]

        times = {row: [] for row in rows}
        for _ in range(5):
            for row in rows:
                times[row].append(nanoseconds(command(row, 20000))[row[1]])
        print(f"one INVITE of {os.path.getsize(MESSAGE)} bytes\n{'':12}{'':14}{'instructions':>14}{'ns':>8}   to Sofia-SIP")
        first = {}
        for row in rows:
            count, time = instructions(command(row, 100), row[3], folder), int(statistics.median(times[row]))
            against = first.setdefault(row[1] if row[1] == "description" else "message", (count, time))
            aim = f"   aim {AIMS[row[1]]}" if row[1] in AIMS else ""
            print(f"{row[0]:12}{row[1]:14}{count:14,}{time:8,}   {count / against[0]:.2f} by instructions, {time / against[1]:.2f} by time{aim}")
        return 0
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
