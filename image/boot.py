"""From a folder to a disk: read-only root with its hash tree, initrd, one EFI program with kernel, initrd and command line, and the disk."""
import hashlib
import os
import pathlib
import re
import shutil
import struct
import subprocess
import uuid

import rootfs

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1 << 20
BLOCK = 4096
# Room for two EFI programs and one that is being written; two roots twice the size of today's.
ESP, SLOT, DISK = 96 * MIB, 96 * MIB, 512 * MIB
# GPT's type for an x86-64 root; /data's differs, so that systemd-repart never takes a slot for it.
ROOT = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
# The same in every build, so that the same sources give the same image.
IDENTITIES = uuid.uuid5(uuid.NAMESPACE_DNS, "image.tandem")


def identity(name):
    return str(uuid.uuid5(IDENTITIES, name))


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, **options)


# Root

def make_root(folder, version, slot):
    """erofs, its hash tree behind it, the version's tag in the bytes erofs leaves free in front. Returns what the command line says of it."""
    run("mkfs.erofs", "-zlz4hc,12", "-C65536", "-T0", f"-U{identity('root')}", "--all-root", slot, folder, stdout=subprocess.DEVNULL)
    os.truncate(slot, -(-slot.stat().st_size // BLOCK) * BLOCK)
    blocks = slot.stat().st_size // BLOCK
    with slot.open("r+b") as file:
        file.write(f"TANDEM {version}\n".encode().ljust(1024, b"\0"))
    salt = hashlib.sha256(f"tandem-{version}".encode()).hexdigest()
    text = run(
        "veritysetup", "format", "--no-superblock", f"--salt={salt}", f"--data-blocks={blocks}", f"--hash-offset={blocks * BLOCK}", slot, slot,
        capture_output=True, text=True).stdout
    if slot.stat().st_size > SLOT:
        raise SystemExit(f"image: the root with its hash tree has {slot.stat().st_size} bytes, a slot {SLOT}")
    return {"version": version, "blocks": blocks, "hash": re.search(r"Root hash:\s+([0-9a-f]{64})", text)[1], "salt": salt}


# Initrd

def make_initrd(packages, folder, target):
    shutil.rmtree(folder, ignore_errors=True)
    rootfs.merge_usr(folder)
    shutil.copy(packages / "usr/bin/busybox", folder / "usr/bin")
    # The kernel asks for modules by this name too (hashes, checksums).
    (folder / "usr/sbin/modprobe").symlink_to("../bin/busybox")
    shutil.copy(packages / "usr/sbin/dmsetup", folder / "usr/bin")
    shutil.copy(HERE / "init", folder / "init")
    rootfs.add_libraries(packages, folder)
    rootfs.copy_modules(packages, folder, [line for line in rootfs.lines("modules.list") if line.startswith("initrd ")])
    rootfs.plain_modes(folder)
    for path in folder.rglob("*"):
        os.utime(path, (0, 0), follow_symlinks=False)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    archive = run(
        "cpio", "--create", "--format=newc", "--reproducible", "--owner=0:0", "--null", "--quiet", cwd=folder, input="\0".join(names).encode(),
        stdout=subprocess.PIPE).stdout
    with target.open("wb") as out:
        run("zstd", "-19", "-q", "--single-thread", "-c", input=archive, stdout=out)


# EFI program

def make_efi(packages, kernel, initrd, command_line, os_release, target):
    """systemd's stub with the parts behind it as sections, where it looks for them."""
    stub = packages / "usr/lib/systemd/boot/efi/linuxx64.efi.stub"
    text = target.with_suffix(".cmdline")
    text.write_text(command_line + "\0")
    address, words = sections_end(stub.read_bytes()), []
    for name, file in ((".osrel", os_release), (".cmdline", text), (".initrd", initrd), (".linux", kernel)):
        words += ["--add-section", f"{name}={file}", "--change-section-vma", f"{name}={address:#x}"]
        address += -(-file.stat().st_size // BLOCK) * BLOCK
    run("objcopy", *words, stub, target)
    text.unlink()
    # The time of day it was put together, and the checksum over it, which firmware does not ask for.
    header = struct.unpack_from("<I", stub.read_bytes(), 0x3C)[0]
    with target.open("r+b") as file:
        for offset in (8, 88):
            file.seek(header + offset)
            file.write(bytes(4))


def sections_end(program):
    """The first free address, page-aligned, behind a PE program's sections: image base, and the largest end in the section table."""
    header = struct.unpack_from("<I", program, 0x3C)[0]
    count, optional = struct.unpack_from("<H", program, header + 6)[0], struct.unpack_from("<H", program, header + 20)[0]
    base = struct.unpack_from("<Q", program, header + 24 + 24)[0]
    table = header + 24 + optional
    ends = [sum(struct.unpack_from("<II", program, table + 40 * index + 8)) for index in range(count)]
    return base + -(-max(ends) // BLOCK) * BLOCK


# Disk

def make_disk(packages, version, efi, slot, work, target):
    esp = work / "esp.img"
    esp.unlink(missing_ok=True)
    esp.touch()
    os.truncate(esp, ESP)
    run("mkfs.vfat", "-F32", "-n", "TANDEM-ESP", "--invariant", "-i", identity("esp")[:8], esp, stdout=subprocess.DEVNULL)
    loader = work / "loader.conf"
    # Which version boots follows from the files on the ESP alone; nobody edits a command line at the console.
    loader.write_text("timeout 0\neditor no\nauto-entries no\nauto-firmware no\n")
    for file in (loader, efi):
        os.utime(file, (0, 0))
    boot = packages / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
    # The first day a FAT file system knows, for the folders.
    day = {**os.environ, "SOURCE_DATE_EPOCH": "315532800", "TZ": "UTC"}
    run("mmd", "-i", esp, "::EFI", "::EFI/BOOT", "::EFI/Linux", "::loader", env=day)
    for source, name in ((boot, "EFI/BOOT/BOOTX64.EFI"), (loader, "loader/loader.conf"), (efi, f"EFI/Linux/tandem_{version}.efi")):
        run("mcopy", "-m", "-i", esp, source, f"::{name}", env=day)

    target.unlink(missing_ok=True)
    target.touch()
    os.truncate(target, DISK)
    start, rows = MIB, []
    for name, size, kind in (("esp", ESP, "U"), ("tandem-a", SLOT, ROOT), ("tandem-b", SLOT, ROOT)):
        rows.append(f"start={start // 512}, size={size // 512}, type={kind}, name={name}, uuid={identity(name)}")
        if name == "esp":
            put(esp, target, start)
        elif name == "tandem-a":
            put(slot, target, start)
        start += size
    run("sfdisk", "--quiet", target, input="\n".join(["label: gpt", f"label-id: {identity('disk')}", *rows]).encode())


def put(source, target, offset):
    """Copies into the middle of a file, holes left out."""
    with source.open("rb") as read, target.open("r+b") as write:
        while part := read.read(MIB):
            if any(part):
                write.seek(offset)
                write.write(part)
            offset += len(part)
