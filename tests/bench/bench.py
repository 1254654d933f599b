"""The benchmark as a whole; tests/bench/run says what it measures."""
import json
import os
import pathlib
import signal
import statistics
import sys

from rig import BUILD, OLDER_NAMES, WORKERS, Rig, pss_kib
from shoppers import Shoppers

SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
RESULT = BUILD.parent / "bench.json"
STARTS = 3
OTHERWISE = {
    "merx": "connections kept",
    "closed": "connections closed",
    "uncached": "connections kept, no answer cache",
}

# Route: (path, other ways in which merx is measured).
ROUTES = {
    "healthz": ("/v1/healthz", ("closed",)),
    "product_detail": ("/v1/products/{slug}", ("closed", "uncached")),
    "product_list": ("/v1/products?limit=20", ("closed", "uncached")),
    "me": ("/v1/me", ("closed",)),
    "checkout": ("/v1/checkout", ("closed",)),
}
# Those that are measured, all by default.
MEASURED = os.environ.get("BENCH_ROUTES", " ".join(ROUTES)).split()
# Members that differ between two orders of the same cart, and those that are each side's own.
VARYING = {"id", "number", "placed_at", "created_at", "next_cursor"}


def progress(text):
    print(text, file=sys.stderr, flush=True)


CHECKOUTS_A_SECOND = 3500  # more than two processors can do


class Bench:
    """Measures and keeps every run: route -> target -> reports."""

    def __init__(self, rig):
        self.rig = rig
        self.targets = rig.targets
        self.shops = ("merx", "before") if rig.older else ("merx",)
        self.runs = {route: {} for route in MEASURED}
        self.ready = {}
        self.failed = []
        self.load_average = os.getloadavg()[0]
        self.shoppers, self.tokens = {}, {}
        self.slug = None

    # ---- before

    def prepare(self):
        self.ready["bare"] = [self.rig.start_bare()]
        for name in self.targets:
            if name in self.shops:
                self.ready[name] = [self.rig.start_merx(name) for _ in self.starts(name)]
            elif name != "bare":
                self.rig.start_merx(name)
        products = json.loads(self.rig.get(self.targets["merx"], "/v1/products?limit=20")[1])
        assert len(products["data"]) == 20 and products["next_cursor"], "too few demo products"
        self.slug = products["data"][0]["slug"]
        for name in self.shops:
            target = self.targets[name]
            shoppers = self.shoppers[target.store] = Shoppers(self.rig, target, BUILD)
            shoppers.provide(64)
            self.tokens[target.store] = shoppers.some_token()

    def starts(self, name):
        """Before each start of a server that is started several times."""
        for _ in range(STARTS):
            self.targets[name].stop()
            yield

    def path(self, route):
        return ROUTES[route][0].format(slug=self.slug)

    def servers(self, route):
        """Names of what is measured on a route, those to be compared one behind the other."""
        ways = ROUTES[route][1]
        if "before" not in self.shops:
            return ["merx", "bare", *ways]
        return ["bare", "merx", "before", *(n for way in ways for n in (way, f"before_{way}"))]

    def pairs(self, route):
        """Names of servers of today's and of the older program that serve in the same way."""
        names = self.servers(route)
        return [(n.replace("before", "merx").removeprefix("merx_"), n) for n in names
                if n in OLDER_NAMES]

    def same_answers(self):
        """All sides must say the same on every route; an older program must only say something."""
        for route in ("healthz", "product_detail", "product_list", "me"):
            self.compare(route, [self.ask(route, t) for t in self.targets.values()], 200)
        said = []
        for target in self.targets.values():
            shoppers = self.shoppers[target.store]
            shoppers.refill()
            token = self.tokens[target.store]
            said.append(self.rig.checkout(target, token, shoppers.new_key()))
        self.compare("checkout", said, 201)

    def ask(self, route, target):
        return self.rig.get(target, self.path(route), self.tokens[target.store])

    def compare(self, route, said, status):
        bodies = [plain(json.loads(body), route == "checkout") for _, body in said]
        for name, (got, _), body in zip(self.targets, said, bodies):
            assert got == status, f"{route}: {name} answers {got}"
            assert name in OLDER_NAMES or body == bodies[0], (
                f"{route}: {name} says\n{body}\nand merx\n{bodies[0]}")

    def enough_guests(self):
        """More than one run can use up; every server has seen their tokens."""
        for shoppers in self.shoppers.values():
            shoppers.provide(CHECKOUTS_A_SECOND * SECONDS)
        for name in self.servers("checkout"):
            if name != "bare":
                self.shoppers[self.targets[name].store].introduce(self.targets[name])

    # ---- measuring

    def measure(self):
        """In turn, and back every other round: what else the machine does meets all alike."""
        for route in MEASURED:
            progress(route)
            servers = self.servers(route)
            for i in range(ROUNDS):
                for name in servers if i % 2 == 0 else reversed(servers):
                    self.run_once(route, name)

    def run_once(self, route, name):
        target = self.targets[name]
        if route == "checkout":
            report = self.shoppers[target.store].run(target, SECONDS)
            report["answers"] = report["created"]
            bad = report["refused"] + report["short"] + report["socket"]
            bad += max(0, report["created"] - report["orders"])
        else:
            token = [self.tokens[target.store]] if route == "me" else []
            report = self.rig.load(target, self.path(route), SECONDS, "get", *token)
            report["answers"] = report["requests"] - report["status"]
            bad = report["status"] + report["socket"]
        report["rate"] = report["answers"] / report["seconds"]
        self.runs[route].setdefault(name, []).append(report)
        progress(f"  {name:9} {report['rate']:9.0f}/s")
        if bad:
            self.failed.append(f"{route}, {name}: {report}")

    # ---- results

    def middle(self, route, name):
        """The run with the median rate, as numbers a request."""
        runs = sorted(self.runs[route][name], key=lambda r: r["rate"])
        run = runs[(len(runs) - 1) // 2]
        served = max(1, run["answers"])
        return {
            "rate": round(statistics.median(r["rate"] for r in runs), 1),
            "p50_us": run["p50_us"],
            "p99_us": run["p99_us"],
            "cpu_us": {part: round(us / served, 1) for part, us in run["cpu_us"].items()},
        }

    def memory(self):
        """PSS of a worker, in KiB."""
        found = {}
        for name in ("bare", *self.shops):
            workers = self.rig.workers(self.targets[name])
            found[name] = round(statistics.mean(pss_kib(pid) for pid in workers))
        return found

    def checkouts(self):
        """201 and other answers, and orders in the database, of all runs of a side."""
        table = {}
        for name, runs in self.runs.get("checkout", {}).items():
            table[name] = {k: sum(r[k] for r in runs) for k in ("created", "refused", "orders")}
        return table

    def beside(self, route):
        """Today's program and the older one, by way: the median of the rounds' ratios, and the
        processor time of all of them."""
        table = {}
        for name, older in self.pairs(route):
            runs = list(zip(self.runs[route][name], self.runs[route][older]))
            now_us, before_us = (spent_us(side) for side in zip(*runs))
            table[name] = {
                "now": self.middle(route, name)["rate"],
                "before": self.middle(route, older)["rate"],
                "ratio": round(statistics.median(a["rate"] / b["rate"] for a, b in runs), 3),
                "now_us": now_us,
                "before_us": before_us,
                "cpu_ratio": round(sum(before_us.values()) / sum(now_us.values()), 3),
            }
        return table

    def results(self):
        routes = {r: {n: self.middle(r, n) for n in runs} for r, runs in self.runs.items()}
        summary = {}
        for route, by_name in routes.items():
            merx, bare = by_name["merx"]["rate"], by_name["bare"]["rate"]
            summary[route] = {"merx": merx, "bare": bare, "ratio": round(merx / bare, 3)}
            for side in by_name.values():
                side["ratio"] = round(side["rate"] / bare, 3)
                side["cpu_ratio"] = round(total_us(by_name["bare"]) / total_us(side), 3)
            beside = self.beside(route)
            if beside:
                summary[route]["before"] = beside["merx"]["before"]
                summary[route]["to_before"] = beside["merx"]["ratio"]
        details = {
            "seconds": SECONDS,
            "rounds": ROUNDS,
            "workers": WORKERS,
            "processors": os.cpu_count(),
            "load_average_before": self.load_average,
            "routes": routes,
            "beside": {route: self.beside(route) for route in MEASURED},
            "checkouts": self.checkouts(),
            "pss_kib_per_worker": self.memory(),
            "ready_s": {n: round(statistics.median(s), 4) for n, s in self.ready.items()},
        }
        return summary | {"details": details}


def plain(value, order):
    """An answer without what may differ."""
    if isinstance(value, dict):
        skip = VARYING if order else {"next_cursor"}
        return {k: plain(v, order) for k, v in value.items() if k not in skip}
    return [plain(v, order) for v in value] if isinstance(value, list) else value


def spent_us(runs):
    """Processor time a request, over all of these runs."""
    served = max(1, sum(run["answers"] for run in runs))
    return {part: round(sum(run["cpu_us"][part] for run in runs) / served, 1)
            for part in runs[0]["cpu_us"]}


def total_us(side):
    return max(0.1, sum(side["cpu_us"].values()))


# ---- on paper


def cpu(parts):
    return f"{parts['nginx']:6.0f} {parts['app']:6.0f} {parts['db']:6.0f}"


def show_beside(beside):
    print(f"\n{'requests/s':16}{'now':>9}{'before':>9}{'ratio':>8}{'cpu':>8}"
          "   us a request: nginx, application, database (cpu: their sums, before to now)")
    for route, ways in beside.items():
        for way, row in ways.items():
            print(f"{route:16}{row['now']:9.0f}{row['before']:9.0f}{row['ratio']:8.2f}"
                  f"{row['cpu_ratio']:8.2f}   now {cpu(row['now_us'])}   before "
                  f"{cpu(row['before_us'])}   {OTHERWISE[way]}")


def show(result):
    routes, checkouts = result["details"]["routes"], result["details"]["checkouts"]
    print(f"\n{'requests/s':16}{'merx':>9}{'bare':>9}{'ratio':>8}{'cpu':>8}"
          "   us a request: nginx, application, database (cpu: their sums, bare to merx)")
    for route, sides in routes.items():
        row = result[route]
        print(f"{route:16}{row['merx']:9.0f}{row['bare']:9.0f}{row['ratio']:8.2f}"
              f"{sides['merx']['cpu_ratio']:8.2f}"
              f"   merx {cpu(sides['merx']['cpu_us'])}   bare {cpu(sides['bare']['cpu_us'])}")
    print("\nmerx otherwise: requests/s, ratio and cpu to bare, us a request")
    for route, sides in routes.items():
        for name, text in OTHERWISE.items():
            if name in sides:
                side = sides[name]
                print(f"{route:16}{side['rate']:9.0f}{side['ratio']:8.2f}"
                      f"{side['cpu_ratio']:8.2f}   {cpu(side['cpu_us'])}   {text}")
    if any(result["details"]["beside"].values()):
        show_beside(result["details"]["beside"])
    print()
    for name, n in checkouts.items():
        print(f"checkouts, {name}: {n['created']} answered 201, {n['refused']} otherwise, "
              f"{n['orders']} orders written")
    for name, kib in result["details"]["pss_kib_per_worker"].items():
        print(f"memory, {name}: {kib / 1024:.1f} MiB PSS a worker")
    for name, seconds in result["details"]["ready_s"].items():
        print(f"ready, {name}: {seconds * 1000:.0f} ms after the start")


def run(rig, work, show, path):
    """Prepare a bench on the rig, let `work` measure, show and keep what it returns, and exit: with 1 if an answer
    was not what it should be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        progress("starting a store")
        bench = Bench(rig.start())
        bench.prepare()
        result = work(bench)
    finally:
        rig.stop()
    show(result)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written to {path.relative_to(BUILD.parents[1])}")
    for fault in bench.failed:
        print(f"FAILED {fault}", file=sys.stderr)
    sys.exit(1 if bench.failed else 0)


def work(bench):
    bench.same_answers()
    progress("all sides give the same answers")
    bench.enough_guests()
    bench.measure()
    return bench.results()


def main():
    older = os.environ.get("BESIDE")
    run(Rig(pathlib.Path(older).resolve() if older else None), work, show, RESULT)


if __name__ == "__main__":
    main()
