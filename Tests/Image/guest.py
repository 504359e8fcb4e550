"""The image in QEMU, and the ways to it: its serial console as an operator has it, its network card, and, for tests only, a root shell.

The image under test is the one that ships, byte for byte. The root shell comes with a second initrd that only a direct kernel boot can bring along: it
puts a unit into /run before systemd starts. An image booted by its own boot loader takes no such thing, and tests that use firmware do without.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / ".build/image/out"
# OVMF's own variables would be written.
FIRMWARE = pathlib.Path("/usr/share/OVMF")
# The network card's place on the bus decides its name in the guest.
DEVICE = "enp0s5"
PROBE = {
    "init": """#!/bin/busybox sh
export PATH=/bin
busybox mkdir -p /run
busybox mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs /run
busybox mkdir -p /run/probe /run/systemd/system/sysinit.target.wants
busybox cp /bin/busybox /run/probe/
busybox cp /probe/probe.service /run/systemd/system/
busybox ln -s ../probe.service /run/systemd/system/sysinit.target.wants/
exec /init
""",
    "probe.service": """[Unit]
DefaultDependencies=no
After=dev-ttyS1.device
[Service]
ExecStartPre=/run/probe/busybox --install -s /run/probe
ExecStart=/run/probe/busybox sh
Environment=PATH=/run/probe:/usr/bin:/usr/sbin PS1=
StandardInput=tty
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
Restart=always
RestartSec=0
""",
}


def sizes():
    """Bytes of what is delivered: the disk as far as it is written, and an update (root and EFI program)."""
    update = sum(file.stat().st_size for file in [OUT / "root.img", *OUT.glob("*.efi")])
    return {"disk written": (OUT / "tandem.img").stat().st_blocks * 512, "update": update}


class Serial:
    """One end of a serial line: bytes to the guest, text from it."""

    def __init__(self, path):
        self.path, self.socket, self.text, self.taken = path, None, "", 0

    def connect(self, seconds=10):
        deadline = time.monotonic() + seconds
        while self.socket is None:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                made.connect(str(self.path))
                self.socket = made
            except OSError:
                made.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.socket.setblocking(False)

    def read(self):
        try:
            while chunk := self.socket.recv(65536):
                self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>78]|\r", "", chunk.decode(errors="replace"))
        except BlockingIOError:
            pass
        except ConnectionError:
            pass

    def wait(self, wanted, seconds=10):
        """What came since the last wait, up to and with `wanted` (a regular expression)."""
        deadline = time.monotonic() + seconds
        while True:
            self.read()
            if found := re.search(wanted, self.text[self.taken:], re.M):
                said = self.text[self.taken:self.taken + found.end()]
                self.taken += found.end()
                return said
            if time.monotonic() > deadline:
                raise AssertionError(f"{wanted!r} did not appear within {seconds} s; the end of what did:\n{self.text[-1500:]}")
            time.sleep(0.01)

    def send(self, text):
        data = text.encode()
        while data:
            try:
                data = data[self.socket.send(data):]
            except BlockingIOError:
                time.sleep(0.01)


class Console(Serial):
    """Login and the command line."""
    PROMPT = r"^tandem[>#] "

    def log_in(self, seconds=180):
        self.wait(r"login: ", seconds)
        self.send("admin\r")
        self.wait(self.PROMPT)

    def command(self, line, seconds=60):
        """A line at the prompt; what it printed."""
        self.taken = len(self.text)
        self.send(line + "\r")
        self.wait(r"\n", seconds)
        return self.wait(self.PROMPT, seconds)

    def configure(self, lines, commit="commit"):
        """Enters configuration lines and commits; what the commit said."""
        self.command("configure")
        for line in lines:
            said = self.command(line)
            if "error" in said:
                raise AssertionError(f"{line}: {said}")
        said = self.command(commit, 60)
        self.command("exit")
        return said


class Shell(Serial):
    """The root shell of a direct kernel boot."""

    def run(self, line, seconds=60):
        self.read()
        self.taken = len(self.text)
        self.send(f"{line}; echo \"[=$?\"=]\n")
        said = self.wait(r"\[=\d+=\]", seconds)
        # The terminal shows the line too.
        body, _, status = said.rpartition("[=")
        return int(status[:-2]), body.partition("=]\n")[2].strip()


class Guest:
    """One machine with one disk, which outlives a power cut. Everything of it is in `folder`."""

    def __init__(self, folder, disk_bytes=1 << 30, memory=512, firmware=False):
        self.folder, self.memory, self.firmware = pathlib.Path(folder), memory, firmware
        self.disk = self.folder / "disk.img"
        subprocess.run(["cp", "--sparse=always", OUT / "tandem.img", self.disk], check=True)
        os.truncate(self.disk, disk_bytes)
        if firmware:
            shutil.copy(FIRMWARE / "OVMF_VARS_4M.fd", self.folder / "vars.fd")
        else:
            self.write_probe(self.folder / "initrd.img")
        self.process = self.console = self.shell = None

    def write_probe(self, target):
        """The second initrd, in front of the image's own."""
        folder = self.folder / "probe-files"
        (folder / "probe").mkdir(parents=True)
        for name, text in PROBE.items():
            (folder / "probe" / name).write_text(text)
        (folder / "probe/init").chmod(0o755)
        names = "probe\nprobe/init\nprobe/probe.service\n"
        archive = subprocess.run(
            ["cpio", "--create", "--format=newc", "--quiet", "--owner=0:0"], cwd=folder, input=names.encode(), check=True, capture_output=True).stdout
        target.write_bytes(archive + b"\0" * (-len(archive) % 4) + (OUT / "initrd.img").read_bytes())

    def words(self):
        serials = ["-serial", f"unix:{self.folder}/console.sock,server=on,wait=off", "-serial", f"unix:{self.folder}/shell.sock,server=on,wait=off"]
        if self.firmware:
            boot = []
            for file, options in ((FIRMWARE / "OVMF_CODE_4M.fd", ",readonly=on"), (self.folder / "vars.fd", "")):
                boot += ["-drive", f"if=pflash,format=raw,file={file}{options}"]
        else:
            line = (OUT / "cmdline").read_text() + " rdinit=/probe/init"
            boot = ["-kernel", str(OUT / "vmlinuz"), "-initrd", str(self.folder / "initrd.img"), "-append", line]
        # Software emulation unless told otherwise: the figures are to be had anywhere.
        accelerator = os.environ.get("ACCEL", "tcg,thread=multi")
        return [
            "qemu-system-x86_64", "-machine", "q35", "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", str(self.memory), "-display", "none",
            "-nodefaults", "-device", "i6300esb", "-action", "watchdog=reset", *serials,
            "-monitor", f"unix:{self.folder}/monitor.sock,server=on,wait=off",
            "-drive", f"file={self.disk},if=virtio,format=raw,cache=unsafe",
            "-netdev", "tap,id=voice,ifname=voice,script=no,downscript=no", "-device", "virtio-net-pci,netdev=voice,addr=5,romfile=", *boot]

    def power_on(self):
        self.began = time.monotonic()
        self.log = open(self.folder / "qemu.log", "ab")
        self.process = subprocess.Popen(self.words(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.console, self.shell = Console(self.folder / "console.sock"), Shell(self.folder / "shell.sock")
        self.console.connect()
        self.shell.connect()

    def power_off(self):
        """Pulls the plug."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for name in ("console.sock", "shell.sock", "monitor.sock"):
            (self.folder / name).unlink(missing_ok=True)

    def monitor(self, line):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
            made.connect(str(self.folder / "monitor.sock"))
            made.sendall(line.encode() + b"\n")
            time.sleep(0.2)
