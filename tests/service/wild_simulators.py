"""Simulators that behave badly, each a small Python program. What must arrive is in `sums.json`: SHA-256 by name."""

from __future__ import annotations

from typing import Final

_SUMS: Final = """
import hashlib, json, os, sys
sums = {}
def keep(name, data):
    with open(name, 'wb') as file:
        file.write(data)
    sums[os.fsencode(name).decode('utf-8', 'replace')] = hashlib.sha256(data).hexdigest()
def tell():
    json.dump(sums, open('sums.json', 'w'))
"""

MANY_FILES: Final = (
    _SUMS
    + """
for number in range(int(sys.argv[1])):
    folder = f'step-{number // 100:04}'
    os.makedirs(folder, exist_ok=True)
    keep(f'{folder}/{number}.dat', b'%d' % number * 20)
tell()
"""
)
"""Argument: how many."""

LOUD: Final = (
    _SUMS
    + """
line, left, whole = b'', int(sys.argv[1]), hashlib.sha256()
number = 0
while left > 0:
    numbers = range(number, number + 20_000)
    block = b''.join(b'Time = %d  residual = %.3e  continuity error\\n' % (n, 1 / (n + 1)) for n in numbers)
    number += 20_000
    block = block[:left]
    left -= len(block)
    whole.update(block)
    os.write(1, block)
sums['stdout'] = whole.hexdigest()
tell()
"""
)
"""Argument: bytes of log, as fast as it can."""

BINARY: Final = (
    _SUMS
    + """
data = bytes(range(256)) * 4000 + b'\\r\\r\\x1b[31mno end \\xff\\xfe\\x00'
view = memoryview(data)
while view:
    view = view[os.write(1, view):]
os.write(2, b'\\x00\\x01\\x02')
sums['stdout'] = hashlib.sha256(data).hexdigest()
tell()
"""
)

ODD_NAMES: Final = (
    _SUMS
    + r"""
import socket
names = ['new\nline', 'esc\x1b[31mred', 'r\udce9sultat', '-rf', ' spaces ', 'quote"\'', '<b>bold', 'a%2e%2e']
names += ['x' * 255, 'CON.txt']
names += ['Gr\u00f6\u00dfe \u6e29\u5ea6', 'rtl\u202egpj.exe', 'back\\slash', 'a:b', 'tab\tand\rreturn']
for name in names:
    keep(name, os.fsencode(name))
top = os.getcwd()
for depth in range(20):
    os.mkdir('d' * 194)
    os.chdir('d' * 194)
open('deep', 'wb').write(b'deep')
os.chdir(top)
sums['/'.join(['d' * 194] * 20) + '/deep'] = hashlib.sha256(b'deep').hexdigest()
os.mkfifo('pipe')
server = socket.socket(socket.AF_UNIX)
server.bind('socket')
os.symlink('/etc', 'to-etc')
os.symlink('/etc/passwd', 'to-passwd')
os.symlink('../../../..', 'to-above')
os.symlink('loop', 'loop')
os.symlink('nowhere', 'dangling')
os.symlink('-rf', 'inside')
sums['inside'] = sums['-rf']
try:
    os.mknod('device', 0o600 | 0o020000, os.makedev(1, 5))
except OSError:
    pass
tell()
"""
)
"""Names of every kind, a path of 3,900 characters, and things that are no files."""

BREEDING: Final = (
    _SUMS
    + """
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def daemon(bare):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            if bare:
                os.execve('/bin/sleep', ['sleep', '600'], {})
            time.sleep(600)
        os._exit(0)
    os.wait()
children = [subprocess.Popen(['sleep', '600']) for _ in range(20)]
for number in range(6):
    daemon(number % 2)
keep('result', b'whole')
tell()
print('ready', flush=True)
if sys.argv[1] == 'stay':
    time.sleep(600)
"""
)
"""Twenty children, six daemons, half of them without their environment; nobody hears TERM. Argument: `stay` or `go`."""
