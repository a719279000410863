"""Addresses: whom of the internet this server may ask on behalf of others: nobody in its own networks."""

import ipaddress
import socket

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 networks whose addresses hold an IPv4 address, at its first bit: 6to4, Teredo's server, NAT64.
_HOLDING = ((ipaddress.IPv6Network("2002::/16"), 16), (ipaddress.IPv6Network("64:ff9b::/96"), 96))
_TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("64:ff9b:1::/48"))


class Private(Exception):
    """A name that leads to where nobody may be asked, or nowhere."""


def resolved(host: str, port: int) -> str:
    """The one address of ``host``, in numbers, to connect to; raises Private.

    Every address that the name has must be public: of a name with both kinds it is chance which one is asked.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, ValueError):
        raise Private from None
    numbers = [str(address[0]).partition("%")[0] for *_, address in found]
    if not numbers or not all(is_public(number) for number in numbers):
        raise Private
    return numbers[0]


def is_public(number: str) -> bool:
    """Whether an address, in numbers, is one that anybody in the internet can ask."""
    address: _Address = ipaddress.ip_address(number)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(str(address.ipv4_mapped))
        if address.is_site_local or any(address in network for network in _TUNNELS):
            return False
        for network, first in _HOLDING:
            if address in network:
                return is_public(str(ipaddress.IPv4Address((int(address) >> (96 - first)) & 0xFFFFFFFF)))
    return address.is_global and not address.is_multicast and not address.is_reserved
