"""Makes the container images of the tests from one busybox binary and the scripts in rootfs/, and pushes them into
MiniStack's registry. Nothing is pulled from anywhere: an image is one imported tar archive with its own CMD.

usage: images.py ENGINE MINISTACK BUSYBOX ROOTFS
"""

import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile

import boto3
import docker

# repository, tag, script
IMAGES = [
    ("app/web", "v1", "web"),
    ("app/web", "v2", "web"),
    ("app/web", "bad", "crash"),
    ("app/api", "2026.11.1", "web"),
    ("app/sidecar", "stable", "chatty"),
    ("batch/crash", "latest", "crash"),
    ("batch/burn", "latest", "burn"),
    ("batch/eat", "latest", "eat"),
]

# Set on every image: what it was made from, so that a second run can tell that nothing changed.
SOURCE_LABEL = "ecsight.source"


def main(engine, ministack, busybox, rootfs):
    scripts = {path.name: path.read_bytes() for path in sorted(pathlib.Path(rootfs).iterdir())}
    busybox = pathlib.Path(busybox)
    archive = root_archive(busybox, scripts)
    source = hashlib.sha256(archive).hexdigest()[:16]
    registry = ministack.removeprefix("http://")
    client = docker.DockerClient(base_url=engine)
    ecr = boto3.client(
        "ecr", endpoint_url=ministack, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )

    pushed = 0
    for repository, tag, script in IMAGES:
        local = f"ecsight-test/{repository}"
        if not is_current(client, f"{local}:{tag}", source):
            import_image(client, archive, local, tag, script, source)
        if tag in tags(ecr, repository):
            continue
        push(client, f"{local}:{tag}", f"{registry}/{repository}", tag)
        pushed += 1
    if pushed:
        print(f"servers: pushed {pushed} images to {registry}", file=sys.stderr)


def root_archive(busybox, scripts):
    """The root file system: busybox, a link per applet, the scripts, and a root user. The same bytes every time."""
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def add(name, kind=tarfile.REGTYPE, data=b"", mode=0o755, target=""):
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.mode, entry.linkname = kind, len(data), mode, target
            tar.addfile(entry, io.BytesIO(data))

        for folder in ("bin", "dev", "etc", "proc", "sys", "var"):
            add(folder, tarfile.DIRTYPE)
        add("tmp", tarfile.DIRTYPE, mode=0o1777)
        add("etc/passwd", data=b"root:x:0:0:root:/:/bin/sh\n", mode=0o644)
        add("etc/group", data=b"root:x:0:\n", mode=0o644)
        add("bin/busybox", data=busybox.read_bytes())
        for applet in sorted(set(applets) - {"busybox"} - set(scripts)):
            add(f"bin/{applet}", tarfile.SYMTYPE, target="busybox")
        for name, text in scripts.items():
            add(f"bin/{name}", data=text)
    return buffer.getvalue()


def is_current(client, name, source):
    try:
        return client.images.get(name).labels.get(SOURCE_LABEL) == source
    except docker.errors.ImageNotFound:
        return False


def import_image(client, archive, repository, tag, script, source):
    changes = [
        f"ENV PATH=/bin VERSION={tag}",
        f'CMD ["/bin/{script}"]',
        f"LABEL {SOURCE_LABEL}={source}",
    ]
    if script == "web":
        changes.append("EXPOSE 8080")
    client.api.import_image_from_data(archive, repository=repository, tag=tag, changes=changes)
    if not is_current(client, f"{repository}:{tag}", source):
        raise SystemExit(f"the Docker Engine did not import {repository}:{tag}")


def tags(ecr, repository):
    """The tags of a repository of MiniStack's registry; the repository is created when it is missing."""
    try:
        images = ecr.describe_images(repositoryName=repository)["imageDetails"]
    except ecr.exceptions.RepositoryNotFoundException:
        ecr.create_repository(repositoryName=repository)
        return set()
    return {tag for image in images for tag in image.get("imageTags", [])}


def push(client, local, repository, tag):
    client.images.get(local).tag(repository, tag=tag)
    for line in client.images.push(repository, tag=tag, stream=True, decode=True):
        if "error" in line:
            raise SystemExit(f"cannot push {repository}:{tag}: {line['error']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
