# Runs the bpffs rules: python3 posix.py DIR PIN_COMMAND... < rules.json > observations.json
# Each rule is a snippet that sets `r`. It runs as root in a fresh folder of the mount; user(f) runs f as an ordinary user.
import array, ctypes, errno, fcntl, json, mmap, os, select, shutil, socket, stat, subprocess, sys, termios

libc = ctypes.CDLL(None, use_errno=True)
TOP, PIN = sys.argv[1], sys.argv[2:]
UID = 64321


def name(number):
    return errno.errorcode.get(number, str(number)).replace('ENOTSUP', 'EOPNOTSUPP').replace('EOPNOTSUPPP', 'EOPNOTSUPP')


def E(f, *args, **named):
    """What a call does: 'ok', its value, or the name of its errno."""
    try:
        value = f(*args, **named)
    except OSError as e:
        return name(e.errno)
    if isinstance(value, int) and f in (os.open,):
        os.close(value)
        return 'ok'
    if isinstance(value, bytes):
        return value.decode('latin1')
    return 'ok' if value is None else value


def C(function, *args):
    """A call of libc, as E."""
    value = getattr(libc, function)(*args)
    return name(ctypes.get_errno()) if value < 0 else value


def user(f, uid=UID, groups=()):
    """f's value, from a process without privileges."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(list(groups))
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.umask(0o022)
            os.write(into, json.dumps(f()).encode())
        except BaseException as e:
            os.write(into, json.dumps('failed: %r' % e).encode())
        os._exit(0)
    os.close(into)
    text = b''
    while True:
        part = os.read(out, 65536)
        if not part:
            break
        text += part
    os.close(out)
    os.waitpid(child, 0)
    return json.loads(text)


def pin(path, mode=0o600):
    done = subprocess.run(PIN + [os.path.join(os.getcwd(), path)], capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    if mode != 0o600:
        os.chmod(path, mode)
    return path


def opened(path, flags=os.O_RDONLY):
    fd = os.open(path, flags)
    return fd


def text(path):
    with open(path, 'rb', buffering=0) as f:
        return f.readall()


def mode(path):
    return oct(os.lstat(path).st_mode)


def entries(path='.'):
    """[name, d_off] in order, by getdents64."""
    fd = os.open(path, os.O_RDONLY)
    buffer, found = ctypes.create_string_buffer(65536), []
    while True:
        n = libc.syscall(217 if os.uname().machine == 'x86_64' else 61, fd, buffer, 65536)
        if n <= 0:
            break
        at = 0
        while at < n:
            off = int.from_bytes(buffer.raw[at + 8:at + 16], 'little')
            size = int.from_bytes(buffer.raw[at + 16:at + 18], 'little')
            kind = buffer.raw[at + 18]
            label = buffer.raw[at + 19:at + size].split(b'\0')[0].decode('latin1')
            found.append([label, off, kind])
            at += size
    os.close(fd)
    return found


def names(path='.'):
    return [label for label, _, _ in entries(path)][2:]


def changed(path, act):
    """Which of the times of path a call moves."""
    before = os.lstat(path)
    import time
    time.sleep(0.03)
    act()
    after = os.lstat(path)
    return [field for field in ('st_atime_ns', 'st_mtime_ns', 'st_ctime_ns') if getattr(before, field) != getattr(after, field)]


def run(index, snippet):
    folder = os.path.join(TOP, 'r%d' % index)
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    os.chdir(folder)
    os.umask(0o022)
    scope = dict(globals())
    try:
        exec(snippet, scope)
        return scope.get('r')
    except BaseException as e:
        return 'failed: %r' % e
    finally:
        os.umask(0o022)
        os.chdir('/')


rules = json.load(sys.stdin)
json.dump({rule: run(i, snippet) for i, (rule, snippet) in enumerate(rules.items())}, sys.stdout)
