"""Passwords that we make: of chance, and easy to copy by hand."""

from django.utils.crypto import get_random_string

SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 of them, 5 bits each, none that looks like another
GROUPS, LONG = 4, 5


def random_password() -> str:
    """One of 100 bits, such as k3m7p-x9atw-bd5ne-r2hqv."""
    return "-".join(get_random_string(LONG, SIGNS) for _ in range(GROUPS))
