// The rules of bpffs that a process can see (kernel-semantics.md sections 2.3 and 5), as snippets for test/support/posix.py. What the
// kernel answers is in measured.json, written by `UPDATE=1 npx tap dist/test/mount/bpffs/rules.test.js` on a real bpffs.

/** Where FUSE, or one of our transports, cannot do what bpffs does. */
export interface Differs {
  readonly want: unknown
  readonly reason: string
}

export interface Rule {
  /** Python: sets r. */
  readonly run: string
  /** What both of our transports answer instead. */
  readonly fuse?: Differs
  /** What the transport fuse-native answers instead. */
  readonly native?: Differs
}

const seek = 'libfuse does not pass FOPEN_NONSEEKABLE on'
const caller = "fuse-native does not tell who calls: new entries are the daemon's"
const flags2 = 'libfuse 2 knows no renameat2 flags'

export const BPFFS_RULES: Readonly<Record<string, Rule>> = {
  // 5.1 the root, statfs
  'root: sticky and open to all': { run: 'r = mode(TOP)' },
  'root: inode number': { run: 'r = os.stat(TOP).st_ino' },
  'root: maps.debug and progs.debug are listed': { run: 'r = sorted(n for n in os.listdir(TOP) if "." in n)' },
  'root: mode of progs.debug': { run: 'r = mode(TOP + "/progs.debug")' },
  'root: progs.debug cannot be removed': { run: 'r = E(os.unlink, TOP + "/progs.debug")' },
  'root: progs.debug cannot be renamed': { run: 'r = E(os.rename, TOP + "/progs.debug", "x")' },
  statfs: { run: 's = os.statvfs("."); r = [s.f_bsize, s.f_frsize, s.f_blocks, s.f_bfree, s.f_files, s.f_namemax]' },

  // 5.2 names
  'name: a dot in mkdir': { run: 'r = [E(os.mkdir, n) for n in ("a.b", "a.", "...", ".a")]' },
  'name: a dot in every other call': {
    run: 'r = [E(os.symlink, "t", "a.b"), E(os.open, "a.b", os.O_RDONLY), E(os.open, "a.b", os.O_CREAT), E(os.stat, "a.b"), E(os.unlink, "a.b"), E(os.rmdir, "a.b"), E(os.mknod, "a.b")]',
  },
  'name: a dot as the target of a rename': { run: 'os.mkdir("d"); r = E(os.rename, "d", "a.b")' },
  'name: a dot as the target of a link': { run: 'os.symlink("t", "s"); r = E(os.link, "s", "a.b", follow_symlinks=False)' },
  'name: bytes of all kinds': {
    run: 'ns = ["\\u00fc", "a b", "n\\nl", "q?*", "x" * 255]; [os.mkdir(n) for n in ns]; r = sorted(os.listdir(".")) == sorted(ns)',
  },
  'name: not UTF-8': {
    run: 'os.mkdir(b"\\xff\\xfe"); r = os.listdir(b".") == [b"\\xff\\xfe"]',
    native: { want: false, reason: 'fuse-native passes names as UTF-8' },
  },
  'name: 256 bytes': { run: 'r = [E(os.mkdir, "x" * 256), E(os.stat, "x" * 256), E(os.symlink, "t", "x" * 256)]' },
  'name: empty symlink target': { run: 'r = E(os.symlink, "", "s")' },

  // 5.3 making and removing
  'create: open O_CREAT': {
    run: 'r = [E(os.open, "f", os.O_CREAT | os.O_WRONLY, 0o644), E(os.open, "f", os.O_CREAT | os.O_EXCL)]',
  },
  'create: mknod': {
    run: 'r = [E(os.mknod, "f", stat.S_IFREG | 0o600), E(os.mknod, "f", stat.S_IFIFO), E(os.mknod, "f", stat.S_IFCHR, 259), E(os.mknod, "f", stat.S_IFSOCK)]',
  },
  'create: unix socket': { run: 's = socket.socket(socket.AF_UNIX); os.chdir("."); r = E(s.bind, "sock")' },
  'create: O_TMPFILE': { run: 'r = E(os.open, ".", os.O_TMPFILE | os.O_RDWR, 0o600)' },
  'mkdir: mode, umask, links': {
    run: 'n = os.stat(".").st_nlink; os.mkdir("d", 0o7777); r = [mode("d"), os.stat("d").st_nlink, os.stat(".").st_nlink - n]',
  },
  'mkdir: umask': { run: 'os.umask(0o077); os.mkdir("d", 0o777); r = mode("d")' },
  'mkdir: setgid parent': {
    run: 'os.mkdir("p"); os.chown("p", -1, 77); os.chmod("p", 0o2777); os.mkdir("p/d"); os.symlink("t", "p/s"); r = [mode("p/d"), os.stat("p/d").st_gid, os.lstat("p/s").st_gid]',
  },
  'mkdir: owner is the caller': {
    run: 'r = user(lambda: (os.mkdir("d"), os.stat("d").st_uid, os.stat("d").st_gid)[1:])',
    native: { want: [0, 0], reason: caller },
  },
  'mkdir: exists': { run: 'os.mkdir("d"); os.symlink("t", "s"); r = [E(os.mkdir, "d"), E(os.mkdir, "s")]' },
  'mkdir: no parent': { run: 'r = [E(os.mkdir, "a/b"), E(os.mkdir, "")]' },
  'mkdir: no permission': { run: 'os.mkdir("p", 0o755); r = user(lambda: [E(os.mkdir, "p/d"), E(os.mkdir, "p/a.b")])' },
  rmdir: {
    run: 'os.mkdir("d"); os.mkdir("d/e"); os.symlink("t", "s"); r = [E(os.rmdir, "d"), E(os.rmdir, "s"), E(os.rmdir, "none"), E(os.rmdir, "d/."), E(os.rmdir, "d/e"), E(os.rmdir, "d"), os.stat(".").st_nlink]',
  },
  unlink: {
    run: 'os.mkdir("d"); os.symlink("t", "s"); r = [E(os.unlink, "d"), E(os.unlink, "none"), E(os.unlink, "s"), os.listdir(".")]',
  },
  symlink: {
    run: 'os.symlink("../x y", "s"); s = os.lstat("s"); r = [os.readlink("s"), s.st_size, oct(s.st_mode), E(os.stat, "s"), E(os.readlink, "."), E(os.symlink, "t", "s")]',
  },
  'symlink: long target': {
    run: 't = "x" * 4095; os.symlink(t, "s"); r = [os.readlink("s") == t, E(os.symlink, "x" * 4096, "u")]',
  },
  'symlink: chmod of itself': { run: 'os.symlink("t", "s"); r = C("fchmodat", -100, b"s", 0o600, 0x100)' },
  'symlink: into a pin': { run: 'pin("p"); os.symlink("p", "s"); r = text("s") == text("p")' },
  link: {
    run: 'os.symlink("t", "s"); os.mkdir("d"); os.link("s", "l", follow_symlinks=False); r = [os.lstat("l").st_nlink, os.lstat("l").st_ino == os.lstat("s").st_ino, E(os.link, "d", "e"), E(os.link, "s", "l", follow_symlinks=False), E(os.link, "s", "/tmp/x", follow_symlinks=False)]',
  },
  'link: of a pin': { run: 'pin("p"); os.link("p", "q"); os.unlink("p"); r = [os.stat("q").st_nlink, len(text("q")) > 0]' },
  'link: protected_hardlinks': { run: 'pin("p"); r = user(lambda: E(os.link, "p", "q"))' },

  // 5.3 rename
  'rename: in place and across folders': {
    run: 'os.mkdir("a"); os.mkdir("b"); os.symlink("t", "a/s"); os.rename("a/s", "b/u"); os.rename("a", "b/a"); r = [sorted(os.listdir("b")), os.stat(".").st_nlink, os.stat("b").st_nlink]',
  },
  'rename: over': {
    run: 'os.mkdir("d"); os.mkdir("e"); os.mkdir("e/x"); os.symlink("1", "s"); os.symlink("2", "u"); r = [E(os.rename, "d", "e"), E(os.rename, "d", "s"), E(os.rename, "s", "d"), E(os.rename, "s", "u"), os.readlink("u"), E(os.rename, "d", "d"), E(os.rename, "e", "d"), sorted(os.listdir("."))]',
  },
  'rename: a folder into itself': {
    run: 'os.mkdir("d"); os.mkdir("d/e"); r = [E(os.rename, "d", "d/e/f"), E(os.rename, "none", "x"), E(os.rename, "d", "/tmp/zz")]',
  },
  'rename: same inode': {
    run: 'os.symlink("t", "s"); os.link("s", "u", follow_symlinks=False); os.rename("s", "u"); r = sorted(os.listdir("."))',
  },
  'rename: over a pin, open file goes on': {
    run: 'pin("p"); pin("q"); fd = opened("p"); a = os.read(fd, 5); os.rename("q", "p"); b = os.read(fd, 5); r = [len(a), len(b), os.fstat(fd).st_nlink, os.listdir("."), len(text("p")) > 0]; os.close(fd)',
  },
  'rename: NOREPLACE': {
    run: 'os.symlink("1", "s"); os.symlink("2", "u"); r = [C("renameat2", -100, b"s", -100, b"u", 1), C("renameat2", -100, b"s", -100, b"v", 1), sorted(os.listdir("."))]',
    native: { want: ['EEXIST', 'EINVAL', ['s', 'u']], reason: flags2 },
  },
  'rename: EXCHANGE': {
    run: 'os.symlink("1", "s"); os.mkdir("d"); x = C("renameat2", -100, b"s", -100, b"d", 2); r = [x, mode("s"), mode("d"), C("renameat2", -100, b"s", -100, b"none", 2)]',
    native: { want: ['EINVAL', '0o120777', '0o40755', 'ENOENT'], reason: flags2 },
  },
  'rename: WHITEOUT': {
    run: 'os.symlink("1", "s"); r = [C("renameat2", -100, b"s", -100, b"u", 4), C("renameat2", -100, b"s", -100, b"u", 3)]',
  },
  'rename: sticky folder': {
    run: 'os.chmod(".", 0o1777); os.symlink("t", "s"); os.mkdir("d"); r = user(lambda: [E(os.unlink, "s"), E(os.rename, "s", "u"), E(os.rmdir, "d"), E(os.symlink, "t", "mine"), E(os.rename, "mine", "s")])',
  },
  'sticky folder: own entries': {
    run: 'os.chmod(".", 0o1777); r = user(lambda: [E(os.symlink, "t", "mine"), E(os.rename, "mine", "u"), E(os.unlink, "u")])',
    native: { want: ['ok', 'EPERM', 'ENOENT'], reason: caller },
  },

  // 5.3 attributes
  chmod: {
    run: 'pin("p"); os.mkdir("d"); os.chmod("p", 0o6755); os.chmod("d", 0o3711); r = [mode("p"), mode("d"), user(lambda: E(os.chmod, "p", 0o777))]',
  },
  chown: {
    run: 'pin("p"); os.chown("p", 5, 6); s = os.stat("p"); r = [s.st_uid, s.st_gid, user(lambda: E(os.chown, "p", UID, -1))]',
  },
  truncate: {
    run: 'pin("p"); n = len(text("p")); r = [E(os.truncate, "p", 5), os.stat("p").st_size, len(text("p")) == n, E(os.truncate, "p", 0), os.stat("p").st_size, E(os.truncate, ".", 0), user(lambda: E(os.truncate, "p", 0))]',
  },
  ftruncate: {
    run: 'pin("p"); w = opened("p", os.O_RDWR); o = opened("p"); r = [E(os.ftruncate, w, 3), E(os.ftruncate, o, 3), os.stat("p").st_size]',
  },
  utimens: {
    run: 'pin("p", 0o606); os.utime("p", ns=(1500000000, 2500000000)); s = os.stat("p"); r = [s.st_atime_ns, s.st_mtime_ns, user(lambda: [E(os.utime, "p", (1, 1)), E(os.utime, "p")])]',
    native: { want: [1500000000, 1500000000, ['EPERM', 'ok']], reason: 'fuse-native passes atime for both times' },
  },
  'xattr: set, get, remove': {
    run: 'pin("p"); r = [E(os.setxattr, "p", "user.a", b"1"), E(os.getxattr, "p", "user.a"), E(os.removexattr, "p", "user.a"), E(os.setxattr, "p", "trusted.a", b"1"), user(lambda: E(os.setxattr, "p", "trusted.a", b"1"))]',
  },
  'xattr: list': {
    run: 'pin("p"); r = E(os.listxattr, "p")',
    native: { want: 'EOPNOTSUPP', reason: 'fuse-native is given no listxattr: libfuse would claim room' },
  },
  stat: { run: 'pin("p"); s = os.stat("p"); r = [s.st_size, s.st_blocks, s.st_blksize, s.st_nlink, oct(s.st_mode), s.st_uid]' },
  'stat: inode numbers differ': {
    run: 'os.mkdir("a"); os.mkdir("b"); pin("p"); r = len({os.stat(n).st_ino for n in (".", "a", "b", "p")})',
  },
  'times: of the folder': {
    run: 'r = [changed(".", lambda: os.mkdir("d")), changed(".", lambda: os.symlink("t", "s")), changed(".", lambda: os.rename("s", "u")), changed(".", lambda: os.link("u", "v", follow_symlinks=False)), changed(".", lambda: os.unlink("u")), changed(".", lambda: os.rmdir("d"))]',
  },
  'times: of the inode': {
    run: 'os.symlink("t", "s"); os.mkdir("d"); r = [changed("s", lambda: os.link("s", "v", follow_symlinks=False)), changed("s", lambda: os.unlink("v")), changed("d", lambda: os.rename("d", "e") or os.rename("e", "d")), changed("d", lambda: os.chmod("d", 0o700)), changed("d", lambda: os.mkdir("d/x"))]',
  },
  'times: reading changes none': { run: 'pin("p"); r = changed("p", lambda: text("p"))' },
  'times: truncation': {
    run: 'pin("p"); r = changed("p", lambda: os.close(os.open("p", os.O_WRONLY | os.O_TRUNC)))',
    native: { want: [], reason: 'libfuse truncates in open, where we keep the size' },
  },

  // 5.3 listing
  'readdir: order and d_off': {
    run: '[os.mkdir(n) for n in "abc"]; os.symlink("t", "s"); r = entries()',
    native: {
      want: [
        ['.', 32, 0],
        ['..', 64, 0],
        ['s', 96, 0],
        ['c', 128, 0],
        ['b', 160, 0],
        ['a', 192, 0],
      ],
      reason: 'libfuse numbers the positions',
    },
  },
  'readdir: rename and re-creation come first': {
    run: '[os.mkdir(n) for n in "abc"]; os.rename("a", "z"); x = names(); os.rmdir("b"); os.mkdir("b"); y = names(); r = [x, y]',
  },
  'readdir: changes during a scan': {
    run: [
      '[os.mkdir("d%03d" % i) for i in range(300)]',
      'it = os.scandir("."); seen = [next(it).name for _ in range(10)]',
      'os.mkdir("new"); os.rename("d005", "moved"); seen += [e.name for e in it]',
      'r = ["new" in seen, "moved" in seen, "d005" in seen, len(seen) == len(set(seen)), len(seen)]',
    ].join('\n'),
  },
  'readdir: d_type': {
    run: 'os.mkdir("d"); os.symlink("t", "s"); pin("p"); r = sorted([e[0], e[2]] for e in entries())',
    native: {
      want: [
        ['.', 0],
        ['..', 0],
        ['d', 0],
        ['p', 0],
        ['s', 0],
      ],
      reason: 'fuse-native does not tell the types of names',
    },
  },
  'directory descriptor': {
    run: 'fd = os.open(".", os.O_RDONLY); r = [E(os.read, fd, 1), E(os.fsync, fd), E(os.lseek, fd, 0, 0), E(fcntl.flock, fd, fcntl.LOCK_EX), E(os.open, ".", os.O_WRONLY)]',
  },
  'directory descriptor: SEEK_END': {
    run: 'fd = os.open(".", os.O_RDONLY); r = E(os.lseek, fd, 0, 2)',
    fuse: { want: 0, reason: 'the kernel seeks in FUSE folders itself' },
  },

  // 5.4 opening pins
  'open: access modes and flags': {
    run: 'pin("p"); r = [E(os.open, "p", f) for f in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC, os.O_WRONLY | os.O_APPEND, os.O_CREAT, os.O_NONBLOCK, os.O_SYNC, os.O_PATH, os.O_NOATIME, os.O_NOFOLLOW, os.O_CREAT | os.O_EXCL, os.O_DIRECTORY)]',
  },
  'open: O_DIRECT': { run: 'pin("p"); r = E(os.open, "p", os.O_DIRECT)' },
  'open: as another user': {
    run: 'pin("p"); pin("q", 0o604); r = user(lambda: [E(os.open, "p", os.O_RDONLY), E(os.open, "q", os.O_RDONLY), E(os.open, "q", os.O_RDWR), E(lambda: os.stat("p").st_size)])',
  },
  'open: umask of the pinner': { run: 'os.umask(0o400); pin("p"); r = mode("p")' },
  'open: exec': {
    run: 'pin("p"); a = E(os.execv, "./p", ["p"]); os.chmod("p", 0o755); r = [a, E(os.execv, "./p", ["p"])]',
  },
  write: {
    run: 'pin("p"); w = opened("p", os.O_RDWR); o = opened("p"); r = [E(os.write, w, b"x"), E(os.write, o, b"x"), E(os.pwrite, o, b"x", 0)]',
    native: { want: ['EINVAL', 'EBADF', 'EBADF'], reason: seek },
  },
  'write: nothing': {
    run: 'pin("p"); w = opened("p", os.O_RDWR); r = E(os.write, w, b"")',
    fuse: { want: 0, reason: 'the kernel does not send writes of 0 bytes' },
  },
  'write: shell': {
    run: 'pin("p"); sh = lambda c: subprocess.run(["sh", "-c", c], capture_output=True).returncode; r = [sh("> p"), sh("echo x > p"), sh("echo x >> p"), sh(": >> p")]',
  },

  // 2.3 an open pin
  'read: twice is fresh, one descriptor ends': {
    run: 'pin("p"); fd = opened("p"); n = 0\nwhile os.read(fd, 4096): n += 1\nr = [n > 0, len(os.read(fd, 10)), len(text("p")) > 0]',
  },
  'read: readv': {
    run: 'pin("p"); fd = opened("p"); bs = [bytearray(3), bytearray(4)]; r = [os.readv(fd, bs), bytes(bs[0] + bs[1]) == text("p")[:7]]',
  },
  'read: pread': {
    run: 'pin("p"); fd = opened("p"); r = [len(os.pread(fd, 4, 0)), len(os.pread(fd, 4, 1000))]',
    fuse: {
      want: "failed: OSError(29, 'Illegal seek')",
      reason: 'a FUSE file that cannot seek cannot pread: lseek is refused rightly instead',
    },
    native: { want: [4, 4], reason: 'direct_io without FOPEN_NONSEEKABLE' },
  },
  lseek: {
    run: 'pin("p"); fd = opened("p"); r = [E(os.lseek, fd, 0, w) for w in (0, 1, 2, 3, 4)]',
    native: { want: [0, 0, 0, 'ENXIO', 'ENXIO'], reason: seek },
  },
  pwrite: { run: 'pin("p"); w = opened("p", os.O_RDWR); r = E(os.pwrite, w, b"x", 0)', native: { want: 'EINVAL', reason: seek } },
  'mmap: shared': { run: 'pin("p"); os.truncate("p", 4096); fd = opened("p", os.O_RDWR); r = E(mmap.mmap, fd, 4096)' },
  poll: { run: 'pin("p"); fd = opened("p"); p = select.poll(); p.register(fd, 5); r = [e for _, e in p.poll(0)]' },
  'epoll: refused': {
    run: 'pin("p"); fd = opened("p"); r = E(select.epoll().register, fd)',
    fuse: { want: 'ok', reason: 'FUSE files can be polled' },
  },
  'ioctl: FIONREAD': {
    run: 'pin("p"); fd = opened("p"); b = array.array("i", [9]); x = fcntl.ioctl(fd, termios.FIONREAD, b); os.read(fd, 5); c = array.array("i", [9]); fcntl.ioctl(fd, termios.FIONREAD, c); r = [x, b[0], c[0]]',
  },
  'ioctl: FS_IOC_GETFLAGS': { run: 'pin("p"); fd = opened("p"); r = E(fcntl.ioctl, fd, 0x80086601, array.array("l", [0]))' },
  sendfile: {
    run: 'pin("p"); fd = opened("p"); out, into = os.pipe(); r = [E(os.sendfile, into, fd, None, 10), E(os.splice, fd, into, 10) if hasattr(os, "splice") else "EINVAL"]',
    fuse: {
      want: [0, 0],
      reason: 'the kernel reads a FUSE file for splice through its page cache, which ends at st_size: end of file',
    },
  },
  copy_file_range: { run: 'pin("p"); fd = opened("p"); o = os.memfd_create("m"); r = E(os.copy_file_range, fd, o, 10)' },
  fsync: { run: 'pin("p"); fd = opened("p", os.O_RDWR); r = [E(os.fsync, fd), E(os.fdatasync, fd)]' },
  fallocate: { run: 'pin("p"); fd = opened("p", os.O_RDWR); r = C("fallocate", fd, 0, ctypes.c_long(0), ctypes.c_long(10))' },
  fchmod: { run: 'pin("p"); fd = opened("p"); os.fchmod(fd, 0o640); r = mode("p")' },
  locks: {
    run: 'pin("p"); fd = opened("p", os.O_RDWR); r = [E(fcntl.flock, fd, fcntl.LOCK_EX), E(fcntl.lockf, fd, fcntl.LOCK_EX), E(os.posix_fadvise, fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)]',
  },
  'open again through /proc': {
    run: 'pin("p"); fd = opened("p"); os.unlink("p"); t = text("/proc/self/fd/%d" % fd); r = [len(t) > 0, os.readlink("/proc/self/fd/%d" % fd).endswith("p (deleted)")]',
  },
  'fdinfo: pos': {
    run: 'pin("p"); fd = opened("p"); os.read(fd, 7); r = [l for l in open("/proc/self/fdinfo/%d" % fd).read().split("\\n") if l.startswith(("pos", "flags"))]',
  },
  'dup shares the position': {
    run: 'pin("p"); t = text("p"); fd = opened("p"); d = os.dup(fd); r = (os.read(fd, 5) + os.read(d, 5)) == t[:10]',
  },
  'two opens are independent': { run: 'pin("p"); a = opened("p"); b = opened("p"); r = os.read(a, 9) == os.read(b, 9)' },
  'unlinked while open': {
    run: 'pin("p"); t = text("p"); fd = opened("p"); a = os.read(fd, 3); os.unlink("p"); s = b""\nwhile True:\n  x = os.read(fd, 999)\n  if not x: break\n  s += x\nr = [a + s == t, os.fstat(fd).st_nlink, os.listdir(".")]',
  },

  // 5.5 tools
  'tools: cat, head, tail, dd, wc, cp, cmp': {
    run: [
      'pin("p"); t = text("p").decode()',
      'sh = lambda c: subprocess.run(["sh", "-c", c], capture_output=True).stdout.decode()',
      'r = [sh("cat p") == t, sh("head -c 10 p") == t[:10], sh("head -n 1 p") == t.split("\\n")[0] + "\\n", sh("tail -c 5 p") == t[-5:], sh("tail -n +1 p") == t,',
      ' sh("dd if=p bs=7 2>/dev/null") == t, sh("dd if=p bs=1 skip=5 2>/dev/null") == t[5:], sh("wc -c < p").strip() == str(len(t)), sh("cp p /tmp/iterfs-cp-$$ && cat /tmp/iterfs-cp-$$; rm -f /tmp/iterfs-cp-$$") == t,',
      ' sh("sort p | wc -l") == sh("wc -l < p"), sh("stat -c %s p").strip()]',
    ].join('\n'),
    native: { want: [true, true, true, true, true, true, false, true, true, true, '0'], reason: `${seek}: dd skips by seeking` },
  },
  'tools: into bpffs': {
    run: 'sh = lambda c: subprocess.run(["sh", "-c", c], capture_output=True).returncode; r = [sh("cp /etc/passwd x"), sh("mv /etc/none x"), sh("rm -f none"), sh("mkdir -p a/b/c"), sh("rm -r a")]',
  },
}
