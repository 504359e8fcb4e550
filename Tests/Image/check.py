#!/usr/bin/env python3
"""`make image-check` and `make image-smoke` (--quick): the image in QEMU, calls through it from outside, what must survive, and the figures.

Everything happens in a network namespace of its own with one tap device: root has that right, and so has anybody where user namespaces are allowed
and /dev/net/tun may be opened. Where neither is so it says *skipped* and why; in CI that is a failure. Exit status 0 only if all went well.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import stories

MARK = "TANDEM_IMAGE_NAMESPACE"


def enter_namespace():
    """Runs this program again in a namespace; skips with the reason where there is none to be had."""
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    probe = subprocess.run([*words, "sh", "-c", "ip link set lo up && ip tuntap add dev voice mode tap"], capture_output=True, text=True)
    if probe.returncode == 0:
        os.execvpe(words[0], [*words, sys.executable, *sys.argv], {**os.environ, MARK: "1"})
    reason = "a network namespace with a tap device is not to be had: " + (probe.stderr.strip() or "unshare failed")
    if os.environ.get("CI") == "true":
        sys.exit(f"not to be skipped in CI: {reason}")
    print(f"skipped: {reason} (run it as root)")
    sys.exit(0)


def set_up_network():
    for line in ("link set lo up", "tuntap add dev voice mode tap", "link set voice up", *(f"address add {one}/24 dev voice" for one in stories.OUTSIDE)):
        subprocess.run(["ip", *line.split()], check=True)


def main():
    if MARK not in os.environ:
        enter_namespace()
    set_up_network()
    quick = "--quick" in sys.argv
    load = os.getloadavg()[0]
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    passed = failed = 0
    figures = {}
    began = time.monotonic()
    for story in stories.QUICK if quick else stories.ALL:
        if names and story.__name__ not in names:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tandem-image-"))
        stage = stories.Stage(folder, figures)
        print(f"\n{story.__doc__.strip()}", flush=True)
        try:
            story(stage)
        except BaseException as error:
            failed += 1
            print(f"  FAILED after {time.monotonic() - stage.began:.1f} s: {error}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            stage.tell()
            print(f"  kept: {folder}")
            if isinstance(error, KeyboardInterrupt):
                raise
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            stage.stop()
        passed += stage.passed
    print(f"\nfigure (load of this machine at the start: {load:.1f})        is        aim")
    for name, (value, aim, unit) in figures.items():
        remark = "" if aim is None else f"{aim:>8.2f} {unit}   {'met' if value <= aim else 'missed'}"
        print(f"{name:<38} {value:>10.2f} {unit:<2} {remark}")
    print("image: " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in stories.guest.sizes().items()))
    print(f"\n{time.monotonic() - began:.0f} s\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
