#!/usr/bin/env python3
"""The image's Debian packages: exactly those of packages.lock, from wherever this machine's apt gets its packages.

`packages.py refresh` resolves packages.list anew and writes packages.lock.
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
LIST, LOCK = HERE / "packages.list", HERE / "packages.lock"
# As root apt would drop its rights for the download and complain that it can not write into a checkout.
APT = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root"]


def refresh():
    wanted = [line.split("#")[0].strip() for line in LIST.read_text().splitlines()]
    # With an empty status file everything counts as missing, so apt names the whole closure.
    plan = subprocess.run(
        [*APT, "-o", "Dir::State::status=/dev/null", "-o", "APT::Install-Recommends=0", "--simulate", "install", *filter(None, wanted)],
        check=True, capture_output=True, text=True).stdout
    names = sorted(re.findall(r"^Inst (\S+) \((\S+) ", plan, re.M))
    uris = subprocess.run(
        [*APT, "--print-uris", "download", *(f"{name}={version}" for name, version in names)], check=True, capture_output=True, text=True).stdout
    sums = dict(re.findall(r" ([^_ ]+)_\S+\.deb \d+ SHA256:([0-9a-f]{64})", uris))
    LOCK.write_text("".join(f"{name} {version} {sums[name]}\n" for name, version in names))
    print(f"{LOCK.name}: {len(names)} packages")


def locked():
    return [line.split() for line in LOCK.read_text().splitlines()]


def fetch(cache):
    """The locked packages' files, downloaded when they are not in `cache` yet."""
    cache.mkdir(parents=True, exist_ok=True)
    files = {name: cache / f"{name}_{version.replace(':', '%3a')}.deb" for name, version, _ in locked()}
    missing = [(name, version) for name, version, _ in locked() if not files[name].exists()]
    if missing and not download(missing, cache) and os.geteuid() == 0:
        # The package lists may be old, or there may be none yet.
        subprocess.run([*APT, "update"])
        download(missing, cache)
    # apt downloads nothing when it misses one: the others are fetched by themselves, so that only what is really gone is named.
    for package in missing:
        if not files[package[0]].exists():
            download([package], cache)
    gone = [f"{name} {version}" for name, version in missing if not files[name].exists()]
    if gone:
        sys.exit(
            "image: the package mirror has no longer (or not yet: `apt-get update` as root): " + ", ".join(gone)
            + "\n  Run `make image-lock`: it takes the versions of today; then look at `git diff image/packages.lock` and build again.")
    for name, version, wanted in locked():
        if hashlib.sha256(files[name].read_bytes()).hexdigest() != wanted:
            files[name].unlink()
            sys.exit(f"image: {name} {version} is not the file that packages.lock names (sha256 {wanted}); run `make image` again to fetch it again")
    return [files[name] for name, _, _ in locked()]


def download(packages, cache):
    part = cache / "part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    done = subprocess.run([*APT, "download", *(f"{name}={version}" for name, version in packages)], cwd=part, capture_output=True, text=True)
    for file in part.iterdir():
        name, version, _ = file.name.rsplit("_", 2)
        file.rename(cache / f"{name}_{version}.deb")
    part.rmdir()
    return done.returncode == 0


def extract(debs, into):
    """All of them into one tree with merged /usr, as Debian's are; kept until the lock changes."""
    stamp = into / ".lock"
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return into
    shutil.rmtree(into, ignore_errors=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        (into / "usr" / name).mkdir(parents=True)
        (into / name).symlink_to(f"usr/{name}")
    for deb in debs:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
            subprocess.run(
                ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "--no-same-permissions", "-C", into], stdin=tar.stdout, check=True)
    stamp.write_bytes(LOCK.read_bytes())
    return into


if __name__ == "__main__":
    if sys.argv[1:] != ["refresh"]:
        sys.exit("usage: packages.py refresh")
    refresh()
