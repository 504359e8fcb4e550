"""What the image must do, each as a story from power on to power off. A story's steps are checks; its figures have bounds."""
import re
import time

import guest
from talk import Call, Party, first_call, gap

TANDEM, PBX, PROVIDER = "192.0.2.1", "192.0.2.10", "192.0.2.20"
OUTSIDE = (PBX, PROVIDER)
OUT, IN = "+12025550123", "+4930123456"
CONFIGURATION = f"""
set interface voice device {guest.DEVICE} address {TANDEM}/24
set listener inside interface voice port 5060 transport udp
set listener outside interface voice port 5070 transport udp
set listener inside-tcp interface voice port 5060 transport tcp
set media-realm m interface voice ports 20000-20999
set peer pbx type ip-pbx address {PBX} port 5060 transport udp
set peer pbx-tcp type ip-pbx address {PBX} port 5060 transport tcp
set peer provider type itsp address {PROVIDER} port 5060 transport udp
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


class Stage:
    """The machine, the two peers outside, and what is counted."""

    def __init__(self, folder, figures):
        self.folder, self.figures = folder, figures
        self.began = time.monotonic()
        self.passed = 0
        self.guest = None
        self.parties = []

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

    def figure(self, name, value, bound, unit):
        """Of several runs the worst."""
        if name not in self.figures or self.figures[name][0] < value:
            self.figures[name] = (value, bound, unit)

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
        if self.guest:
            self.guest.power_off()


def both_ways(stage, pbx, provider, seconds=1.0):
    for caller, callee, called, words in ((pbx, provider, OUT, "PBX to provider"), (provider, pbx, IN, "provider to PBX")):
        call = Call(caller, callee, called)
        packets = call.talk(seconds)
        call.hang_up()
        stage.ok(f"{words}: a call, {packets} packets each way, every byte as it was said")


def crash_and_hang(stage, machine, pbx, provider):
    for name, line, bound in (("kill -9: longest silence", "kill -9", 0.25), ("hang: longest silence", "kill -STOP", 3.0)):
        call = Call(pbx, provider, OUT)
        call.talk(0.5)
        sent, answered, longest = gap(pbx, "x", 3 if "-9" in line else 6, lambda: machine.shell.run(f"{line} $(pidof tandemd)"))
        if answered != sent:
            raise AssertionError(f"{line}: of {sent} requests {answered} were answered")
        stage.ok(f"{line} of the daemon during a call: {sent} requests, all answered, longest silence {longest:.2f} s")
        stage.figure(name, longest, bound, "s")
        pbx.drain(), provider.drain()
        both_ways(stage, pbx, provider, 0.5)


def first_boot(stage):
    """First boot without hands: /data is made, the console offers the command line, a configuration entered there carries calls; a crash and a hang lose no request"""
    machine = stage.machine()
    pbx, provider = stage.peers()
    machine.console.log_in()
    stage.ok("login `admin` at the console lands in the command line")
    said = machine.console.configure(CONFIGURATION)
    if "Committed" not in said:
        raise AssertionError(said)
    stage.ok("a configuration entered there is committed")
    if "up" not in machine.console.command("show interfaces"):
        raise AssertionError("show interfaces: the voice interface is not up")
    stage.ok("the daemon has set the address and switched the voice interface on")
    both_ways(stage, pbx, provider)
    crash_and_hang(stage, machine, pbx, provider)
    status, text = machine.shell.run("free -m")
    used = int(re.search(r"^Mem:\s+\d+\s+(\d+)", text, re.M)[1])
    stage.figure("RAM used", used, 128, "MB")


QUICK = [first_boot]
ALL = [first_boot]
