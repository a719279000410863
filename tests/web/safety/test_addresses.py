"""Addresses: whom this server may ask."""

import pytest

from web.safety import addresses


@pytest.mark.parametrize("number", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"])
def test_public_ones_may_be_asked(number):
    assert addresses.is_public(number)


@pytest.mark.parametrize(
    "number",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
        ),
        *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_those_of_a_network_of_its_own_may_not(number):
    assert not addresses.is_public(number)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "017700000001", "0", "::1", "127。0。0。1"]
)
def test_no_spelling_of_loopback_is_resolved(host):
    with pytest.raises(addresses.Private):
        addresses.resolved(host, 80)


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    both = [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *args, **more: both)
    with pytest.raises(addresses.Private):
        addresses.resolved("both.example", 80)


def test_a_name_that_is_none_is_refused(monkeypatch):
    for host in ("a" * 300, "\u2024.example", "..", "a..b"):
        with pytest.raises(addresses.Private):
            addresses.resolved(host, 80)
