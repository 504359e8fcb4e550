"""The root file system as a folder: chosen files of the packages, our programs with the Swift runtime they need, the overlay, the users."""
import json
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
OVERLAY = HERE.parent / "rootfs-overlay"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
OURS = "usr/lib/tandem"
# 40 MB between them, and the daemon starts slower: `import FoundationEssentials` does without.
FORBIDDEN = ("libFoundation.so", "libFoundationInternationalization.so", "lib_FoundationICU.so")
# Mount points and what programs expect; the root is never written.
FOLDERS = ("data", "dev", "proc", "sys", "run", "tmp", "var", "root", "etc")


def lines(name):
    return list(filter(None, (line.split("#")[0].strip() for line in (HERE / name).read_text().splitlines())))


def build(packages, programs, plugins, version, root):
    """`programs` and `plugins`: files of the release build; plugins come with the YANG module beside them."""
    shutil.rmtree(root, ignore_errors=True)
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    merge_usr(root)
    copy_packages(packages, root)
    for path in OVERLAY.rglob("*"):
        copy(path, root / path.relative_to(OVERLAY))
    for file in programs:
        install(file, root / "usr/bin" / file.name)
    for file in plugins:
        install(file, root / OURS / "plugins" / file.name)
        shutil.copy(file.with_suffix(".yang"), root / OURS / "plugins")
    add_libraries(packages, root)
    copy_modules(packages, root, lines("modules.list"))
    write_identity(root, version)


def merge_usr(root):
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")


def copy_packages(packages, root):
    wanted = lines("files.list")
    links = []
    for pattern in wanted:
        # A link of a package may lead nowhere on this machine.
        found = [packages / pattern] if os.path.lexists(packages / pattern) else sorted(packages.glob(pattern))
        if not found:
            raise SystemExit(f"image: files.list names {pattern}, and no package has it")
        for path in found:
            name = path.relative_to(packages)
            if ".wants/" in str(name):
                links.append(name)
            else:
                copy(path, root / name)
    for name in links:
        if (root / name.parent.parent / name.name).exists():
            copy(packages / name, root / name)


def copy(source, target):
    if source.is_dir() and not source.is_symlink():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def install(file, target):
    """One of our ELF files, without symbols, and finding the Swift runtime where the image has it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["strip", "-o", target, file], check=True)
    subprocess.run(["patchelf", "--set-rpath", f"/{OURS}", target], check=True)
    target.chmod(0o755)


# Shared libraries

def needed(files):
    """ELF file -> the libraries it names. What is no ELF file is left out."""
    elf = [file for file in files if file.is_file() and not file.is_symlink() and file.open("rb").read(4) == b"\x7fELF"]
    found = {}
    # With one file readelf prints no name.
    for start in range(0, len(elf), 200):
        text = subprocess.run(["readelf", "-dW", *elf[start:start + 200], "/dev/null"], capture_output=True, text=True).stdout
        for part in re.split(r"^File: ", text, flags=re.M)[1:]:
            name, _, rest = part.partition("\n")
            found[pathlib.Path(name)] = re.findall(r"\(NEEDED\).*\[(.*)\]", rest)
    return found


def add_libraries(packages, root):
    """Whatever the files in `root` link against, and what that links against; from the packages, or from the Swift toolchain."""
    info = json.loads(subprocess.run(["swift", "-print-target-info"], check=True, capture_output=True).stdout)
    swift = [pathlib.Path(path) for path in info["paths"]["runtimeLibraryPaths"]]
    folders = [packages / LIBRARIES, packages / LIBRARIES / "systemd", packages / "usr/lib64"]
    seen, fresh = {}, [path for path in root.rglob("*")]
    while fresh:
        wanted = {}
        for file, names in needed(fresh).items():
            for name in names:
                if name not in seen:
                    wanted.setdefault(name, file)
        fresh = []
        for name, file in sorted(wanted.items()):
            if name in FORBIDDEN:
                raise SystemExit(f"image: {file.relative_to(root)} needs {name}: import FoundationEssentials, never Foundation")
            source = next((folder / name for folder in [*folders, *swift] if (folder / name).exists()), None)
            if source is None:
                raise SystemExit(f"image: {file.relative_to(root)} needs {name}, which no package of packages.lock has: add it to packages.list, then `make image-lock`")
            if source.parent in swift:
                target = root / OURS / name
                install(source, target)
            else:
                target = root / source.parent.relative_to(packages) / name
                copy(source.resolve(), target)
            seen[name] = target
            fresh.append(target)
    # Programs name it by this path.
    copy(packages / "usr/lib64/ld-linux-x86-64.so.2", root / "usr/lib64/ld-linux-x86-64.so.2")


# Kernel modules

def copy_modules(packages, root, names):
    """The modules named, those they need, and the tables modprobe reads."""
    modules = packages / "usr/lib/modules"
    release = next(modules.iterdir()).name
    if not (modules / release / "modules.dep").exists():
        subprocess.run(["depmod", "-b", packages, release], check=True)
    needs = {}
    for line in (modules / release / "modules.dep").read_text().splitlines():
        file, _, rest = line.partition(":")
        needs[pathlib.Path(file).stem.replace("-", "_")] = [file, *rest.split()]
    built_in = {pathlib.Path(line).stem.replace("-", "_") for line in (modules / release / "modules.builtin").read_text().split()}
    for name in names:
        name = name.split()[-1].replace("-", "_")
        if name not in needs and name not in built_in:
            raise SystemExit(f"image: modules.list names {name}, which kernel {release} has not")
        for file in needs.get(name, []):
            copy(modules / release / file, root / "usr/lib/modules" / release / file)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        copy(modules / release / name, root / "usr/lib/modules" / release / name)
    subprocess.run(["depmod", "-b", root, release], check=True)


# Who it is and who lives there

def write_identity(root, version):
    (root / "usr/lib/os-release").write_text(
        f'ID=tandem\nNAME=Tandem\nPRETTY_NAME="Tandem {version}"\nVERSION_ID={version}\nIMAGE_ID=tandem\nIMAGE_VERSION={version}\n')
    # Empty: systemd takes one of its own for each boot.
    (root / "etc/machine-id").touch()
    # SOURCE_DATE_EPOCH: the day of a password's last change would be today's.
    subprocess.run(["systemd-sysusers", f"--root={root}"], check=True, env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
    for name in ("passwd-", "group-", "shadow-", "gshadow-", ".pwd.lock"):
        (root / "etc" / name).unlink(missing_ok=True)
    plain_modes(root)
    for name in ("shadow", "gshadow"):
        if (root / "etc" / name).exists():
            (root / "etc" / name).chmod(0o600)


def plain_modes(folder):
    """Whatever umask a file came under: programs and folders 755, the rest 644."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
