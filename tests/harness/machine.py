"""A machine of the test's own inside this one: a network that has only loopback, and its own /etc, /run, /media and /var.
There db.example.com is 127.0.0.1, port 443 is free, and a file in /etc disappears with the test.

It is made of Linux namespaces, which the calling process enters for good; the rest of the machine sees nothing of it.
"""

import ctypes
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import tempfile

_NEW_MOUNTS, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1

# Of the machine's own /etc, what programs need to find users, libraries and trust anchors.
_KEPT = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "ssl", "ca-certificates", "services", "protocols", "alternatives",
         "localtime")
_OWN = ("/run", "/media", "/usr/share/dns", "/var/lib", "/var/log")

_libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The kernel, or whoever runs this container, lets nobody make such a machine."""


def _call(function, *arguments):
    if function(*arguments) != 0:
        fault = ctypes.get_errno()
        raise OSError(fault, os.strerror(fault))


def _mount(source, target, kind=None, flags=0, data=None):
    def octets(text):
        return None if text is None else os.fsencode(text)

    _call(_libc.mount, octets(source), octets(target), octets(kind), flags, octets(data))


def _loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", answer)[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


def _write(path, text):
    pathlib.Path(path).write_text(text, encoding="utf-8")


def enter():
    """Moves this process, and all that it starts from now on, to the new machine. To be called once, before any thread."""
    user, group = os.getuid(), os.getgid()
    try:
        _call(_libc.unshare, _NEW_MOUNTS | _NEW_NETWORK | (_NEW_USER if user else 0))
    except OSError as fault:
        raise Refused(f"namespaces are refused here ({fault.strerror}): allow user namespaces, or be root with "
                      "CAP_SYS_ADMIN (docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined)") from None
    if user:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    _loopback_up()
    if user:
        _write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")

    with tempfile.TemporaryDirectory(prefix="cotter-machine-") as place:
        _mount("tmpfs", place, "tmpfs", 0, "mode=755")
        for name in _KEPT:
            source = pathlib.Path("/etc", name)
            if source.is_dir():
                shutil.copytree(source, f"{place}/{name}", symlinks=True)
            elif source.exists():
                shutil.copy2(source, f"{place}/{name}", follow_symlinks=True)
        _mount(place, "/etc", None, _BIND)
        _call(_libc.umount2, os.fsencode(place), 0)
    for folder in _OWN:
        if os.path.isdir(folder):
            _mount("tmpfs", folder, "tmpfs", 0, "mode=755")
    name_hosts([])


def name_hosts(names):
    """Makes these names of this machine."""
    _write("/etc/hosts", "127.0.0.1 localhost " + " ".join(names) + "\n::1 localhost\n")
