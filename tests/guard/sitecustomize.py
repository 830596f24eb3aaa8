"""Loaded by Python itself in every server of the tests: notes and refuses connections to other machines.

The file that PAGE_REACHED names is written only when something tried to look up or reach another machine.
"""

import ipaddress
import os
import socket
from typing import Any

_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo
NO_HOST = (None, "", "localhost", "localhost.localdomain")


def _check(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    try:
        fine = name in NO_HOST or _local(str(name))
    except ValueError:
        fine = False
    if not fine:
        with open(os.environ["PAGE_REACHED"], "a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        raise OSError(f"a server of the tests tried to reach {name}")


def _local(name: str) -> bool:
    address = ipaddress.ip_address(name.partition("%")[0])
    return address.is_loopback or address.is_unspecified


def connect(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _check(address[0])
    _connect(self, address)


def connect_ex(self: socket.socket, address: Any) -> int:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _check(address[0])
    return _connect_ex(self, address)


def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
    _check(host)
    return _getaddrinfo(host, *rest, **named)


if "PAGE_REACHED" in os.environ:
    socket.socket.connect = connect  # type: ignore[method-assign]
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]
