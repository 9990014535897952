"""Someone else's program as a row: called as EXECUTABLE INPUT OUTPUT, without a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from time import perf_counter, sleep
from typing import BinaryIO

from relume import io
from relume.bench.record import Origin, digest
from relume.bench.rows import Product
from relume.data import Pair
from relume.errors import ContractError
from relume.photo import Photo

POLL = 0.005
"""Seconds between looks at a program that runs; what its time may be wrong by."""
SHOWN = 200
"""Characters of its last words that an error repeats."""


@dataclass
class CommandRow:
    """An executable; its time and memory are those of its whole process."""

    name: str
    executable: Path
    time_limit: float
    """Seconds for one picture."""

    def origin(self, pair: Pair) -> Origin:
        return Origin("command", self.executable.name, source=digest(self.executable))

    def start(self, first: Photo) -> None:
        """Nothing is kept between two pictures."""

    def produce(self, pair: Pair, low: Photo) -> Product:
        with tempfile.TemporaryDirectory(prefix="relume-") as folder:
            output, words = Path(folder, "output.png"), Path(folder, "words")
            begin = perf_counter()
            with words.open("wb") as stream:
                code, mebibytes = self._run(pair.low.resolve(), output, stream)
            seconds = perf_counter() - begin
            if code != 0 or not output.exists():
                ending = f"ended with {code}" if code else "wrote no output"
                last = words.read_text(errors="replace").strip().splitlines()[-1:]
                said = f": {last[0][:SHOWN]}" if last else ""
                raise ContractError(f"{self.name} {ending} on {pair.key}{said}")
            return Product(io.read(output).pixels, seconds, mebibytes)

    def stop(self) -> None:
        """Nothing to let go of."""

    def _run(self, source: Path, output: Path, words: BinaryIO) -> tuple[int, float | None]:
        process = subprocess.Popen(
            [self.executable, source, output],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            cwd=output.parent,
            start_new_session=True,  # so that its children end with it
        )
        try:
            return _wait(process, until=perf_counter() + self.time_limit)
        except TimeoutError:
            raise ContractError(
                f"{self.name} took longer than {self.time_limit:g} s for {source.name}; "
                "--time-limit raises it"
            ) from None
        finally:
            if process.returncode is None:
                _end(process)


def _wait(process: subprocess.Popen[bytes], *, until: float) -> tuple[int, float | None]:
    """Return the exit code and, where the system tells it of one process, the peak memory.

    Raises: TimeoutError.
    """
    while True:
        if hasattr(os, "wait4"):
            identity, status, usage = os.wait4(process.pid, os.WNOHANG)
            if identity:
                process.returncode = os.waitstatus_to_exitcode(status)
                # Linux counts in kibibytes, macOS in bytes.
                unit = 1024 if os.uname().sysname == "Linux" else 1024**2
                return process.returncode, usage.ru_maxrss / unit
        elif (code := process.poll()) is not None:
            return code, None
        if perf_counter() > until:
            raise TimeoutError
        sleep(POLL)


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def command_row(name: str, executable: str, *, time_limit: float) -> CommandRow:
    """Find an executable, on the PATH too.

    Raises: ContractError when there is none.
    """
    found = which(executable)
    if found is None:
        raise ContractError(f"--command {name}: {executable} is no executable; chmod +x makes it")
    return CommandRow(name, Path(found).absolute(), time_limit)
