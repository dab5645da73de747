"""The system calls that a Python program without network, processes and devices needs, with their numbers.

From Linux's own tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (aarch64).
"""

import platform

_X86_64 = """
    access:21 alarm:37 arch_prctl:158 brk:12 capget:125 chdir:80 clock_getres:229 clock_gettime:228
    clock_nanosleep:230 clone:56 close:3 copy_file_range:326 creat:85 dup:32 dup2:33 dup3:292 epoll_create:213
    epoll_create1:291 epoll_ctl:233 epoll_pwait:281 epoll_pwait2:441 epoll_wait:232 eventfd:284 eventfd2:290
    exit:60 exit_group:231 faccessat:269 faccessat2:439 fadvise64:221 fallocate:285 fchdir:81 fcntl:72
    fdatasync:75 flock:73 fstat:5 fstatfs:138 fsync:74 ftruncate:77 futex:202 get_robust_list:274 getcpu:309
    getcwd:79 getdents:78 getdents64:217 getegid:108 geteuid:107 getgid:104 getgroups:115 getitimer:36
    getpeername:52 getpgid:121 getpgrp:111 getpid:39 getppid:110 getpriority:140 getrandom:318 getresgid:120
    getresuid:118 getrlimit:97 getrusage:98 getsid:124 getsockname:51 getsockopt:55 gettid:186 gettimeofday:96
    getuid:102 ioctl:16 kill:62 link:86 linkat:265 lseek:8 lstat:6 madvise:28 membarrier:324 mincore:27 mkdir:83
    mkdirat:258 mmap:9 mprotect:10 mremap:25 msync:26 munmap:11 nanosleep:35 newfstatat:262 open:2 openat:257
    pause:34 pipe:22 pipe2:293 poll:7 ppoll:271 prctl:157 pread64:17 preadv:295 prlimit64:302 pselect6:270
    pwrite64:18 pwritev:296 read:0 readlink:89 readlinkat:267 readv:19 recvfrom:45 recvmsg:47 rename:82
    renameat:264 renameat2:316 restart_syscall:219 rmdir:84 rseq:334 rt_sigaction:13 rt_sigpending:127
    rt_sigprocmask:14 rt_sigreturn:15 rt_sigsuspend:130 rt_sigtimedwait:128 sched_getaffinity:204
    sched_getparam:143 sched_getscheduler:145 sched_yield:24 select:23 sendfile:40 sendmsg:46 sendto:44
    set_robust_list:273 set_tid_address:218 setitimer:38 setrlimit:160 setsockopt:54 shutdown:48 sigaltstack:131
    signalfd4:289 socketpair:53 stat:4 statfs:137 statx:332 symlink:88 symlinkat:266 sysinfo:99 tgkill:234
    time:201 timerfd_create:283 timerfd_gettime:287 timerfd_settime:286 times:100 tkill:200 truncate:76 umask:95
    uname:63 unlink:87 unlinkat:263 wait4:61 waitid:247 write:1 writev:20
"""

_AARCH64 = """
    brk:214 capget:90 chdir:49 clock_getres:114 clock_gettime:113 clock_nanosleep:115 clone:220 close:57
    copy_file_range:285 dup:23 dup3:24 epoll_create1:20 epoll_ctl:21 epoll_pwait:22 epoll_pwait2:441 eventfd2:19
    exit:93 exit_group:94 faccessat:48 faccessat2:439 fadvise64:223 fallocate:47 fchdir:50 fcntl:25 fdatasync:83
    flock:32 fstat:80 fstatfs:44 fsync:82 ftruncate:46 futex:98 get_robust_list:100 getcpu:168 getcwd:17
    getdents64:61 getegid:177 geteuid:175 getgid:176 getgroups:158 getitimer:102 getpeername:205 getpgid:155
    getpid:172 getppid:173 getpriority:141 getrandom:278 getresgid:150 getresuid:148 getrlimit:163 getrusage:165
    getsid:156 getsockname:204 getsockopt:209 gettid:178 gettimeofday:169 getuid:174 ioctl:29 kill:129 linkat:37
    lseek:62 madvise:233 membarrier:283 mincore:232 mkdirat:34 mmap:222 mprotect:226 mremap:216 msync:227
    munmap:215 nanosleep:101 newfstatat:79 openat:56 pipe2:59 ppoll:73 prctl:167 pread64:67 preadv:69
    prlimit64:261 pselect6:72 pwrite64:68 pwritev:70 read:63 readlinkat:78 readv:65 recvfrom:207 recvmsg:212
    renameat:38 renameat2:276 restart_syscall:128 rseq:293 rt_sigaction:134 rt_sigpending:136 rt_sigprocmask:135
    rt_sigreturn:139 rt_sigsuspend:133 rt_sigtimedwait:137 sched_getaffinity:123 sched_getparam:121
    sched_getscheduler:120 sched_yield:124 sendfile:71 sendmsg:211 sendto:206 set_robust_list:99
    set_tid_address:96 setitimer:103 setrlimit:164 setsockopt:208 shutdown:210 sigaltstack:132 signalfd4:74
    socketpair:199 statfs:43 statx:291 symlinkat:36 sysinfo:179 tgkill:131 timerfd_create:85 timerfd_gettime:87
    timerfd_settime:86 times:153 tkill:130 truncate:45 umask:166 uname:160 unlinkat:35 wait4:260 waitid:95
    write:64 writev:66
"""

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of include/uapi/linux/audit.h."""
_OTHERS = {"x86_64": {"seccomp": 317, "capset": 126}, "aarch64": {"seccomp": 277, "capset": 91}}
"""What the sandbox itself calls before the filter stands."""

CLONE3 = 435
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
"""Numbers since Linux 5 are the same everywhere."""


def machine() -> str:
    """This machine's architecture, as Linux calls it."""
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())


def known() -> bool:
    """Whether the tables hold this architecture."""
    return machine() in _AUDIT_ARCH


def audit_arch() -> int:
    """What the kernel calls this architecture in a filter's data."""
    return _AUDIT_ARCH[machine()]


def number(name: str) -> int:
    """The number of one of the calls that the sandbox itself makes."""
    return _OTHERS[machine()][name]


def allowed() -> dict[str, int]:
    """Name and number of every call a program may make."""
    table = _X86_64 if machine() == "x86_64" else _AARCH64
    return {name: int(number) for name, _, number in (pair.partition(":") for pair in table.split())}
