"""Under which names the chat is served, so that no page from elsewhere can speak to it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Network, ip_address

HOST = re.compile(r"\[([0-9a-f:.]+)\](?::\d{1,5})?|([^\[\]:@/\\\s]+)(?::\d{1,5})?", re.IGNORECASE)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ALL_ADDRESSES = ("0.0.0.0", "::")


class Hosts:
    """The names that a request may be sent to: this machine's own, and those that are listed."""

    def __init__(self, listening: str, listed: Iterable[str] = ()) -> None:
        """listening: the address of the chat."""
        self._listed = {_name(name) or _plain(name) for name in listed}
        self._own = {*LOOPBACK, _plain(listening)}
        self._everywhere = listening in ALL_ADDRESSES
        if self._everywhere:
            self._own.add(_plain(socket.gethostname()))

    def allows(self, host: str) -> bool:
        """Whether a `Host` header names one of them.

        A page from elsewhere can have its own name point here (DNS rebinding); it cannot do so
        with an address, so a chat that listens on all addresses takes every address.
        """
        name = _name(host)
        return name in self._own or name in self._listed or (self._everywhere and _is_ip(name))

    def may_write(self, origin: str, host: str) -> bool:
        """Whether a page of this `Origin` may send anything to this `Host`: its own page alone.

        A proxy may give the request another host than the browser used: a listed name will do.
        """
        place = origin.lower().partition("://")[2]
        return bool(place) and (place == host.lower() or _name(place) in self._listed)


def network(address: str) -> str:
    """The address; for IPv6 its /64, all of which one visitor may have."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return address
    # a socket for both kinds shows IPv4 inside of IPv6
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))


def _name(host: str) -> str:
    found = HOST.fullmatch(host)
    return _plain(found[1] or found[2]) if found else ""


def _plain(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


def _is_ip(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
