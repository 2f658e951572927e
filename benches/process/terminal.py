"""The program in a terminal: what is on its screen, and what it costs."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path


class Screen:
    """The program in a terminal of 140x40."""

    COLUMNS, ROWS = 140, 40
    program = ""

    def __init__(self, arguments, variables=None, config="", home=None):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        home = home or self.folder.name
        path = Path(home, "config.toml")
        path.write_text(config)
        arguments = arguments if "demo" in arguments else ["--config", str(path), *arguments]
        variables = {"HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(variables or {})}
        self.undrawn, self.cursor, self.cells = "", (0, 0), [[" "] * self.COLUMNS for _ in range(self.ROWS)]
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.started = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(self.program, [self.program, *arguments], variables)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", self.ROWS, self.COLUMNS, 0, 0))

    def piece(self, seconds):
        """What is written next, if something is within some seconds. It is drawn when somebody looks."""
        if not select.select([self.terminal], [], [], max(0, seconds))[0]:
            return b""
        try:
            piece = os.read(self.terminal, 1 << 16)
        except OSError:
            sys.exit(f"the program has ended, at:\n{self.text()}")
        self.undrawn += self.decoder.decode(piece)
        return piece

    def read(self, seconds, until=None):
        """What is written within some seconds, or until a text is in it."""
        end, written = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            written += self.piece(left)
            if until and until in written:
                return written
        if until:
            sys.exit(f"waited {seconds} s for {until} in vain, at:\n{self.text()}")
        return written

    def press(self, keys, seconds=0.5):
        os.write(self.terminal, keys.encode())
        return self.read(seconds)

    def watch(self, seconds, holds=None):
        """Looks on for some seconds, or until something holds of the text; seconds and bytes it took."""
        begun, written = time.monotonic(), 0
        while True:
            spent = time.monotonic() - begun
            if holds and holds(self.text()):
                return spent, written
            if spent >= seconds:
                if holds:
                    sys.exit(f"waited {seconds} s in vain, at:\n{self.text()}")
                return spent, written
            written += len(self.piece(seconds - spent))

    def wait(self, keys, holds, seconds=10):
        """Seconds from keys to what they are to bring about."""
        os.write(self.terminal, keys.encode())
        return self.watch(seconds, holds)[0]

    def draw(self):
        # A sequence may come in two pieces.
        rest = re.search(r"(\x1b(\[[0-9;?]*)?)?$", self.undrawn)[0]
        text, self.undrawn = self.undrawn.removesuffix(rest), rest
        for place, row, column, shown in re.findall(r"(\x1b\[(\d+);(\d+)H)|\x1b\[[0-9;?]*[A-Za-z]|([^\x1b])", text):
            if place:
                self.cursor = (int(row) - 1, int(column) - 1)
            elif shown:
                row, column = self.cursor
                if row < self.ROWS and column < self.COLUMNS:
                    self.cells[row][column] = shown
                self.cursor = (row, column + 1)

    def text(self):
        self.draw()
        return "\n".join(map("".join, self.cells))

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def mebibytes(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def ended(self, seconds):
        """Whether the program ends within some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if os.waitpid(self.pid, os.WNOHANG) != (0, 0):
                os.close(self.terminal)
                return True
            if select.select([self.terminal], [], [], 0.02)[0]:
                try:
                    self.undrawn += self.decoder.decode(os.read(self.terminal, 1 << 16))
                except OSError:
                    # Nobody is at the other side any more.
                    time.sleep(0.02)
        return False

    def leave(self, keys, seconds=30):
        """Leaves it as a person does."""
        os.write(self.terminal, keys.encode())
        if not self.ended(seconds):
            sys.exit(f"it was not left in {seconds} s, at:\n{self.text()}")

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        if not self.ended(10):
            os.kill(self.pid, signal.SIGKILL)
            sys.exit(f"it did not end when asked to, at:\n{self.text()}")


def is_live(text):
    """Whether what is shown is whole and as new as it is to be."""
    return text.split("\n")[0].rstrip().endswith("live")


def is_quiet(text):
    """Whether the header tells of no calls that are made or wait."""
    return " calls " not in text.split("\n")[0]


def count_of(noun, text):
    """How many of a thing the title of the table says there are; -1 if it is another table."""
    said = re.search(rf"{noun}  ([\d,]+)", text.split("\n")[1])
    return int(said[1].replace(",", "")) if said else -1
