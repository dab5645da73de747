"""Programs that nobody should run, and how each must end."""

from typing import NamedTuple


class Hostile(NamedTuple):
    """A program; how it ends (one of these words), and a part of the reason."""

    code: str
    ended: str
    said: str = ""
    tests: str = ""
    """Tests that use what it forges, and that a right answer passes; the usual ones (`TESTS`) where empty."""


NOT_PERMITTED = "PermissionError"
REACHED = "AssertionError: the tests ran"
"""What the tests after each program say: whoever gets so far did no harm, and did not pass."""
TESTS = 'assert False, "the tests ran"'

WRITERS = {"a file without end", "many files", "open files", "deep folders"}
"""Of the programs that use too much, those that need a folder to write in."""
RESOURCES = {
    "endless loop": Hostile("while True: pass", "timeout"),
    "endless sleep": Hostile("import time\ntime.sleep(1000)", "timeout", "still running after 1 s"),
    "loop that swallows everything": Hostile(
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout"
    ),
    "loop that blocks every signal": Hostile(
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass", "timeout"
    ),
    "threads without end": Hostile(
        "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(8): threading.Thread(target=spin).start()\nspin()",
        "timeout",
    ),
    "memory bomb of small objects": Hostile("held = []\nwhile True: held.append([])", "memory", "MemoryError"),
    "memory bomb of texts": Hostile("held = []\nwhile True: held.append('a' * 1_000_000)", "memory", "MemoryError"),
    "huge allocation by C code": Hostile("bytearray(10**13)", "memory", "MemoryError"),
    "memory held when the tests begin": Hostile(
        "held = []\ntry:\n    while True: held.append('a' * 100_000)\nexcept MemoryError: pass", "raised"
    ),
    "deep recursion": Hostile("def f(): return f()\nf()", "raised", "RecursionError"),
    "output flood": Hostile("while True: print('x' * 100_000)", "exited", "printed more than 64 MB"),
    "a file without end": Hostile(
        "with open('big', 'wb') as f:\n    while True: f.write(bytes(1 << 20))", "raised", "OSError"
    ),
    "many files": Hostile(
        "for n in range(100_000):\n    with open(str(n), 'wb') as f: f.write(bytes(1 << 16))", "raised", "OSError"
    ),
    "open files": Hostile("held = [open('x', 'w') for _ in range(1000)]", "raised", "Too many open files"),
    "deep folders": Hostile("import os\nfor _ in range(900):\n    os.mkdir('d'); os.chdir('d')", "raised", REACHED),
    "parentheses": Hostile("(" * 100_000 + ")" * 100_000, "raised", "SyntaxError"),
    "a number with too many digits": Hostile("int('9' * 10_000)", "raised", "ValueError"),
}

PROCESSES = {
    "fork": Hostile("import os\nos.fork()", "raised", NOT_PERMITTED),
    "fork bomb": Hostile("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "timeout"),
    "another program": Hostile("import subprocess\nsubprocess.run(['true'])", "raised", NOT_PERMITTED),
    "another program in its place": Hostile("import os\nos.execv('/bin/true', ['true'])", "raised", NOT_PERMITTED),
    "multiprocessing": Hostile(
        "import multiprocessing\nmultiprocessing.Process(target=print).start()", "raised", NOT_PERMITTED
    ),
    "a signal by way of a pipe": Hostile(
        "import fcntl, os\nr, w = os.pipe()\nfcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())", "raised", NOT_PERMITTED
    ),
    "a signal of another number": Hostile(
        "import fcntl, os\nr, w = os.pipe()\nfcntl.fcntl(r, 10, 9)", "raised", NOT_PERMITTED
    ),
    "killing everybody": Hostile("import os\nos.kill(-1, 9)", "raised", NOT_PERMITTED),
    "killing the parent": Hostile("import os\nos.kill(os.getppid(), 9)", "raised", ""),
    "killing itself": Hostile("import os\nos.kill(os.getpid(), 9)", "crashed", "SIGKILL"),
    "a session of its own": Hostile("import os\nos.setsid()", "raised", NOT_PERMITTED),
    "more than it was given": Hostile(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "raised", "ValueError"
    ),
}

FILES = {
    "reads the users": Hostile("open('/etc/passwd').read()", "raised", NOT_PERMITTED),
    "lists the root": Hostile("import os\nos.listdir('/')", "raised", NOT_PERMITTED),
    "reads its own memory": Hostile("open('/proc/self/mem', 'rb')", "raised", NOT_PERMITTED),
    "reads the environment": Hostile("open('/proc/self/environ').read()", "raised", NOT_PERMITTED),
    "writes elsewhere": Hostile("open('/tmp/smoltalk-was-here', 'w')", "raised", NOT_PERMITTED),
    "removes elsewhere": Hostile("import os\nos.rmdir('/tmp')", "raised", ""),
    "changes rights": Hostile("import os\nos.chmod('/tmp', 0)", "raised", NOT_PERMITTED),
    "mounts": Hostile("import os\nos.symlink('/etc', 'etc')\nopen('etc/passwd')", "raised", NOT_PERMITTED),
    "a device": Hostile(
        "import os, stat\nos.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0))", "raised", NOT_PERMITTED
    ),
}

NETWORK = {
    "calls out": Hostile("import socket\nsocket.create_connection(('192.0.2.1', 80), 1)", "raised", NOT_PERMITTED),
    "by its own hand": Hostile(
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)", "raised", NOT_PERMITTED
    ),
    "a local socket": Hostile("import socket\nsocket.socket(socket.AF_UNIX)", "raised", NOT_PERMITTED),
    "urllib": Hostile("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/')", "raised", "URLError"),
}

FORGERIES = {
    "prints": Hostile("print('all passed')", "raised", REACHED),
    "leaves": Hostile("import sys\nsys.exit(0)", "exited", "left early: sys.exit(0) (line 2 of the answer)"),
    "leaves at once": Hostile("import os\nos._exit(0)", "exited", "left early: os._exit(0)"),
    "quits": Hostile("quit()", "raised", "NameError"),
    "at exit": Hostile("import atexit, os\natexit.register(os._exit, 0)", "raised", REACHED),
    "an error that leaves": Hostile(
        "import os\nclass E(Exception):\n    def __str__(self): os._exit(0)\nraise E", "exited", "os._exit(0)"
    ),
    "closes its files": Hostile("import os\nos.closerange(0, 4096)", "exited crashed"),
    "writes into every file": Hostile(
        "import os\nfor n in range(4096):\n    try: os.write(n, bytes(16) + b'done' * 9)\n    except OSError: pass",
        "raised",
        REACHED,
    ),
    "floods every file": Hostile(
        "import os\nwhile True:\n    try: os.write(3, bytes(1 << 16))\n    except OSError: pass",
        "exited",
        "wrote into files that are not its own",
    ),
    "patches builtins": Hostile(
        "import builtins\nbuiltins.AssertionError = builtins.BaseException = builtins.exec = builtins.compile = print\n"
        "builtins.len = builtins.map = builtins.type = builtins.__import__ = None",
        "raised",
        REACHED,
    ),
    "patches modules": Hostile(
        "import os, json, struct, sys, io\nos.write = os._exit = os.read = lambda *a: 0\n"
        'json.dumps = json.loads = lambda *a, **k: \'{"ended": "done"}\'\nstruct.Struct.pack = None if False else 1\n'
        "sys.modules.clear()",
        "raised",
        "TypeError",
    ),
    "patches unittest": Hostile(
        "import unittest\nunittest.TestCase.run = lambda *a: None\nunittest.TestCase.fail = lambda *a: None",
        "raised",
        REACHED,
    ),
    "looks for the token in the frames": Hostile(
        "import sys\nframe, values = sys._getframe(), []\nwhile frame:\n"
        "    values += [*frame.f_locals.values(), *frame.f_globals.values()]\n    frame = frame.f_back\n"
        "values += [one for v in values if type(v) in (list, tuple) and v is not values for one in v]\n"
        "found = [v for v in values if type(v) is bytes and len(v) >= 16 and v[0]]\n"
        "assert not found, found",
        "raised",
        REACHED,
    ),
    "drains what it finds in the frames": Hostile(
        "import sys\nframe = sys._getframe()\nwhile frame:\n    for v in list(frame.f_locals.values()):\n"
        "        if hasattr(v, '__next__'): list(v)\n    frame = frame.f_back",
        "raised",
        REACHED,
    ),
    "changes the frames below": Hostile(
        "import sys\nframe = sys._getframe().f_back\nwhile frame:\n    for name in list(frame.f_locals):\n"
        "        frame.f_locals[name] = None\n    for name, v in list(frame.f_globals.items()):\n"
        "        if callable(v): frame.f_globals[name] = lambda *a: ('done', '', '')\n    frame = frame.f_back",
        "raised exited",
        "",
    ),
    "jumps over the tests": Hostile(
        "import sys\nframe = sys._getframe().f_back\n"
        "def trace(*a): return trace\nframe.f_trace = trace\nsys.settrace(trace)",
        "raised",
        "is refused in the sandbox",
    ),
    "frames of every thread": Hostile("import sys\nsys._current_frames()", "raised", "is refused in the sandbox"),
    "every object": Hostile("import gc\ngc.get_objects()", "raised", "is refused in the sandbox"),
    "who refers to it": Hostile("import gc\ngc.get_referrers(globals())", "raised", "is refused in the sandbox"),
    "traces": Hostile("import sys\nsys.settrace(print)", "raised", "is refused in the sandbox"),
    "raw memory": Hostile("import ctypes\nctypes.string_at(0)", "raised", "is refused in the sandbox"),
    "raw memory by another name": Hostile(
        "import importlib.util as u, importlib.machinery as m, sys\n"
        "found = [p for p in sys.path if 'dynload' in p][0]\nimport os\n"
        "file = [n for n in os.listdir(found) if n.startswith('_ctypes.')][0]\n"
        "loader = m.ExtensionFileLoader('x._ctypes', found + '/' + file)\n"
        "u.module_from_spec(u.spec_from_loader('x._ctypes', loader))",
        "raised",
        "is refused in the sandbox",
    ),
    "its own audit hook": Hostile(
        "import sys\nseen = []\nsys.addaudithook(lambda *a: seen.append(a))\nopen('/dev/null')\nassert not seen",
        "raised",
        REACHED,
    ),
    "handles signals": Hostile(
        "import signal\nfor number in signal.valid_signals() - {9, 19}:\n"
        "    signal.signal(number, signal.SIG_IGN)\nwhile True: pass",
        "timeout",
    ),
    "a signal in the midst": Hostile(
        "import signal, sys\nfound = []\ndef look(number, frame):\n    while frame:\n"
        "        found.extend(v for v in frame.f_locals.values() if type(v) is bytes)\n        frame = frame.f_back\n"
        "signal.signal(signal.SIGALRM, look)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
        "for _ in range(10): signal.pause()\nassert not [v for v in found if len(v) >= 16 and v[0]], found",
        "raised",
        REACHED,
    ),
    "stays behind in a thread": Hostile(
        "import threading, os\ndef write():\n    while True:\n        try: os.write(3, b'done')\n"
        "        except OSError: pass\n"
        "threading.Thread(target=write, daemon=True).start()",
        "raised",
        "",
    ),
}

_CASE = "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(add(1, 2), 3)\n"
_ADD = "assert add(1, 2) == 3"
_NONE = "def nothing(*a, **k): return iter(())\n"
_WRONG = "\ndef add(a, b): return 0"


def _forged(code: str, tests: str, said: str = "AssertionError") -> Hostile:
    return Hostile(code + _WRONG, "raised", said, tests)


OUTWITS = {
    "stops the iteration": Hostile("def add(a, b): raise StopIteration", "raised", "StopIteration came out", _ADD),
    "a bare next": Hostile("def add(a, b): return next(x for x in [])", "raised", "StopIteration came out", _ADD),
    "stops before its tests": Hostile("raise StopIteration", "raised", "StopIteration came out", _ADD),
    "empties what puts back": _forged(
        f"import sys, unittest\n{_NONE}frame = sys._getframe()\nwhile frame:\n"
        "    for f in list(frame.f_locals.values()):\n"
        "        for cell in getattr(f, '__closure__', None) or ():\n"
        "            if type(cell.cell_contents) is tuple: cell.cell_contents = ()\n    frame = frame.f_back\n"
        "unittest.TestCase.assertEqual = nothing",
        _CASE,
    ),
    "adds a method": _forged(f"import unittest\n{_NONE}unittest.TestSuite.__iter__ = nothing", _CASE),
    "changes a class below": _forged(f"import unittest\n{_NONE}unittest.suite.BaseTestSuite.__iter__ = nothing", _CASE),
    "changes the loader": _forged(
        f"import unittest\n{_NONE}unittest.defaultTestLoader.getTestCaseNames = nothing", _CASE
    ),
    "changes a method": _forged(f"import unittest\n{_NONE}unittest.TestCase.assertEqual = nothing", _CASE),
    "changes the class of loaders": _forged(
        f"import unittest\n{_NONE}unittest.TestLoader.getTestCaseNames = nothing", _CASE
    ),
    "replaces code": _forged(
        f"import unittest\n{_NONE}unittest.TestCase.assertEqual.__code__ = nothing.__code__", _CASE, "is refused"
    ),
    "changes defaults": _forged(
        "import unittest\nunittest.TestCase.assertAlmostEqual.__defaults__ = (-9, None, None)",
        _CASE.replace("assertEqual", "assertAlmostEqual"),
    ),
    "changes a module": _forged(
        "import math\ndef yes(*a): return True\nmath.isclose = yes", "import math\nassert math.isclose(add(1, 2), 3)"
    ),
    "changes a module that is not loaded yet": _forged(
        "import colorsys\ncolorsys.rgb_to_hsv = lambda *a: (0, 0, 3)",
        "import colorsys\nassert colorsys.rgb_to_hsv(add(1, 2), 0, 0)[2] == 3",
    ),
    "brings a module": _forged(
        "import sys, types\nsys.modules['pytest'] = m = types.ModuleType('pytest')\nm.approx = lambda x: 0",
        "import pytest\nassert add(1, 2) == pytest.approx(3)",
        "No module named 'pytest'",
    ),
    "finds a module": _forged(
        "import sys, types, importlib.machinery as m\nclass Finder:\n"
        "    def find_spec(*a): return m.ModuleSpec('pytest', Finder())\n"
        "    def create_module(*a): return types.SimpleNamespace(approx=lambda x: 0)\n"
        "    def exec_module(*a): pass\nsys.meta_path.insert(0, Finder())",
        "import pytest\nassert add(1, 2) == pytest.approx(3)",
        "No module named 'pytest'",
    ),
    "is called as a builtin": _forged("def abs(x): return 0", "assert abs(add(1, 2) - 3) < 1e-9"),
    "imports in its own way": _forged("def __import__(*a): return 0", _CASE),
    "skips its test": Hostile("import unittest\ndef add(a, b): raise unittest.SkipTest", "raised", "SkipTest", _CASE),
    "reads memory": Hostile(
        "def below(c, seen):\n    for k in type.__subclasses__(c):\n        if k not in seen:\n"
        "            seen.add(k); below(k, seen)\n    return seen\n"
        "found = [k for k in below(object, set()) if 'ctypes' in k.__module__]\nassert not found, found" + _WRONG,
        "raised",
        "AssertionError (line 1 of the tests",
        _ADD,
    ),
    "loads what reads memory past the import": Hostile(
        "import _imp, importlib.machinery as m, importlib.util as u, os, sys\n"
        "found = [p for p in sys.path if 'dynload' in p][0]\n"
        "file = found + '/' + [n for n in os.listdir(found) if n.startswith('_ctypes.')][0]\n"
        "module = _imp.create_dynamic(u.spec_from_loader('_ctypes', m.ExtensionFileLoader('_ctypes', file)))\n"
        "assert not hasattr(module, '_SimpleCData'), 'memory'" + _WRONG,
        "raised",
        "",
        _ADD,
    ),
}
"""Each is wrong, and changes what its own tests rest on."""
RIGHT = "def add(a, b): return a + b"
