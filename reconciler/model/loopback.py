"""Which hosts are this machine: plain http, and no proxy, is for them alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine: 127.0.0.0/8, ::1, localhost and names below it (RFC 6761)."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
