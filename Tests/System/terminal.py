"""The command line as an operator sits before it: on a pseudo-terminal, key by key."""
import os
import pty
import re
import select
import time


class Terminal:
    def __init__(self, words, columns=200):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.environ.update(TERM="xterm", COLUMNS=str(columns), LINES="50")
            os.execv(words[0], words)
        self.text = ""

    def read(self, seconds):
        """What has come within `seconds` of the last byte."""
        got = b""
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                chunk = os.read(self.fd, 65536)
            except OSError:
                break
            if not chunk:
                break
            got += chunk
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", got.decode(errors="replace"))
        self.text += text
        return text

    def wait(self, wanted, seconds=8):
        """Everything up to `wanted` (a regular expression)."""
        deadline = time.monotonic() + seconds
        got = ""
        while not re.search(wanted, got):
            if time.monotonic() > deadline:
                raise AssertionError(f"{wanted!r} did not appear; the terminal shows:\n{self.text[-1500:]}")
            got += self.read(0.05)
        return got

    def keys(self, text):
        os.write(self.fd, text.encode())

    def line(self, text, then=r"tandem[>#] $"):
        """A whole line; what it printed up to the next prompt."""
        self.keys(text + "\r")
        return self.wait(then)

    def close(self):
        """Exit status; -1 when it had to be killed."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            ended, status = os.waitpid(self.child, os.WNOHANG)
            if ended:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            self.read(0.05)
        os.kill(self.child, 9)
        os.waitpid(self.child, 0)
        os.close(self.fd)
        return -1
