// Workloads of internet sockets for test/support/netns.ts: Python that makes them and keeps them.

const COMMON = `
keep = []
def tcp(family=socket.AF_INET, **options):
    s = socket.socket(family, socket.SOCK_STREAM)
    keep.append(s)
    if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, options.get('only', 1))
    if 'buffer' in options:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options['buffer'])
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options['buffer'])
    return s
def listen(address, family=socket.AF_INET, backlog=128, **options):
    s = tcp(family, **options)
    s.bind((address, 0))
    s.listen(backlog)
    return s
def pair(listener, address, family=socket.AF_INET, **options):
    c = tcp(family, **options)
    c.connect((address, listener.getsockname()[1]))
    s = listener.accept()[0]
    keep.append(s)
    return c, s
def fill(s):
    s.setblocking(False)
    try:
        while True: s.send(b'x' * 4096)
    except BlockingIOError: pass
`

/** 300 tcp sockets: every state but TCP_CLOSE, which has none that iterators show. Some are full, so that what follows waits behind the data. */
export const TCP_SOCKETS = `${COMMON}
TCP_DEFER_ACCEPT, TCP_FASTOPEN, TCP_CONGESTION = 9, 23, 13
a4, a6, dual = listen('127.0.0.1'), listen('::1', socket.AF_INET6), listen('::', socket.AF_INET6, only=0)
small = listen('127.0.0.1', buffer=4096)
for i in range(4): listen('127.0.0.%d' % (i + 2)); listen('::1', socket.AF_INET6); listen('::', socket.AF_INET6, only=i % 2)
fast = listen('127.0.0.1')
fast.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 17)
owned = listen('127.0.0.1')
for i in range(60): # established, some with data that nobody reads
    for c, s in (pair(a4, '127.0.0.1'), pair(a6, '::1', socket.AF_INET6)):
        if i % 3 == 0: c.send(b'a' * (i + 1))
        if i % 5 == 0: s.send(b'b' * (i + 1000))
for i in range(5): # mapped addresses; connections that wait to be accepted
    pair(dual, '127.0.0.1')
    tcp().connect(owned.getsockname())
for i in range(4):
    c, s = pair(a4, '127.0.0.1') # FIN_WAIT2 and CLOSE_WAIT
    c.shutdown(socket.SHUT_WR)
    c, s = pair(a6, '::1', socket.AF_INET6) # FIN_WAIT2 that nobody holds
    c.close()
    c, s = pair(a4 if i % 2 else dual, '127.0.0.1') # TIME_WAIT
    c.close(); s.close()
    c, s = pair(small, '127.0.0.1', buffer=4096) # FIN_WAIT1
    fill(c); c.shutdown(socket.SHUT_WR)
    c, s = pair(small, '127.0.0.1', buffer=4096) # CLOSING
    fill(c); c.shutdown(socket.SHUT_WR); time.sleep(0.05); s.shutdown(socket.SHUT_WR)
    c, s = pair(small, '127.0.0.1', buffer=4096) # LAST_ACK
    fill(c); s.shutdown(socket.SHUT_WR); time.sleep(0.05); c.shutdown(socket.SHUT_WR)
    c, s = pair(a4, '127.0.0.1') # keepalive
    c.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    c.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, b'reno')
    s.setsockopt(socket.SOL_SOCKET, 36, 40 + i) # SO_MARK
# A queue that is full takes no SYN: SYN_SENT.
full = listen('127.0.0.1', backlog=0)
tcp().connect(full.getsockname())
for i in range(5):
    s = tcp(); s.setblocking(False); s.connect_ex(full.getsockname())
# SYN_RECV: the listener waits for data. Of an owner that is not root.
os.seteuid(4321)
deferred, deferred6 = listen('127.0.0.1'), listen('::1', socket.AF_INET6)
os.seteuid(0)
for l, family in ((deferred, socket.AF_INET), (deferred6, socket.AF_INET6)):
    l.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 60)
    for i in range(4): tcp(family).connect(l.getsockname()[:2])
time.sleep(0.5)
ready()
`

/** 100 udp sockets: IPv4, IPv6 and mapped, connected and not, with data and with drops. One more has no port. */
export const UDP_SOCKETS = `${COMMON}
def udp(family, address, to=None, **options):
    s = socket.socket(family, socket.SOCK_DGRAM)
    keep.append(s)
    if 'buffer' in options: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options['buffer'])
    s.bind((address, 0))
    if to: s.connect(to.getsockname()[:2])
    return s
for i in range(20):
    if i == 10: os.seteuid(4321)
    a = udp(socket.AF_INET, '127.0.0.1', buffer=2304)
    b = udp(socket.AF_INET, '127.0.0.%d' % (i + 1), a)
    for n in range(i): b.send(b'x' * 400)
    c = udp(socket.AF_INET6, '::1', buffer=2304)
    d = udp(socket.AF_INET6, '::1', c)
    for n in range(i): d.send(b'y' * 300)
    udp(socket.AF_INET6, '::' if i % 2 else '::ffff:127.0.0.1')
os.seteuid(0)
keep.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
ready()
`

/** Nothing at all. */
export const NO_SOCKETS = 'ready()'

/** Connections that MANY_SOCKETS keeps; each is two sockets. */
export const MANY_CONNECTIONS = 10_000

/**
 * 10,000 connections that stay, held by two processes, and one process that opens and closes 500 a second. Writes the inode numbers of what
 * stays to `folder`/0 and /1, and the number of those opened and closed to `folder`/churned.
 */
export const manySockets = (folder: string): string => `
import ctypes, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
PR_SET_PDEATHSIG = 1
r, w = os.pipe()
def child(work):
    if os.fork(): return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    work()
    signal.pause()
def listener():
    l = socket.socket()
    l.bind(('127.0.0.1', 0))
    l.listen(1024)
    return l
def hold(name):
    l, keep = listener(), []
    for i in range(${MANY_CONNECTIONS / 2}):
        keep.append(socket.create_connection(l.getsockname()))
        keep.append(l.accept()[0])
    with open('${folder}/' + name, 'w') as f: f.write('\\n'.join(str(os.fstat(s.fileno()).st_ino) for s in keep))
    os.write(w, b'x')
    hold.kept = l, keep
def churn():
    l, count, begin = listener(), 0, time.monotonic()
    with open('${folder}/churned', 'w') as f:
        while True:
            c = socket.create_connection(l.getsockname())
            s = l.accept()[0]
            c.close() if count % 2 else s.close()
            s.close() if count % 2 else c.close()
            count += 1
            f.seek(0)
            f.write(str(count))
            f.flush()
            if count == 1: os.write(w, b'x')
            time.sleep(max(0, begin + count / 500 - time.monotonic()))
child(lambda: hold('0'))
child(lambda: hold('1'))
for i in range(2): os.read(r, 1)
child(churn)
os.read(r, 1)
ready()
`
