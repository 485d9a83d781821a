# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a process may still do that is about to read a hostile file: compute, and speak through pipes that it has already.

Rules of this file: it imports nothing of ours and nothing but the standard library. It fails closed: where the kernel or the processor does
not give limits and a list of system calls, the caller never gets to see the file. A second wall stands behind that list where the kernel lets it:
no file (Landlock), and a network of its own with nothing in it. What is taken is never given back.

Source: prctl(2), seccomp(2), setrlimit(2), landlock(7), unshare(2); linux/filter.h, linux/seccomp.h, linux/audit.h.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from typing import Final, NamedTuple

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_SIGKILL: Final = 9
_FILTER_MODE, _ALL_THREADS = 1, 1
"""SECCOMP_SET_MODE_FILTER; SECCOMP_FILTER_FLAG_TSYNC: a thread that a library has begun is shut off with the others."""
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
"""SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EPERM, SECCOMP_RET_KILL_PROCESS."""
_ABSENT: Final = 0x00050026
"""SECCOMP_RET_ERRNO with ENOSYS: the C library then does it the older way, `clone`, whose purpose a filter can see."""
_LOAD, _IF_EQUAL, _IF_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
"""BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_JMP|BPF_JSET|BPF_K, BPF_RET|BPF_K."""
_NUMBER_AT, _PROCESSOR_AT, _FIRST_VALUE_AT = 0, 4, 16
"""Offsets in `struct seccomp_data`; of the first value its lower half."""
_THREAD: Final = 0x00010000
"""CLONE_THREAD."""
_CLONE3: Final = 435
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
"""System calls of Landlock, the same on both processors."""
_VERSION_ASKED: Final = 1
_ALL_OF_FILES: Final = (1 << 13) - 1
"""Every access to files that the first Landlock knew."""
_ALL_OF_TCP, _WITH_TCP = 3, 4
"""Both accesses to TCP, and the first Landlock that knows them."""
_NEW_USER_AND_NETWORK: Final = 0x1000_0000 | 0x4000_0000
"""CLONE_NEWUSER | CLONE_NEWNET."""


class _Processor(NamedTuple):
    """How a kind of processor is called in an audit record, and the numbers of the system calls that stay."""

    audit: int
    seccomp: int
    clone: int
    calls: tuple[int, ...]


# read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64 readv writev sched_yield mremap
# madvise getpid exit times getrusage sysinfo gettimeofday sigaltstack gettid futex sched_getaffinity restart_syscall clock_gettime
# exit_group set_robust_list getrandom rseq; and `clone` for a thread. No open, no socket, no other process, no signal to another.
_PROCESSORS: Final = {
    "x86_64": _Processor(
        0xC000003E,
        317,
        56,
        (
            *(0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20, 24, 25),
            *(28, 39, 60, 100, 98, 99, 96, 131, 186, 202, 204, 219, 228, 231, 273, 318, 334),
        ),
    ),
    "aarch64": _Processor(
        0xC00000B7,
        277,
        220,
        (
            *(63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 67, 65, 66, 124, 216),
            *(233, 172, 93, 153, 165, 179, 169, 132, 178, 98, 123, 128, 113, 94, 99, 278, 293),
        ),
    ),
}


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`."""

    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64))


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def limit(memory: int, seconds: int) -> None:
    """Bound memory, time and files of this process; before anything is loaded that reads a file.

    Args:
        memory: bytes of address space.
        seconds: of computing; then it is killed.

    Raises:
        OSError: this is no Linux, or the system refuses a limit.
    """
    if sys.platform != "linux":
        raise OSError("only Linux can shut a process off as it must be")
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    # When whoever wants the picture is gone, nobody needs it; and no other process of this user may look into this one.
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    _prctl(_PR_SET_DUMPABLE, 0)
    # No program that it might start could get back what is taken here.
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def seal_off() -> None:
    """Give up every system call but those of computing and of reading and writing what is open; after `limit`, and after everything is loaded.

    Raises:
        OSError: the kernel has no seccomp, or the processor is neither x86_64 nor aarch64.
    """
    processor = _PROCESSORS.get(os.uname().machine)
    if processor is None:
        raise OSError("there is no list of system calls for this processor")
    second_wall()
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    lines = _filter(processor)
    program = _Program(len(lines) // 8, lines)
    _call(processor.seccomp, _FILTER_MODE, _ALL_THREADS, ctypes.addressof(program))


def second_wall() -> bool:
    """Leave the network and close the file system, where the kernel lets a process do that; return whether the file system is closed.

    This thread's alone: the list of system calls holds for all.
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.unshare(_NEW_USER_AND_NETWORK)
    version = library.syscall(_CREATE_RULESET, None, 0, _VERSION_ASKED)
    if version < 1:
        return False
    knows_tcp = version >= _WITH_TCP
    rules = _Ruleset(_ALL_OF_FILES, _ALL_OF_TCP if knows_tcp else 0)
    size = ctypes.sizeof(rules) if knows_tcp else ctypes.sizeof(ctypes.c_uint64)
    descriptor = library.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if descriptor < 0:
        return False
    closed = library.syscall(_RESTRICT_SELF, descriptor, 0) == 0
    os.close(descriptor)
    return closed


def _filter(processor: _Processor) -> bytes:
    """Return the filter in the kernel's form: another processor's way of calling kills, a call that is not in the list is refused."""
    allowed = [instruction for call in processor.calls for instruction in ((_IF_EQUAL, 0, 1, call), (_RETURN, 0, 0, _ALLOW))]
    lines = [
        (_LOAD, 0, 0, _PROCESSOR_AT),
        (_IF_EQUAL, 1, 0, processor.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        *allowed,
        (_IF_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ABSENT),
        (_IF_EQUAL, 0, 3, processor.clone),
        (_LOAD, 0, 0, _FIRST_VALUE_AT),
        (_IF_SET, 0, 1, _THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _prctl(what: int, value: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(ctypes.c_int(what), *(ctypes.c_ulong(word) for word in (value, 0, 0, 0))) != 0:
        raise _fault()


def _call(number: int, *values: int) -> None:
    """Make a system call whose success is 0; a positive answer names a thread that could not be shut off."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(ctypes.c_long(number), *map(ctypes.c_ulong, values)) != 0:
        raise _fault()


def _fault() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))
