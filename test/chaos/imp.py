# Does mischief on a lab host at once, where starting a program would take longer than what it is to hit: one command a line on stdin,
# and where nothing else is said one line of answer, "WORD done" or "WORD missed".
#   kill criu|hook DELAY_MS LIMIT_MS   waits for such a process and kills it after the delay; answered as "criu" or "hook"
#   hold / release                     the daemon stands still in a frozen cgroup of its own
#   thaw NAME                          thaws the container's frozen cgroup
#   watch NAME ADDRESS (no answer) / unwatch   notes when the container's copies on this host ran, as "beat TIME" (nanoseconds)
import os
import select
import sys
import time

CGROUPS = '/sys/fs/cgroup'


def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError:
        return b''


def write(path, text):
    # What it is about may end at any time.
    try:
        with open(path, 'w') as file:
            file.write(text)
        return True
    except OSError:
        return False


def processes():
    return [name for name in os.listdir('/proc') if name.isdigit()]


def comm(pid):
    return read('/proc/%s/comm' % pid).strip()


def criu():
    # The oldest: CRIU restores with children of its own name.
    for pid in sorted(processes(), key=int):
        if comm(pid) == b'criu':
            words = read('/proc/%s/cmdline' % pid).split(b'\0')
            if any(word in words for word in (b'swrk', b'dump', b'restore')):
                return int(pid)
    return None


def hook():
    for pid in processes():
        name = comm(pid)
        if name != b'criu' and b'CRTOOLS_SCRIPT_ACTION=pre-resume' in read('/proc/%s/environ' % pid):
            if name != b'sh' or b'-c' not in read('/proc/%s/cmdline' % pid).split(b'\0'):
                return int(pid)
    return None


def say(text):
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


class Imp:
    def __init__(self):
        self.hunts = []
        self.watched = None
        self.address = 0
        self.seen = {}
        self.found = []
        self.looked = 0.0

    def kill(self, kind, delay, limit):
        self.hunts.append((kind, float(delay) / 1000, time.monotonic() + float(limit) / 1000))

    def hunt(self, kind, delay, limit):
        pid = criu() if kind == 'criu' else hook()
        if pid is None:
            if time.monotonic() < limit:
                return True
            say('%s missed' % kind)
            return False
        time.sleep(delay)
        try:
            os.kill(pid, 9)
            say('%s done' % kind)
        except OSError:
            say('%s missed' % kind)
        return False

    def hold(self):
        # Frozen first: what is in there can start nothing that would be held too.
        folder = CGROUPS + '/held'
        os.makedirs(folder, exist_ok=True)
        write(folder + '/cgroup.freeze', '1')
        held = False
        for pid in processes():
            words = read('/proc/%s/cmdline' % pid).split(b'\0')
            if b'daemon' in words and any(word.endswith(b'main.js') for word in words):
                held = write(folder + '/cgroup.procs', pid) or held
        say('hold done' if held else 'hold missed')

    def release(self):
        folder = CGROUPS + '/held'
        for pid in read(folder + '/cgroup.procs').decode().split():
            write(CGROUPS + '/cgroup.procs', pid)
        write(folder + '/cgroup.freeze', '0')
        try:
            os.rmdir(folder)
        except OSError:
            pass
        say('release done')

    def thaw(self, name):
        thawed = False
        for folder in (name, 'lxc.payload.' + name):
            path = '%s/%s/cgroup.freeze' % (CGROUPS, folder)
            if read(path).strip() == b'1':
                thawed = write(path, '0') or thawed
        say('thaw done' if thawed else 'thaw missed')

    def watch(self, name, address):
        self.watched = name.encode()
        self.address = int(address)
        self.seen = {}

    def unwatch(self):
        self.watched = None
        say('unwatch done')

    def look(self):
        # Which processes there are changes seldom and is looked up less often than whether they ran.
        if time.monotonic() - self.looked > 0.03:
            self.looked = time.monotonic()
            self.found = [
                pid
                for pid in processes()
                if comm(pid) == b'ledger' and self.watched in read('/proc/%s/cgroup' % pid)
            ]
        for pid in self.found:
            try:
                memory = os.open('/proc/%s/mem' % pid, os.O_RDONLY)
            except OSError:
                continue
            try:
                beat = int.from_bytes(os.pread(memory, 8, self.address), 'little')
            except OSError:
                continue
            finally:
                os.close(memory)
            if beat != 0 and self.seen.get(pid) != beat:
                self.seen[pid] = beat
                say('beat %d' % beat)

    def run(self):
        rest = b''
        while True:
            wait = 0.001 if self.hunts else 0.005 if self.watched else None
            if select.select([0], [], [], wait)[0]:
                data = os.read(0, 4096)
                if not data:
                    return
                rest += data
                *lines, rest = rest.split(b'\n')
                for line in lines:
                    name, *words = line.decode().split()
                    getattr(self, name)(*words)
            self.hunts = [hunt for hunt in self.hunts if self.hunt(*hunt)]
            if self.watched:
                self.look()


Imp().run()
