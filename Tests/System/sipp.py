"""SIPp as a scripted endpoint: scenarios are files beside this one, filled in by keyword."""
import pathlib
import subprocess

SCENARIOS = pathlib.Path(__file__).resolve().parent / "scenarios"


class SIPp:
    """One run of one scenario. `local` and `remote` are (address, port); `remote` is `None` for a scenario that waits for calls.
    `file`: a scenario that stands elsewhere."""

    def __init__(self, folder, scenario, local, remote=None, calls=1, rate=10, transport="u1", called=None, prefix=(), extra=(), seconds=30, file=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.scenario = scenario
        self.errors = self.folder / f"{scenario}-{local[1]}.errors"
        self.trace = self.folder / f"{scenario}-{local[1]}.messages"
        line = [*prefix, "sipp", "-sf", str(file or SCENARIOS / f"{scenario}.xml"), "-i", local[0], "-p", str(local[1]), "-m", str(calls), "-r", str(rate),
                "-t", transport, "-nostdin", "-trace_err", "-error_file", str(self.errors), "-trace_msg", "-message_file", str(self.trace),
                "-timeout", f"{seconds}s", "-timeout_error", "-mi", local[0], "-ci", local[0], *extra]
        if called:
            line += ["-s", called]
        if remote:
            line.append(f"{remote[0]}:{remote[1]}")
        self.screen = self.folder / f"{scenario}-{local[1]}.screen"
        with open(self.screen, "wb") as screen:
            self.process = subprocess.Popen(line, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=screen, stderr=subprocess.STDOUT)
        self.seconds = seconds

    def wait(self):
        """True when every call of the scenario went as written."""
        try:
            return self.process.wait(self.seconds + 10) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False

    def trouble(self):
        """What SIPp complains of; else, when it ended by itself, its last words."""
        if self.errors.exists() and self.errors.stat().st_size:
            return self.errors.read_text(errors="replace")[-1500:]
        return self.screen.read_text(errors="replace")[-300:] if self.process.poll() else ""

    def messages(self):
        return self.trace.read_text() if self.trace.exists() else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
