# Sockets of all kinds, and what is done with them in maps of the kernel and of iterfs. PATHS is two pins with a comma between them; each
# step's answer has the kernel's result and ours. Runs behind the beginning of netns.ts and bpf_maps.py.
INET, INET6, UNIX, STREAM, DGRAM = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM
def udp(family=INET, host='127.0.0.1'):
    s = socket.socket(family, DGRAM)
    s.bind((host, 0))
    return s
def listener(family=INET, host='127.0.0.1'):
    return socket.create_server((host, 0), family=family, backlog=100)
servers = [listener(), listener(INET6, '::1')]
S = {}
S['listener'], S['listener6'] = listener(), listener(INET6, '::1')
S['client'] = socket.create_connection(servers[0].getsockname())
S['server'] = servers[0].accept()[0]
S['client6'] = socket.create_connection(servers[1].getsockname()[:2])
S['server6'] = servers[1].accept()[0]
S['tcp that is new'] = socket.socket()
S['tcp that is bound'] = socket.socket()
S['tcp that is bound'].bind(('127.0.0.1', 0))
S['tcp in CLOSE_WAIT'] = socket.create_connection(servers[0].getsockname())
S['tcp in FIN_WAIT2'] = servers[0].accept()[0]
S['tcp in FIN_WAIT2'].shutdown(socket.SHUT_WR)
time.sleep(0.1)
S['udp that is new'], S['udp'], S['udp6'] = socket.socket(INET, DGRAM), udp(), udp(INET6, '::1')
S['udp connected'] = udp()
S['udp connected'].connect(('127.0.0.1', 9))
S['unix pair'], S['its other end'] = socket.socketpair()
S['unix dgram'] = socket.socket(UNIX, DGRAM)
S['unix dgram pair'], S['its other end too'] = socket.socketpair(UNIX, DGRAM)
S['unix seqpacket'], S['its other end as well'] = socket.socketpair(UNIX, socket.SOCK_SEQPACKET)
S['unix listener'] = socket.socket(UNIX)
S['unix listener'].bind('\0iterfs-sockmap-test')
S['unix listener'].listen()
S['unix that is new'] = socket.socket(UNIX)
S['netlink'] = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
S['raw'] = socket.socket(INET, socket.SOCK_RAW, 1)
S['packet'] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
S['udplite'] = socket.socket(INET, DGRAM, 136)
S['mptcp'] = socket.socket(INET, STREAM, 262)
pipe = os.pipe()
fds = {name: s.fileno() for name, s in S.items()}
fds.update({'pipe': pipe[0], 'a file': os.open('/proc/self/status', os.O_RDONLY), 'not open': 999, 'the largest': 2**31 - 1,
            'too large': 2**31, 'minus 1': 2**32 - 1})

def both(paths):
    kernel, ours = paths.split(',')
    return KernelMap(kernel), OurMap(ours)
def compare(paths, steps):
    maps = both(paths)
    return [[label] + [name(step(m)) for m in maps] for label, step in steps(maps[0])]

def slots(m):
    value = u32 if m.value_size == 4 else u64
    key = lambda n: u32(n).ljust(m.key_size, b'\x01')
    for label, fd in fds.items():
        yield label + ': update', lambda m: m.update(key(1), value(fd))
        yield label + ': lookup', lambda m: m.lookup(key(1))
        yield label + ': delete', lambda m: m.delete(key(1))
        yield label + ': delete again', lambda m: m.delete(key(1))
    fd = fds['client']
    for flags in (2, 1, 1, 2, 3, 4, 8, 0):
        yield 'flags %d' % flags, lambda m: m.update(key(1), value(fd), flags)
    yield 'no socket, wrong flags', lambda m: m.update(key(1), value(999), 9)
    yield 'no socket, wrong key', lambda m: m.update(key(99), value(999))
    yield 'wrong key, wrong flags', lambda m: m.update(key(99), value(fd), 9)
    for n in (4, 99):
        yield 'key %d: update' % n, lambda m: m.update(key(n), value(fd))
        yield 'key %d: lookup' % n, lambda m: m.lookup(key(n))
        yield 'key %d: delete' % n, lambda m: m.delete(key(n))
    for n in range(6):
        yield 'fill %d' % n, lambda m: m.update(key(n), value(fds['udp']))
    for n in (0, 1, 2, 3, 4, 99):
        yield 'behind %d' % n, lambda m: m.next(key(n))
    yield 'first', lambda m: m.next(None)
    for n in range(6):
        yield 'empty %d' % n, lambda m: m.delete(key(n))

def storage(m):
    for label, fd in fds.items():
        for what, step in (('lookup', lambda m: m.lookup(u32(fd))), ('update', lambda m: m.update(u32(fd), u64(fd))),
                           ('lookup again', lambda m: m.lookup(u32(fd))), ('delete', lambda m: m.delete(u32(fd))),
                           ('delete again', lambda m: m.delete(u32(fd)))):
            yield label + ': ' + what, step
    for flags in (2, 1, 1, 2, 0, 3, 4, 5, 8):
        yield 'flags %d' % flags, lambda m: m.update(u32(fds['udp']), u64(5), flags)
    yield 'no socket, wrong flags', lambda m: m.update(u32(999), u64(5), 9)
    yield 'next', lambda m: m.next(None)
    yield 'delete', lambda m: m.delete(u32(fds['udp']))

child = os.fork()
if child == 0:
    libc.prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    os.execvp('sleep', ['sleep', '1000'])
dead = os.fork()
if dead == 0:
    os._exit(0)
dead_fd = os.pidfd_open(dead)
os.waitpid(dead, 0)
V1 = next((l.split()[1] for l in open('/proc/mounts') if l.split()[2] == 'cgroup'), '/')
V2 = next(l.split()[1] for l in open('/proc/mounts') if l.split()[2] == 'cgroup2')
others = {'pidfd of itself': os.pidfd_open(os.getpid()), 'pidfd of another': os.pidfd_open(child), 'pidfd of one that is gone': dead_fd,
          'a folder of /proc': os.open('/proc/self', os.O_RDONLY), 'cgroup': os.open(V2, os.O_RDONLY), 'cgroup by O_PATH': os.open(V2, os.O_PATH),
          'cgroup of v1': os.open(V1, os.O_RDONLY), 'a file of a cgroup': os.open(V2 + '/cgroup.procs', os.O_RDONLY),
          'a folder': os.open('/', os.O_RDONLY), 'a socket': fds['udp'], 'pipe': pipe[0], 'not open': 999, 'minus 1': 2**32 - 1}
def owners(m):
    for label, fd in others.items():
        for what, step in (('update', lambda m: m.update(u32(fd), u64(5))), ('lookup', lambda m: m.lookup(u32(fd))),
                           ('delete', lambda m: m.delete(u32(fd))), ('delete again', lambda m: m.delete(u32(fd)))):
            yield label + ': ' + what, step

many = []
def make(count):
    """Sockets of which a map takes all."""
    while len(many) < int(count):
        kind = len(many) % 4
        many.append(udp() if kind == 0 else udp(INET6, '::1') if kind == 1 else listener() if kind == 2 else socket.create_connection(servers[0].getsockname()))
    return len(many)
def fill(paths, entries, key_size):
    """Every few slots a socket; returns how many updates differ."""
    maps, step, wrong = both(paths), int(entries) // len(many), 0
    for i, s in enumerate(many):
        results = [m.update(u32(i * step).ljust(int(key_size), b'k'), (u32 if m.value_size == 4 else u64)(s.fileno())) for m in maps]
        wrong += results != [0, 0]
    return wrong
def store(paths, count):
    maps, wrong = both(paths), 0
    for i, s in enumerate(many[:int(count)]):
        wrong += [m.update(u32(s.fileno()), u64(i * 0x101)) for m in maps] != [0, 0]
    return wrong
def close(count):
    for s in many[:int(count)]:
        s.close()
    del many[:int(count)]
    time.sleep(0.1)
    return len(many)
def lives(paths):
    """What happens to a slot while its socket lives."""
    maps, steps = both(paths), []
    def see(label, key):
        steps.append([label] + [name(m.lookup(u32(key))) for m in maps])
    def put(key, s):
        assert [m.update(u32(key), u64(s.fileno())) for m in maps] == [0, 0]
    server = listener()
    client = socket.create_connection(server.getsockname())
    peer = server.accept()[0]
    put(0, client)
    see('put in', 0)
    peer.shutdown(socket.SHUT_WR)
    see('the peer sends no more', 0)
    peer.close()
    see('the peer is closed', 0)
    copy = client.dup()
    client.close()
    see('closed, but for a copy of the descriptor', 0)
    copy.close()
    time.sleep(0.1)
    see('closed', 0)
    client = socket.create_connection(server.getsockname())
    peer = server.accept()[0]
    put(1, peer)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()
    time.sleep(0.1)
    see('reset', 1)
    peer.close()
    see('reset and closed', 1)
    put(2, server)
    server.shutdown(socket.SHUT_RDWR)
    see('a listener that listens no more', 2)
    u = udp()
    put(3, u)
    u.connect(('127.0.0.1', 9))
    see('udp connected', 3)
    u.close()
    see('udp closed', 3)
    a, b = socket.socketpair()
    put(0, a)
    b.close()
    see('unix, the other end closed', 0)
    fd = a.fileno()
    a.close()
    again = socket.socket()
    assert again.fileno() == fd
    see('the descriptor is another socket', 0)
    return steps
serve({'slots': lambda p: compare(p, slots), 'storage': lambda p: compare(p, storage), 'owners': lambda p: compare(p, owners),
       'make': make, 'fill': fill, 'store': store, 'close': close, 'lives': lives})
