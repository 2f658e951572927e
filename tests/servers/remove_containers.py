"""Removes the containers of one MiniStack, known by the port it served on, and no others. Prints how many containers
of others still run in that engine.

usage: remove_containers.py ENGINE PORT
"""

import socket
import sys

import docker


def main(engine, port):
    client = docker.DockerClient(base_url=engine)
    # MiniStack labels what it starts with its host name and port: only one process can hold that address.
    ours = client.containers.list(
        all=True, sparse=True, filters={"label": f"ministack.instance={socket.gethostname()}:{port}"}
    )
    for container in ours:
        try:
            container.remove(force=True, v=True)
        except docker.errors.NotFound:
            pass
    if ours:
        print(f"servers: removed {len(ours)} containers", file=sys.stderr)
    print(len(client.containers.list(sparse=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
