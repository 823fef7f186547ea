"""A PostgreSQL for the tests: the one in CONSENT_TEST_POSTGRES, or a cluster of their own in a temporary folder.

`python tests/postgres.py` makes sure that there is one to start.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

VARIABLE = "CONSENT_TEST_POSTGRES"
# Where Debian keeps the programs of each version.
DEBIAN = Path("/usr/lib/postgresql")
# The tests' data need not survive anything.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


def programs() -> Path | None:
    """The folder with initdb and postgres, the newest version's."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), default=None)


class Cluster:
    """A server on a free port, which answers to its superuser without a password."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        found = programs()
        if found is None:
            raise RuntimeError(
                f"There is no PostgreSQL. Install it, or set {VARIABLE} to the URL of one."
            )
        self._programs = found
        self._data = folder / "data"
        self._options = options
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        # The server refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", str(self._data), "-U", "tests", "--auth=trust", "-E", "UTF8")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        options = (f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        given = " ".join(f"-c {each}" for each in (*options, *self._options))
        self._run(
            "pg_ctl",
            "-D",
            str(self._data),
            "-w",
            "-l",
            str(self._data / "log"),
            "-o",
            given,
            "start",
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def kill(self) -> None:
        """Ends every process of the server at once, as the kernel does when memory is short."""
        self._signal(signal.SIGKILL)
        # A killed process that nobody has waited for yet still has its number, and looks alive to the next server.
        (self._data / "postmaster.pid").unlink()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Meanwhile the server is there and does not answer."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, which: signal.Signals) -> None:
        main = self.pid
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(main)], capture_output=True, text=True, check=False
        )
        for process in (main, *map(int, listed.stdout.split())):
            with suppress(ProcessLookupError):
                os.kill(process, which)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def cluster(*options: str) -> Iterator[Cluster]:
    """A cluster of one's own, with these options of postgresql.conf."""
    with tempfile.TemporaryDirectory(prefix="samtykke-") as folder:
        made = Cluster(Path(folder), options)
        made.start()
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server on which databases may be made."""
    if given := os.environ.get(VARIABLE):
        yield given
        return
    with cluster(*FAST) as found:
        yield found.url()


def main() -> int:
    if os.environ.get(VARIABLE) or programs():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stdout.write("PostgreSQL: installing with apt-get (once).\n")
        sys.stdout.flush()
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("update", "-qq"), ("install", "-y", "-qq", "postgresql")):
            if subprocess.run(["apt-get", *command], env=environ, check=False).returncode:
                break
        else:
            return 0
    sys.stdout.write(f"PostgreSQL: install it, or set {VARIABLE} to the URL of one.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
