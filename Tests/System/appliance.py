"""The real daemon, started beside its checkout, and its command line."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# TANDEM_BIN: another build than the one that ships.
BIN = pathlib.Path(os.environ.get("TANDEM_BIN", ROOT / ".build" / "release"))
EXAMPLES = ROOT / "rootfs-overlay" / "usr" / "share" / "tandem" / "examples"


class Appliance:
    """`tandemd` with folders of its own; `tandem()` runs the command line against it."""

    def __init__(self, configuration, folder=None, prefix=(), plugins=None, environment=None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="tandem-"))
        self.owned = folder is None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prefix = list(prefix)
        self.plugins = plugins
        self.environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", **(environment or {})}
        if not pathlib.Path(configuration).exists():
            raise FileNotFoundError(configuration)
        self.configuration = configuration
        self.process = None
        self.start()

    @property
    def command(self):
        plugins = ["--plugin-dir", str(self.plugins)] if self.plugins else []
        return [
            *self.prefix, str(BIN / "tandemd"), "--config", str(self.configuration), "--state-dir", str(self.folder / "state"),
            "--runtime-dir", str(self.folder / "run"), *plugins]

    def start(self):
        self.log = open(self.folder / "tandemd.log", "a")
        # What an earlier run of the same folders said is not this one's.
        self.said = self.log.tell()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, env=self.environment)
        deadline = time.monotonic() + 20
        while "is up" not in self.output():
            if self.process.poll() is not None:
                raise RuntimeError("tandemd ended by itself:\n" + self.output())
            if time.monotonic() > deadline:
                raise RuntimeError("tandemd is not up after 20 s:\n" + self.output())
            time.sleep(0.02)

    def output(self):
        """What it has written since it was started last."""
        return (self.folder / "tandemd.log").read_bytes()[self.said:].decode(errors="replace")

    def tandem(self, *words, check=True, stdin=None):
        """The command line's output; with `check` its failure is an error."""
        done = subprocess.run(
            [str(BIN / "tandem"), "--runtime-dir", str(self.folder / "run"), *words], capture_output=True, text=True, timeout=30,
            input=stdin)
        if check and done.returncode != 0:
            raise RuntimeError(f"tandem {' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done if not check else done.stdout

    def json(self, *words):
        return json.loads(self.tandem("--json", *words))

    def counter(self, name):
        return next(c["value"] for c in self.json("show", "counters")["counters"] if c["name"] == name)

    def history(self, count, seconds=10):
        """The newest `count` call records, waited for."""
        deadline = time.monotonic() + seconds
        while True:
            records = self.json("show", "calls", "history", "last", str(count))["calls"]
            if len(records) >= count or time.monotonic() > deadline:
                return records
            time.sleep(0.1)

    def stop(self):
        """SIGTERM; returns the exit status."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        status = self.process.returncode if self.process else None
        self.log.close()
        return status

    def clean(self):
        if self.owned:
            shutil.rmtree(self.folder, ignore_errors=True)
