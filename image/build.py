#!/usr/bin/env python3
"""`make image`: from the release build and Debian's packages to a disk image, without root. Read from here:

    packages.py   the locked packages, fetched and unpacked         packages.list, packages.lock
    rootfs.py      the root file system as a folder                  files.list, modules.list, ../rootfs-overlay
    boot.py       erofs, dm-verity, initrd, EFI program, GPT disk   init

Everything is below .build/image, or the folder that is given; `out` has what is for others. The same sources and toolchain give the same bytes, whoever builds.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import time

import boot
import packages
import rootfs

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / ".build/release"
WORK = ROOT / ".build/image"
# gpt_auto: /data has a unit of its own, and nobody else mounts the ESP. The last console= is where the kernel's own words go.
COMMAND_LINE = (
    "console=tty0 console=ttyS0,115200 ro quiet loglevel=4 systemd.gpt_auto=0 systemd.firstboot=off systemd.show_status=error panic=5 "
    "tandem.version={version} tandem.blocks={blocks} tandem.hash={hash} tandem.salt={salt}")


def megabytes(*files):
    return f"{sum(file.stat().st_size for file in files) / 1e6:.1f} MB"


def main():
    began = time.monotonic()
    # Whoever builds: modes in the image are not those of the builder's files.
    os.umask(0o022)
    build(pathlib.Path(sys.argv[1]) if sys.argv[1:] else WORK, began)


def build(work, began):
    out = work / "out"
    out.mkdir(parents=True, exist_ok=True)
    unpacked = packages.extract(packages.fetch(WORK / "debs"), work / "packages")
    version = subprocess.run([BIN / "tandemd", "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]

    folder = work / "root"
    rootfs.build(unpacked, [BIN / "tandemd", BIN / "tandem"], sorted((BIN / "plugins").glob("*.so")), version, folder)
    slot = out / "root.img"
    verity = boot.make_root(folder, version, slot)

    kernel, initrd, command_line = out / "vmlinuz", out / "initrd.img", out / "cmdline"
    shutil.copy(next(unpacked.glob("boot/vmlinuz-*")), kernel)
    boot.make_initrd(unpacked, work / "initrd", initrd)
    command_line.write_text(COMMAND_LINE.format(**verity))

    efi, disk = out / f"tandem_{version}.efi", out / "tandem.img"
    boot.make_efi(unpacked, kernel, initrd, command_line.read_text(), folder / "usr/lib/os-release", efi)
    boot.make_disk(unpacked, version, efi, slot, work, disk)
    written = disk.stat().st_blocks * 512 / 1e6
    print(f"{os.path.relpath(disk, ROOT)}: version {version}, {megabytes(disk)} ({written:.1f} MB of it written); "
          f"root {megabytes(slot)}, EFI program {megabytes(efi)}, update {megabytes(slot, efi)}; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
