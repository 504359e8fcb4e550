"""What the image must do, each as a story from power on to power off. A story's steps are checks; its figures have aims."""
import hashlib
import os
import re
import subprocess
import sys
import time

import guest
from talk import Call, Party, first_call, gap
# Behind talk, which puts the system tests' folder on the path.
from scenario import Scenario, answers
from sipp import SIPp

TANDEM, PBX, PROVIDER = "192.0.2.1", "192.0.2.10", "192.0.2.20"
OUTSIDE = (PBX, PROVIDER)
OUT, IN = "+12025550123", "+4930123456"
CONFIGURATION = f"""
set interface voice device {guest.DEVICE} address {TANDEM}/24
set listener inside interface voice port 5060 transport udp
set listener outside interface voice port 5070 transport udp
set listener inside-tcp interface voice port 5060 transport tcp
set media-realm m interface voice ports 20000-20999
set peer pbx type ip-pbx address {PBX} port 5060 transport udp options-interval 0
set peer pbx-tcp type ip-pbx address {PBX} port 5060 transport tcp options-interval 0
set peer provider type itsp address {PROVIDER} port 5060 transport udp options-interval 0
set trunk pbx peer pbx listener inside media-realm m
set trunk pbx-tcp peer pbx-tcp listener inside-tcp media-realm m
set trunk provider peer provider listener outside media-realm m
set pstn-usage [ Out In ]
set trunk-configuration trunk:pbx pstn-usage Out
set trunk-configuration trunk:pbx-tcp pstn-usage Out
set trunk-configuration trunk:provider pstn-usage In
set voice-route out pattern '^\\+1\\d{{10}}$' pstn-usage Out trunk provider
set voice-route in pattern '^\\+49\\d+$' pstn-usage In trunk pbx
""".strip().splitlines()


# What is measured: aim and unit. Aims are for a box. In software emulation every instruction of a starting process is translated first, which takes fifty
# times as long as running it, and whatever else this machine does is measured with it: a figure that misses its aim is reported, and fails nothing.
FIGURES = {
    "power on to login, first boot": (None, "s"),
    "power on to first call completed": (20, "s"),
    "power on to first call, firmware": (None, "s"),
    "RAM used with calls": (128, "MB"),
    "kill -9: longest silence": (0.25, "s"),
    "hang: longest silence": (3, "s"),
}


class Stage:
    """The machine, the two peers outside, and what is counted."""

    def __init__(self, folder, figures):
        self.folder, self.figures = folder, figures
        self.began = time.monotonic()
        self.passed = 0
        self.guest = None
        self.parties, self.running = [], []

    def machine(self, **options):
        self.guest = guest.Guest(self.folder, **options)
        self.guest.power_on()
        return self.guest

    def party(self, address, port, **options):
        made = Party(address, (TANDEM, port), **options)
        self.parties.append(made)
        return made

    def peers(self):
        return self.party(PBX, 5060), self.party(PROVIDER, 5070)

    def ok(self, sentence):
        self.passed += 1
        print(f"  ok {time.monotonic() - self.began:6.1f} s  {sentence}", flush=True)

    def figure(self, name, value):
        """Of several runs the worst."""
        self.figures[name] = (max(value, self.figures.get(name, (value,))[0]), *FIGURES[name])

    def tell(self):
        if self.guest and self.guest.console:
            self.guest.console.read()
            print("  --- console\n" + self.guest.console.text[-2500:])
            if self.guest.shell and not self.guest.firmware and self.guest.process.poll() is None:
                try:
                    print("  --- journal\n" + self.guest.shell.run("journalctl --no-pager -n 40 -o short-monotonic")[1])
                except AssertionError:
                    pass

    def stop(self):
        for one in self.parties:
            one.close()
        for one in self.running:
            one.stop()
        if self.guest:
            self.guest.power_off()


def both_ways(stage, pbx, provider, seconds=1.0):
    for caller, callee, called, words in ((pbx, provider, OUT, "PBX to provider"), (provider, pbx, IN, "provider to PBX")):
        call = Call(caller, callee, called)
        packets = call.talk(seconds)
        call.hang_up()
        stage.ok(f"{words}: a call, {packets} packets each way, every byte as it was said")


def crash(stage, machine, pbx, provider, line, seconds, figure):
    """Kills or stops the daemon while a call is up and requests come 50 times a second: each must be answered, and calls go through afterwards."""
    Call(pbx, provider, OUT).talk(0.5)
    _, before = machine.shell.run("systemctl show --value -p NRestarts tandemd | cat")
    # Without waiting for the shell's answer: the clock runs.
    sent, answered, longest = gap(pbx, seconds, lambda: machine.shell.send(f"{line} $(pidof tandemd)\n"))
    if machine.shell.run("systemctl show --value -p NRestarts tandemd | cat")[1] == before:
        raise AssertionError(f"{line}: the daemon was not started anew")
    if answered != sent:
        raise AssertionError(f"{line}: of {sent} requests {answered} were answered")
    stage.ok(f"{line} of the daemon during a call: {sent} requests, each answered, longest silence {longest:.2f} s")
    stage.figure(figure, longest)
    pbx.drain()
    provider.drain()
    both_ways(stage, pbx, provider, 0.5)


def same_bytes(stage):
    """Reproducible: built once more from the packages on, by somebody with another umask in another time zone, it is the same disk"""
    done = subprocess.run(
        [sys.executable, guest.ROOT / "image/build.py", stage.folder], env={**os.environ, "TZ": "Asia/Tokyo"}, umask=0o077, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    for name in ("root.img", "initrd.img", "tandem.img"):
        one, other = (hashlib.sha256((folder / name).read_bytes()).hexdigest() for folder in (guest.OUT, stage.folder / "out"))
        if one != other:
            raise AssertionError(f"{name} differs: {one}, {other}")
    stage.ok(f"the same disk, sha256 {one}")


def first_boot(stage):
    """First boot: without hands to the login prompt, a configuration entered at the console, calls both ways, the daemon killed"""
    machine = stage.machine()
    pbx, provider = stage.peers()
    machine.console.log_in()
    stage.figure("power on to login, first boot", time.monotonic() - machine.began)
    stage.ok("login `admin` at the console lands in the command line")
    machine.console.configure(CONFIGURATION)
    stage.ok("a configuration entered there is committed")
    if not re.search(rf"voice +{guest.DEVICE} +up +{TANDEM}/24", said := machine.console.command("show interfaces")):
        raise AssertionError(said)
    stage.ok("the daemon has set the address and switched the voice interface on")
    both_ways(stage, pbx, provider)
    crash(stage, machine, pbx, provider, "kill -9", 3, "kill -9: longest silence")
    _, text = machine.shell.run("free -m")
    stage.figure("RAM used with calls", int(re.search(r"^Mem:\s+\d+\s+(\d+)", text, re.M)[1]))


def supervision(stage):
    """Supervision: the daemon hangs; SIPp and TCP go through; the sandbox and the hardware watchdog are as they should be"""
    machine = configured(stage)
    pbx, provider = stage.peers()
    crash(stage, machine, pbx, provider, "kill -STOP", 6, "hang: longest silence")
    pbx_tcp = stage.party(PBX, 5060, transport="tcp", voice=6100)
    both_ways_over_tcp = Call(pbx_tcp, provider, OUT)
    both_ways_over_tcp.talk(0.5)
    both_ways_over_tcp.hang_up()
    stage.ok("a call from TCP to UDP, every byte as it was said")
    with_sipp(stage, pbx, provider)
    _, text = machine.shell.run("grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/$(pidof tandemd)/status")
    for line in (r"Uid:\s+800\s+800\s+800\s+800", r"CapEff:\s+0000008000003400", r"NoNewPrivs:\s+1", r"Seccomp:\s+2"):
        if not re.search(line, text):
            raise AssertionError(f"{line} is not in:\n{text}")
    stage.ok("the daemon runs as a user of its own with four capabilities and a system call filter")
    if machine.shell.run("grep -l i6300ESB /sys/class/watchdog/watchdog0/identity && grep -x active /sys/class/watchdog/watchdog0/state")[0]:
        raise AssertionError("the hardware watchdog is not armed")
    stage.ok("the hardware watchdog is armed")
    for path in ("/usr/x", "/etc/x"):
        status, text = machine.shell.run(f"touch {path}")
        if status == 0 or "Read-only file system" not in text:
            raise AssertionError(f"touch {path}: {status}, {text}")
    # busybox does what its name says: under another it would fail for another reason.
    if machine.shell.run("cp /run/probe/busybox /data/busybox && chmod 755 /data/busybox && /run/probe/busybox true")[0]:
        raise AssertionError("busybox is not to be had")
    status, text = machine.shell.run("/data/busybox true")
    if status == 0 or "Permission denied" not in text:
        raise AssertionError(f"/data/busybox true: {status}, {text}")
    stage.ok("the root can not be written to, and nothing on /data can be executed")


def without_disk(stage):
    """No usable /data: the daemon serves from memory and says so, instead of starting for ever"""
    machine = configured(stage)
    pbx, provider = stage.peers()
    machine.shell.run("systemctl mask --runtime data.mount; systemctl stop tandemd; umount /data; systemctl start tandemd")
    # The table breaks its lines.
    if "the state directory can not be written" not in " ".join((said := machine.console.command("show system")).split()):
        raise AssertionError(said)
    machine.console.configure(CONFIGURATION)
    both_ways(stage, pbx, provider, 0.5)
    if machine.shell.run("systemctl show --value -p NRestarts tandemd | cat")[1] != "0":
        raise AssertionError("the daemon was started again and again")
    stage.ok("without a disk the daemon says so, and runs what is committed")


def with_sipp(stage, pbx, provider):
    """Ten calls from a stock endpoint to another, with its own voice."""
    pbx.close()
    provider.close()
    stage.parties.clear()
    callee = sipp(stage, answers(), PROVIDER, calls=10)
    part = Scenario.caller("talks").invite().recv(100, optional=True).recv(180, optional=True).recv(200).ack().play(1500).bye()
    caller = sipp(stage, part, PBX, (TANDEM, 5060), calls=10, rate=5, called=OUT)
    for run in (caller, callee):
        if not run.wait():
            raise AssertionError(f"SIPp: {run.trouble()[-600:]}")
    stage.ok("SIPp to SIPp: 10 calls with voice")


def sipp(stage, scenario, address, remote=None, **options):
    name = f"{scenario.name}-{address}"
    run = SIPp(stage.folder, name, (address, 5060), remote, file=scenario.write(stage.folder / f"{name}.xml"), **options)
    stage.running.append(run)
    return run


def configured(stage, **options):
    """A machine that has the configuration, up and reachable."""
    machine = stage.machine(**options)
    machine.console.log_in()
    machine.console.configure(CONFIGURATION)
    return machine


def power_cut(stage):
    """Configuration: it survives pulling the plug; a wrong one is refused and the old one still boots; a damaged one gives way to the one before"""
    machine = configured(stage)
    machine.console.command("configure")
    for line, wanted in (("set listener inside port 70000", "70000"), ("set interface voice device nope0", "nope0")):
        said = machine.console.command(line)
        if "error" not in said:
            said = machine.console.command("commit")
        if "error" not in said or wanted not in said:
            raise AssertionError(f"{line} was taken: {said}")
    stage.ok("a wrong configuration is refused, and what is wrong is named")
    machine.console.command("discard")
    machine.console.command("set trunk pbx max-calls 17")
    machine.console.command("commit")
    machine.console.command("exit")
    machine.power_off()

    pbx, provider = stage.peers()
    machine.power_on()
    call = first_call(pbx, provider, OUT, machine.began + 180)
    call.talk(0.2)
    call.hang_up()
    stage.figure("power on to first call completed", time.monotonic() - machine.began)
    stage.ok(f"the plug pulled right after a commit: on again, a call completed {time.monotonic() - machine.began:.1f} s after power on")
    _, text = machine.shell.run("journalctl --no-pager -u data-check")
    if "recovering journal" not in text and "clean" not in text:
        raise AssertionError(f"/data was not checked: {text}")
    stage.ok("its file system was checked before it was mounted")
    machine.console.log_in()
    if "17" not in machine.console.command("show trunks"):
        raise AssertionError("the last commit is not there")
    stage.ok("the last commit is what runs")
    machine.shell.run("head -c 100 /data/tandem/running.json > /run/part; cat /run/part > /data/tandem/running.json; sync")
    machine.power_off()

    pbx.drain()
    provider.drain()
    machine.power_on()
    call = first_call(pbx, provider, OUT, machine.began + 180)
    call.hang_up()
    _, text = machine.shell.run("journalctl --no-pager -u tandemd")
    if "running.json is damaged" not in text:
        raise AssertionError(text)
    stage.ok("a damaged configuration gives way to the one before it, which carries calls; the journal says so")


def firmware(stage):
    """As a box boots: firmware, boot loader, the EFI program; a call; a clean reboot from the keyboard, and the configuration is there"""
    machine = configured(stage, firmware=True)
    pbx, provider = stage.peers()
    both_ways(stage, pbx, provider)
    machine.monitor("sendkey ctrl-alt-delete")
    began = time.monotonic()
    time.sleep(3)
    call = first_call(pbx, provider, OUT, began + 240)
    call.hang_up()
    stage.ok(f"rebooted by Ctrl-Alt-Delete: a call completed {time.monotonic() - began:.1f} s later")
    machine.power_off()
    pbx.drain()
    provider.drain()
    machine.power_on()
    call = first_call(pbx, provider, OUT, machine.began + 240)
    call.hang_up()
    stage.figure("power on to first call, firmware", time.monotonic() - machine.began)
    stage.ok(f"power on again, through firmware: a call completed {time.monotonic() - machine.began:.1f} s after power on")


QUICK = [first_boot]
ALL = [same_bytes, first_boot, supervision, without_disk, power_cut, firmware]
