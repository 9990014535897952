"""Take the Dockerfile's own steps in plain folders, and try what they make; needs root, no docker.

Usage: python scripts/container.py [FOLDER]      (5 to 10 minutes; needs debootstrap and a network)

FROM is a root made by debootstrap, RUN a chroot, COPY a copy. The result is tried as a container
would be: without a network but loopback, on a read-only tree with an empty /tmp, as the user that
the Dockerfile names. It enhances a mounted folder, serves, passes its own health check, and stops.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 350
"""Megabytes that may be in the image."""
TRIAL = """
set -eu
ip link set lo up
mount --make-rprivate /
mount --bind {root} {root}
mount -t tmpfs tmpfs {root}/tmp
mount -t proc proc {root}/proc
mount --bind {pictures} {root}/pictures
mount -o remount,ro,bind {root}
exec chroot --userspec={user}:{user} {root} /usr/bin/env -i {environment} /bin/sh -c '{inside}'
"""
INSIDE = """
set -eu
cd /pictures
! touch /opt/relume/mark 2> /dev/null
test "$(id -u)" = {user}
relume enhance . --recursive
relume {command} > /tmp/address &
service=$!
for second in $(seq 60); do test -s /tmp/address && break; sleep 1; done
cat /tmp/address
{health}
kill -TERM $service
wait $service
"""


def steps() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions in order."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in kept]


def base(folder: Path, image: str) -> None:
    """Make what FROM names."""
    suite = image.removeprefix("debian:").removesuffix("-slim")
    places = [
        word
        for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
        if path.is_file()
        for word in path.read_text(encoding="utf-8").split()
        if word.startswith("http") and word.rstrip("/").endswith("/debian")
    ]
    mirror = places[0] if places else "http://deb.debian.org/debian"
    run(["debootstrap", "--variant=minbase", suite, str(folder), mirror])
    # What the slim image leaves out of every package.
    left_out = ("doc", "man", "info", "locale", "lintian")
    lines = [f"path-exclude /usr/share/{name}/*" for name in left_out]
    (folder / "etc/dpkg/dpkg.cfg.d/slim").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in left_out:
        shutil.rmtree(folder / "usr/share" / name, ignore_errors=True)
    for path in (
        *folder.glob("var/cache/apt/archives/*.deb"),
        *folder.glob("var/lib/apt/lists/*_*"),
    ):
        path.unlink()


def run(command: list[str]) -> None:
    """Run a command, and end with its words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{shlex.join(command)[:300]}: {(done.stdout + done.stderr)[-2000:]}")


def in_root(folder: Path, command: str) -> None:
    """Run a line in a root, with the network and the settings of pip that are used out here."""
    passed = [
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith("PIP_") and name != "PIP_CERT"
    ]
    # Under another name, because a package that is installed in there replaces the usual one.
    certificates = Path("/run/certificates.crt")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", folder / certificates.relative_to("/"))
    passed += [f"{name}={certificates}" for name in ("PIP_CERT", "SSL_CERT_FILE")]
    passed.append("DEBIAN_FRONTEND=noninteractive")
    shared = [Path("/etc/resolv.conf")]
    shared += [path for path in (Path("/etc/pip.conf"), Path("/etc/xdg/pip")) if path.exists()]
    for option in ("global.find-links", "global.extra-index-url"):
        found = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", option],
            capture_output=True, text=True, check=False,
        ).stdout.split()  # fmt: skip
        shared += [
            Path(one.removeprefix("file://"))
            for one in found
            if Path(one.removeprefix("file://")).is_dir()
        ]
    binds = [
        f"mkdir -p {folder}{path if path.is_dir() else path.parent}; "
        f"touch {folder}{path} 2>/dev/null; mount --bind {path} {folder}{path}"
        for path in shared
    ]
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    entered = ["chroot", str(folder), "/usr/bin/env", "-i", path, *passed, "/bin/sh", "-c", command]
    inside = shlex.join(entered)
    script = "\n".join(["set -e", f"mount -t proc proc {folder}/proc", *binds, inside])
    run(["unshare", "--mount", "/bin/sh", "-c", script])


def build(folder: Path) -> tuple[Path, dict[str, str]]:
    """Take all steps; return the last root and what the Dockerfile says of running it."""
    bases: dict[str, Path] = {}
    stages: dict[str, Path] = {}
    about: dict[str, str] = {}
    root = folder
    for kind, rest in steps():
        print(kind, rest[:100], flush=True)
        if kind == "FROM":
            image, *named = rest.split(" AS ")
            if image not in bases:
                bases[image] = folder / "base"
                if not bases[image].exists():  # an earlier run left it
                    base(bases[image], image)
            root = folder / f"stage{len(stages)}"
            stages[named[0] if named else "last"] = root
            shutil.rmtree(root, ignore_errors=True)
            run(["cp", "-a", str(bases[image]), str(root)])
        elif kind == "RUN":
            in_root(root, rest)
        elif kind == "COPY":
            parts = rest.split()
            source = ROOT
            if parts[0].startswith("--from="):
                source = stages[parts.pop(0).removeprefix("--from=")]
            *names, target = parts
            place = root / target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            for name in names:
                into = place / name if target.endswith("/") else place
                into.parent.mkdir(parents=True, exist_ok=True)
                run(["cp", "-a", str(source / name.lstrip("/")), str(into)])
        else:
            about[kind] = rest
    return root, about


def attempt(root: Path, about: dict[str, str], folder: Path) -> None:
    """Run the result as a container would be run."""
    pictures = folder / "pictures"
    pictures.mkdir()
    shutil.copy(ROOT / "examples" / "cat.jpg", pictures)
    user = int(about["USER"])
    os.chown(pictures, user, user)
    command = [*json.loads(about["ENTRYPOINT"])[1:], *json.loads(about["CMD"])]
    health = shlex.join(json.loads(about["HEALTHCHECK"].split(" CMD ")[1])).replace("'", "'\\''")
    inside = INSIDE.format(user=user, command=shlex.join(command), health=health)
    trial = TRIAL.format(
        root=root, pictures=pictures, user=user, environment=about["ENV"], inside=inside
    )
    run(["unshare", "--mount", "--net", "--pid", "--fork", "/bin/sh", "-c", trial])
    if not (pictures / "cat.relume.jpg").exists():
        sys.exit("the mounted folder was not enhanced")


def main() -> None:
    """Build, measure, try."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="container-"))
    folder.mkdir(parents=True, exist_ok=True)
    root, about = build(folder)
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    print(f"{megabytes:.0f} MB in the image", flush=True)
    attempt(root, about, folder)
    if megabytes > LARGEST:
        sys.exit(f"more than {LARGEST} MB")
    print("built, enhanced a mounted folder, served, healthy, stopped")


if __name__ == "__main__":
    main()
