"""A container program with a store of its own and an image of one file, busybox, where the system lets containers be run."""

import pathlib
import shlex
import shutil
import subprocess
import tempfile

# Its own command says where it comes from.
IMAGE = "localhost/busybox:1"
COMMANDS = ["sh", "cat", "echo", "id", "pwd", "true"]
LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]
PATIENCE_SECONDS = 60


class Unavailable(Exception):
    """Containers cannot be run here; the text says why."""


class ContainerProgram:
    """Podman, to be named by --container-runtime."""

    def __init__(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fournil-podman-"))
        self.path = str(self.folder / "podman")
        try:
            self._make()
        except BaseException:
            self.remove()
            raise

    def _make(self) -> None:
        podman, busybox = shutil.which("podman"), pathlib.Path("/bin/busybox")
        if not podman or not busybox.exists():
            raise Unavailable("Podman or busybox is not installed")
        own = f"--root {self.folder}/store --runroot {self.folder}/run --storage-driver vfs"
        plain = f'exec {shlex.quote(podman)} {own} "$@"'
        # Where both hierarchies of control groups are there, crun does not take the newer one.
        hidden = (
            "exec unshare -m --propagation slave sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; "
            f"exec {podman} {own} \"$@\"' podman \"$@\""
        )
        reasons = []
        for script in [plain, hidden]:
            program = pathlib.Path(self.path)
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
            try:
                self._import(busybox)
                options = ["run", "--rm", "--network=host", "--cgroups=disabled", "--log-driver=passthrough"]
                self.run(*options, *LIMITS, IMAGE, "true")
                return
            except Unavailable as reason:
                reasons.append(str(reason))
        raise Unavailable("; ".join(reasons))

    def _import(self, busybox: pathlib.Path) -> None:
        root = self.folder / "image"
        shutil.rmtree(root, ignore_errors=True)
        (root / "bin").mkdir(parents=True)
        shutil.copy(busybox, root / "bin" / "busybox")
        for name in COMMANDS:
            (root / "bin" / name).symlink_to("busybox")
        tar = shutil.make_archive(str(self.folder / "image"), "tar", root)
        self.run("import", "--change", 'CMD ["/bin/echo","the image\'s own"]', tar, IMAGE)

    def run(self, *arguments: str) -> str:
        """What Podman prints."""
        try:
            done = subprocess.run(
                [self.path, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_SECONDS,
            )
        except subprocess.TimeoutExpired as reason:
            raise Unavailable(str(reason)) from reason
        if done.returncode != 0:
            raise Unavailable(done.stderr.strip() or f"podman ended with {done.returncode}")
        return done.stdout

    def remove(self) -> None:
        """The images and what the tests left."""
        if pathlib.Path(self.path).exists():
            subprocess.run(
                [self.path, "rm", "--all", "--force", "--time=0"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=PATIENCE_SECONDS,
            )
        shutil.rmtree(self.folder, ignore_errors=True)
