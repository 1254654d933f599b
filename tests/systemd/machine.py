"""A machine that boots systemd: a copy of the root of tests/systemd/root, in memory, without a network."""
import contextlib
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
MACHINES = ROOT / "build" / "systemd" / "machines"
OBJECTS = ROOT / "build" / "systemd" / "objects"  # what make compiled in a machine, kept from run to run
SOURCE = "/home/admin/merx"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE_S = 300
numbers = itertools.count()


def until(condition, what):
    """The first true value of condition()."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {PATIENCE_S} s")


def tree():
    """Names of the files of this source as they are here, whatever is committed."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            check=True, capture_output=True).stdout
    return [name for name in os.fsdecode(listed).split("\0") if name and os.path.lexists(ROOT / name)]


class Machine:
    """It runs within `with`. The operator is `admin`, who may use sudo; `user` is that one unless it is named."""

    def __init__(self):
        self.name = f"merx-{os.getpid()}-{next(numbers)}"
        self.place = MACHINES / self.name
        self.root = self.place / "root"
        self.leader = 0
        self.closing = contextlib.ExitStack()

    # ---- its life

    def __enter__(self):
        with self.closing:
            self.place.mkdir(parents=True)
            self.closing.callback(self.place.rmdir)
            self.mount("-t", "tmpfs", "-o", "size=8g,mode=755", "tmpfs", self.place)
            for name in ("upper", "work", "root"):
                (self.place / name).mkdir(mode=0o755)
            self.mount("-t", "overlay", "overlay", "-o", f"lowerdir={os.environ['SYSTEMD_ROOT']},"
                       f"upperdir={self.place / 'upper'},workdir={self.place / 'work'}", self.root)
            self.copy_source()
            self.boot()
            self.closing = self.closing.pop_all()
        return self

    def __exit__(self, *exc):
        self.closing.close()

    def mount(self, *args):
        subprocess.run(["mount", *map(str, args)], check=True)
        self.closing.callback(subprocess.run, ["umount", "-R", args[-1]], check=False)

    def copy_source(self):
        """This source, as a copy that `admin` has, with what was compiled of it in an earlier run."""
        names, there = self.place / "names", self.path(SOURCE)
        names.write_text("\0".join(tree()))
        subprocess.run(f"set -e; mkdir -p {there}; cp -a {OBJECTS} {there}/build;"
                       f" tar -C {ROOT} -c --null -T {names} | tar -C {there} -x;"
                       f" chown -R --reference={there.parent} {there}", shell=True, check=True)

    def keep_objects(self):
        """For the next run: what was compiled of this source, as long as nobody has changed it here."""
        subprocess.run(f"rm -rf {OBJECTS} && cp -a {self.path(SOURCE)}/build {OBJECTS}", shell=True, check=True)

    def boot(self):
        with open(self.place / "console", "wb") as console:
            nspawn = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--boot", f"--directory={self.root}", f"--machine={self.name}",
                 "--private-network", "--register=no", "--keep-unit", "--link-journal=no", "--resolv-conf=off",
                 "--timezone=off"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        self.closing.callback(self.end, nspawn)
        until(lambda: self.is_up(nspawn), "the machine boots")

    def is_up(self, nspawn):
        """Its first processes replace each other before the one that stays."""
        assert nspawn.poll() is None, (self.place / "console").read_text(errors="replace")
        children = pathlib.Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        self.leader = int(children[0]) if children else 0
        state = self.try_run("systemctl is-system-running", user="root").stdout.strip() if self.leader else ""
        return state in ("running", "degraded")

    def end(self, nspawn):
        """systemd-nspawn ends after what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.leader or nspawn.pid, signal.SIGKILL)
        nspawn.wait()

    # ---- what runs in it

    def inside(self, user):
        """Arguments before a command line that runs in it, in the directory of the source."""
        home = "/root" if user == "root" else f"/home/{user}"
        return ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root",
                "--wd", "runuser", "-u", user, "--", "env", "-i", "LANG=C.UTF-8", "TERM=dumb", f"HOME={home}",
                f"USER={user}", PATH, "bash", "-c", f"cd {SOURCE if user == 'admin' else '/'} && eval \"$0\""]

    def try_run(self, command, user="admin"):
        """A command of the shell; both streams are in stdout."""
        return subprocess.run([*self.inside(user), command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)

    def run(self, command, user="admin"):
        """The same; it has to succeed. Returns what it printed."""
        done = self.try_run(command, user)
        assert done.returncode == 0, f"exit status {done.returncode} of {command}\n{done.stdout[-6000:]}"
        return done.stdout

    def beside(self, script, *args):
        """A Python program of this directory, which runs on this host in the network of the machine."""
        return subprocess.Popen(
            ["nsenter", f"--target={self.leader}", "--net", sys.executable, HERE / script, *map(str, args)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def path(self, inside):
        """A file of the machine, seen from this host."""
        return self.root / inside.lstrip("/")


class Watch:
    """Asks the sites that were there before merx, again and again, until `noticed` is called."""

    def __init__(self, machine):
        self.probe = machine.beside("probe.py", machine.path("/etc/ssl/sites/cert.pem"),
                                    "shop.example.com", "www.example.org")
        assert self.probe.stdout.readline() == "begun\n"

    def noticed(self):
        """How often it asked, and whatever was not as at first."""
        told, _ = self.probe.communicate("")
        return json.loads(told)
