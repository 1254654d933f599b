"""merx and the bare loop with several numbers of workers; tests/bench/run says what it measures."""
import os

from bench import SECONDS, progress, run
from rig import BUILD, Rig, pss_kib

COUNTS = [int(n) for n in os.environ["BENCH_WORKERS"].split()]
ROUTES = ("healthz", "product_detail", "me", "checkout")
SIDES = ("merx", "bare")
RESULT = BUILD.parent / "bench-workers.json"


def restart(bench, count):
    """Both sides with so many workers; the seconds until merx was ready."""
    for name in SIDES:
        bench.targets[name].stop()
    bench.rig.start_bare(count)
    ready = bench.rig.start_merx("merx", workers=count)
    target = bench.targets["merx"]
    bench.shoppers[target.store].introduce(target)
    return ready


def measure(bench, count):
    progress(f"{count} workers")
    row = {"workers": count, "ready_ms": round(1000 * restart(bench, count))}
    for route in ROUTES:
        for name in SIDES:
            bench.run_once(route, name)
            row[f"{route}_{name}"] = round(bench.runs[route][name][-1]["rate"])
    for name in SIDES:
        row[f"pss_kib_{name}"] = sum(pss_kib(pid) for pid in bench.rig.workers(bench.targets[name]))
    return row


def show(rows):
    print(f"\nrequests/s of merx and (bare), {SECONDS} s each; PSS of all workers in MiB; ms until ready")
    print(f"{'workers':>8}" + "".join(f"{route:>18}" for route in ROUTES) + f"{'PSS':>16}{'ready':>7}")
    for row in rows:
        rates = "".join(f"{row[f'{r}_merx']:>10} {'(%d)' % row[f'{r}_bare']:>7}" for r in ROUTES)
        pss = f"{row['pss_kib_merx'] / 1024:.1f} ({row['pss_kib_bare'] / 1024:.1f})"
        print(f"{row['workers']:>8}{rates}{pss:>16}{row['ready_ms']:>7}")


def work(bench):
    bench.enough_guests()
    return [measure(bench, count) for count in COUNTS]


run(Rig(), work, show, RESULT)
