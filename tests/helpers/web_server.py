"""The stack's nginx, to be stopped, started and reloaded."""
import os
import signal
import subprocess

from client import children, tied, until
from load import alive, note_pid


class WebServer:
    def __init__(self, stack):
        self.stack, self.pid = stack, stack.pid("nginx")

    def workers(self):
        return children(self.pid)

    def end(self, sig=signal.SIGQUIT):
        """QUIT lets it finish what it has in hand, TERM does not; KILL is for its workers, too, which would
        outlive it."""
        all_of_it = [self.pid, *self.workers()] if sig == signal.SIGKILL else [self.pid]
        for pid in all_of_it:
            os.kill(pid, sig)
        until(lambda: not any(map(alive, all_of_it)), what="nginx ended")

    def start(self, environment=None):
        """Return when it answers. Its workers have the additional variables, too."""
        directory, kept = self.stack.run / "nginx", environment or {}
        directives = " ".join([f"env {name};" for name in kept] + ["daemon off;"])
        with open(self.stack.run / "nginx.out", "ab") as out:
            process = subprocess.Popen(
                tied("nginx", "-p", directory, "-c", "nginx.conf", "-e", directory / "error.log", "-g", directives),
                env=os.environ | kept, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.pid = process.pid
        note_pid(self.stack, "nginx", self.pid)
        until(lambda: len(self.workers()) >= 2, what="nginx works")

    def reload(self):
        """Return when no worker of before is left but those that have something in hand."""
        old = self.workers()
        os.kill(self.pid, signal.SIGHUP)
        until(lambda: self.workers() - old, what="nginx has reloaded")
