#!/usr/bin/env python3
"""`make system`: every system test, class by class in processes of their own, and one line with the count.

Tests spend their time waiting and take addresses and folders of their own, so several classes run at once (JOBS=, default 4). Names of modules,
classes or tests as arguments run only those. Exit status 0 only if none failed; in CI (CI=true) only if none was skipped either.
"""
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
# A class that takes longer than this hangs.
SECONDS = 280


def classes(names):
    """The test classes found, those marked `slow` first."""
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), "test_*.py")
    found = {}

    def walk(part):
        for test in part:
            if isinstance(test, unittest.TestSuite):
                walk(test)
            else:
                found.setdefault(test.__class__.__module__ + "." + test.__class__.__qualname__, []).append(test)

    walk(suite)
    if loader.errors:
        sys.exit("\n".join(loader.errors))
    return sorted(found, key=lambda name: (not getattr(found[name][0], "slow", False), name)), found


def run(name, tests):
    """One class in a process of its own: its output, and how many tests passed, failed and were skipped."""
    words = [test.id() for test in tests]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "unittest", "-v", *words], cwd=HERE, capture_output=True, text=True, errors="replace", timeout=SECONDS)
        text = done.stdout + done.stderr
    except subprocess.TimeoutExpired as late:
        text = (late.stderr or b"").decode(errors="replace") + f"\n{name} did not end within {SECONDS} s\n"
    ran = re.search(r"^Ran (\d+) tests?", text, re.M)
    count = {word: int(number) for word, number in re.findall(r"(failures|errors|skipped|unexpected successes)=(\d+)", text)}
    failed = sum(number for word, number in count.items() if word != "skipped")
    if not ran:
        return text, 0, len(words), 0
    # A subtest that fails counts by itself; a test that failed did not pass.
    return text, max(0, int(ran[1]) - failed - count.get("skipped", 0)), failed, count.get("skipped", 0)


def main():
    sys.path.insert(0, str(HERE))
    names, found = classes(sys.argv[1:])
    began = time.monotonic()
    passed = failed = skipped = 0
    reasons = []
    with ThreadPoolExecutor(int(os.environ.get("JOBS", "4"))) as pool:
        for text, *numbers in pool.map(lambda name: run(name, found[name]), names):
            print(text, end="", flush=True)
            reasons += re.findall(r"^(\S+ .*?) \.\.\. (skipped .*)$", text, re.M)
            passed, failed, skipped = passed + numbers[0], failed + numbers[1], skipped + numbers[2]
    for test, reason in reasons:
        print(f"{test}: {reason}")
    print(f"\n{time.monotonic() - began:.0f} s" + (f", {skipped} skipped" if skipped else ""))
    print(f"{passed} passed, {failed} failed")
    if skipped and os.environ.get("CI") == "true":
        print("in CI nothing is skipped: install what the lines above miss")
        return 1
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
