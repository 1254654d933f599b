"""Attacks on a private store: the stages and their verdicts."""
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))

import codes  # noqa: E402
import flood  # noqa: E402
import injection  # noqa: E402
import lengths  # noqa: E402
import rig  # noqa: E402
import timing  # noqa: E402

STAGES = {
    "codes": codes.codes,
    "enumeration": timing.enumeration,
    "flood": flood.flood,
    "passkeys": lengths.passkeys,
    "records": lengths.records,
    "sqlmap": injection.sqlmap,
    "wapiti": injection.wapiti,
}


def main(names):
    unknown = set(names) - set(STAGES)
    if unknown:
        sys.exit(f"attack: no stage {' '.join(sorted(unknown))}; there are {' '.join(STAGES)}")
    shutil.rmtree(rig.BUILD, ignore_errors=True)
    rig.BUILD.mkdir(parents=True)
    os.chdir(rig.BUILD)
    passed = failed = 0
    for name in names or STAGES:
        print(f"== {name}", flush=True)
        for what, good in STAGES[name]():
            print(f"{'ok  ' if good else 'FAIL'} {what}", flush=True)
            passed, failed = passed + bool(good), failed + (not good)
    print(f"attack: {passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
