// Attaching programs to targets: what BPF_LINK_CREATE says of parameters, and what the link shows then. One row runs on the kernel and on
// iterfs (test/targets/attach.test.ts).

/** A number, a descriptor or number of the process that attaches (test/support/attach.py), or a map of test/bpf/attach.bpf.c. */
export type Word =
  | number
  | 'self'
  | 'child'
  | 'thread'
  | 'pidfd'
  | 'pidfd of child'
  | 'pidfd of a dead task'
  | 'a file'
  | 'not open'
  | 'cgroup'
  | 'cgroup of v1'
  | 'a file of a cgroup'
  | 'a folder'
  | 'id of the cgroup'
  | `map ${string}`

export interface AttachCase {
  readonly what: string
  /** Of test/bpf/attach.bpf.c: `plain__TARGET`, `sleeps__TARGET`; or what is no program. */
  readonly prog: string
  /** union bpf_iter_link_info, in words of 4 bytes: map_fd; tid, pid, pid_fd; or order, cgroup_fd, cgroup_id in two. None: no parameters. */
  readonly info?: readonly Word[]
  /** `ok`, or the name of the errno. */
  readonly result: 'ok' | string
  /** What the target adds to fdinfo; numbers of the process, and maps, by their names. */
  readonly fdinfo?: readonly string[]
  /** What the target adds to bpf_link_info. */
  readonly link?: Readonly<Record<string, string | number>>
  /** What iterfs answers where it must differ, and why. */
  readonly iterfs?: { readonly result: string; readonly because: string }
  /** Of bytes that a request of iterfs does not have: why it has none. */
  readonly kernelOnly?: string
  /** For the kernel: other values in the attributes of bpf(2). */
  readonly raw?: {
    readonly size?: number
    readonly tail?: number
    readonly address?: 'null' | 'bad'
    readonly flags?: number
    readonly target_fd?: number
    readonly attach_type?: number
  }
}

const NO_BYTES = 'a request names parameters, it has no bytes of a union, and no attach type, flags or target descriptor'
const IDS = 'programs are named by ids, as in BPF_PROG_GET_FD_BY_ID'
const EXTENT = 'what a program touches of a buffer is known to a verifier only (issue 5); bytes beyond it are not the element'
const MAP_IDS = 'maps are named by ids: any other number is no map'

const TASK_TARGETS = ['task', 'task_file', 'task_vma'] as const

const taskRows: AttachCase[] = TASK_TARGETS.flatMap(target => {
  const prog = `plain__${target}`
  const all = { fdinfo: ['task_type ALL'], link: { tid: 0, pid: 0 } }
  const tid = (word: Word) => ({ fdinfo: ['task_type TID', `tid ${word}`], link: { tid: word, pid: 0 } })
  const pid = (word: Word) => ({ fdinfo: ['task_type PID', `pid ${word}`], link: { tid: 0, pid: word } })
  const row = (
    what: string,
    info: readonly Word[] | undefined,
    more: Omit<AttachCase, 'what' | 'prog' | 'info'>,
  ): AttachCase => ({
    what: `${target}: ${what}`,
    prog,
    ...(info && { info }),
    ...more,
  })
  return [
    row('no parameters', undefined, { result: 'ok', ...all }),
    row('zeroes', [0, 0, 0], { result: 'ok', ...all }),
    row('tid of a leader', ['self'], { result: 'ok', ...tid('self') }),
    row('tid of a thread', ['thread', 0, 0], { result: 'ok', ...tid('thread') }),
    row('tid of nothing', [4000000], { result: 'ok', ...tid(4000000) }),
    row('pid', [0, 'child', 0], { result: 'ok', ...pid('child') }),
    row('pid of a thread that leads no group', [0, 'thread'], { result: 'ok', ...pid('thread') }),
    row('pid of nothing', [0, 4000000], { result: 'ok', ...pid(4000000) }),
    row('pidfd', [0, 0, 'pidfd'], { result: 'ok', ...pid('self') }),
    row('pidfd of another process', [0, 0, 'pidfd of child'], { result: 'ok', ...pid('child') }),
    row('pidfd that is not open', [0, 0, 'not open'], { result: 'EBADF' }),
    row('pidfd that is another descriptor', [0, 0, 'a file'], { result: 'EBADF' }),
    row('tid and pid', ['self', 'self'], { result: 'EINVAL' }),
    row('tid and pidfd', ['self', 0, 'pidfd'], { result: 'EINVAL' }),
    row('pid and pidfd', [0, 'self', 'pidfd'], { result: 'EINVAL' }),
    row('all three', ['self', 'self', 'pidfd'], { result: 'EINVAL' }),
    row('two, one of which is not open', ['self', 0, 'not open'], { result: 'EINVAL' }),
    row('a sleepable program', undefined, { result: 'ok', ...all }),
    row('bytes that it does not use', [0, 0, 0, 0xffff_ffff], { result: 'ok', ...all, kernelOnly: NO_BYTES }),
  ].map(found => (found.what.endsWith('sleepable program') ? { ...found, prog: `sleeps__${target}` } : found))
})

const mapRow = (target: string, map: string, more: Partial<AttachCase> & { readonly result: string }): AttachCase => ({
  what: `${target}: ${map}`,
  prog: `plain__${target}`,
  info: [`map ${map}`],
  ...(more.result === 'ok' && { fdinfo: [`map_id ${map}`], link: { map_id: map } }),
  ...more,
})

/** Maps that a target takes, and maps that it refuses. */
const MAPS: Readonly<Record<string, { readonly takes: readonly string[]; readonly refuses: readonly string[] }>> = {
  bpf_map_elem: {
    takes: ['hash_4_8', 'lru_hash', 'array', 'percpu_hash', 'lru_percpu_hash', 'percpu_array', 'rdonly_prog'],
    refuses: [
      ...['prog_array', 'lpm_trie', 'queue', 'stack', 'ringbuf', 'bloom_filter'],
      ...['sockmap', 'sockhash', 'sk_storage', 'task_storage'],
    ],
  },
  sockmap: {
    takes: ['sockmap', 'sockmap_8', 'sockhash', 'sockhash_8_8'],
    refuses: ['hash_4_8', 'array', 'sk_storage', 'queue'],
  },
  bpf_sk_storage_map: {
    takes: ['sk_storage', 'sk_storage_4'],
    refuses: ['hash_4_8', 'array', 'sockmap', 'task_storage'],
  },
}

const mapRows: AttachCase[] = Object.entries(MAPS).flatMap(([target, { takes, refuses }]) => {
  const prog = `plain__${target}`
  return [
    { what: `${target}: no parameters`, prog, result: 'EBADF' },
    { what: `${target}: map_fd 0`, prog, info: [0], result: 'EBADF' },
    { what: `${target}: map_fd that is not open`, prog, info: ['not open'], result: 'EBADF' },
    {
      ...{ what: `${target}: map_fd that is another descriptor`, prog, info: ['a file'], result: 'EINVAL' },
      iterfs: { result: 'EBADF', because: MAP_IDS },
    },
    ...takes.map(map => mapRow(target, map, { result: 'ok' })),
    ...refuses.map(map => mapRow(target, map, { result: 'EINVAL' })),
  ]
})

/** Programs that touch more of a buffer, or not, than the map has. */
const touching = (prog: string, map: string, fits: boolean): AttachCase => {
  const target = prog.split('__')[1]!
  const row = mapRow(target, map, { result: fits ? 'ok' : 'EACCES', prog, what: `${prog}: ${map}` })
  return fits ? row : { ...row, iterfs: { result: 'ok', because: EXTENT } }
}
const extentRows: AttachCase[] = [
  touching('reads_key_8__bpf_map_elem', 'hash_8_8', true),
  touching('reads_key_8__bpf_map_elem', 'hash_4_8', false),
  touching('reads_key_8__bpf_map_elem', 'array', false),
  touching('reads_value_8__bpf_map_elem', 'hash_4_8', true),
  touching('reads_value_8__bpf_map_elem', 'hash_4_4', false),
  touching('reads_value_16__bpf_map_elem', 'hash_4_8', false),
  touching('reads_value_8__bpf_map_elem', 'percpu_array_4', true),
  touching('reads_value_16__bpf_map_elem', 'percpu_array_4', true),
  touching('writes_value_8__bpf_map_elem', 'array', true),
  touching('writes_value_8__bpf_map_elem', 'rdonly_prog', true),
  touching('writes_value_16__bpf_map_elem', 'array', false),
  touching('reads_key_8__sockmap', 'sockhash_8_8', true),
  touching('reads_key_8__sockmap', 'sockmap_8', false),
  touching('reads_value_8__bpf_sk_storage_map', 'sk_storage', true),
  touching('reads_value_8__bpf_sk_storage_map', 'sk_storage_4', false),
  touching('writes_value_8__bpf_sk_storage_map', 'sk_storage_4', false),
]

/** Targets without parameters: what is given is not looked at. */
const otherRows: AttachCase[] = ['bpf_map', 'bpf_prog', 'bpf_link', 'tcp', 'udp', 'unix', 'netlink', 'ipv6_route'].flatMap(
  target => [
    { what: `${target}: no parameters`, prog: `plain__${target}`, result: 'ok', fdinfo: [], link: {} },
    {
      what: `${target}: parameters of another target`,
      prog: `plain__${target}`,
      info: [1, 2, 3],
      result: 'ok',
      fdinfo: [],
      link: {},
    },
  ],
)

/** Targets that yield take programs that may sleep; two of them add a line. */
const systemRows: AttachCase[] = [
  { target: 'ksym', fdinfo: [] },
  { target: 'kmem_cache', fdinfo: ['kmem_cache iter'] },
  { target: 'dmabuf', fdinfo: ['dmabuf iter'] },
].flatMap(({ target, fdinfo }) => [
  { what: `${target}: no parameters`, prog: `plain__${target}`, result: 'ok', fdinfo, link: {} },
  { what: `${target}: parameters of another target`, prog: `plain__${target}`, info: [1, 2, 3], result: 'ok', fdinfo, link: {} },
  { what: `${target}: a sleepable program`, prog: `sleeps__${target}`, result: 'ok', fdinfo, link: {} },
])

const ORDERS = ['self_only', 'descendants_pre', 'descendants_post', 'ancestors_up'] as const
const ok = (order: number, place: 'root' | 'cgroup' | 'cgroup of v1') => ({
  result: 'ok',
  fdinfo: [`cgroup_path ${place}`, `order: ${ORDERS[order - 1]}`],
  link: { cgroup_id: place, order },
})
const cgroupRow = (
  what: string,
  info: readonly Word[] | undefined,
  more: Omit<AttachCase, 'what' | 'prog' | 'info'>,
): AttachCase => ({
  what: `cgroup: ${what}`,
  prog: 'plain__cgroup',
  ...(info && { info }),
  ...more,
})
const cgroupRows: AttachCase[] = [
  cgroupRow('no parameters', undefined, { result: 'EINVAL' }),
  ...[0, 5, 6, 0xffff_ffff].map(order => cgroupRow(`order ${order}`, [order], { result: 'EINVAL' })),
  ...[1, 2, 3, 4].map(order => cgroupRow(`${ORDERS[order - 1]} of the root`, [order], ok(order, 'root'))),
  ...[1, 2, 3, 4].map(order => cgroupRow(`${ORDERS[order - 1]} of a descriptor`, [order, 'cgroup'], ok(order, 'cgroup'))),
  cgroupRow('by id', [1, 0, 'id of the cgroup', 0], ok(1, 'cgroup')),
  cgroupRow('by descriptor of v1', [1, 'cgroup of v1'], ok(1, 'cgroup of v1')),
  cgroupRow('descriptor and id', [1, 'cgroup', 'id of the cgroup', 0], { result: 'EINVAL' }),
  cgroupRow('a descriptor that is not open, and id', [1, 'not open', 1, 0], { result: 'EINVAL' }),
  cgroupRow('a wrong order and a descriptor that is not open', [5, 'not open'], { result: 'EINVAL' }),
  cgroupRow('a descriptor that is not open', [1, 'not open'], { result: 'EBADF' }),
  cgroupRow('a descriptor of a file', [1, 'a file'], { result: 'EBADF' }),
  cgroupRow('a descriptor of a folder', [1, 'a folder'], { result: 'EBADF' }),
  cgroupRow('a descriptor of a file of a cgroup', [1, 'a file of a cgroup'], { result: 'EBADF' }),
  cgroupRow('an id that no cgroup has', [1, 0, 999_999_999, 0], { result: 'ENOENT' }),
  { ...cgroupRow('a sleepable program', [1], ok(1, 'root')), prog: 'sleeps__cgroup' },
]

/** Targets that do not yield take no program that may sleep, whatever the parameters are. */
const sleepableRows: AttachCase[] = [...otherRows.map(row => row.prog.split('__')[1]!), ...Object.keys(MAPS)]
  .filter((target, i, all) => all.indexOf(target) === i)
  .map(target => ({ what: `${target}: a sleepable program`, prog: `sleeps__${target}`, result: 'EINVAL' }))

const raw = (what: string, result: string, raw: AttachCase['raw'], info?: readonly Word[]): AttachCase => ({
  ...{ what, prog: 'plain__task', result, kernelOnly: NO_BYTES, raw: raw! },
  ...(info && { info }),
  ...(result === 'ok' && {
    fdinfo: info ? ['task_type TID', 'tid self'] : ['task_type ALL'],
    link: { tid: info ? 'self' : 0, pid: 0 },
  }),
})
const commonRows: AttachCase[] = [
  { what: 'a program that is not there', prog: 'not open', result: 'EBADF', iterfs: { result: 'ENOENT', because: IDS } },
  { what: 'a program that is another object', prog: 'a map', result: 'EINVAL', iterfs: { result: 'ENOENT', because: IDS } },
  raw('attach type 0', 'EINVAL', { attach_type: 0 }),
  raw('attach type 27', 'EINVAL', { attach_type: 27 }),
  raw('a target descriptor', 'EINVAL', { target_fd: 1 }),
  raw('flags', 'EINVAL', { flags: 1 }),
  raw('flags: BPF_F_REPLACE', 'EINVAL', { flags: 4 }),
  raw('a length without iter_info', 'EINVAL', { address: 'null' }, ['self']),
  raw('iter_info without a length', 'EINVAL', { address: 'bad', size: 0 }),
  raw('iter_info that cannot be read', 'EFAULT', { address: 'bad' }, ['self']),
  raw('one byte of the union', 'ok', { size: 1 }),
  raw('17 bytes, the last of them 0', 'ok', { size: 17 }, ['self']),
  raw('17 bytes, the last of them not 0', 'E2BIG', { size: 17, tail: 1 }, ['self']),
  raw('4096 bytes', 'ok', { size: 4096 }, ['self']),
  raw('4096 bytes, the last of them not 0', 'E2BIG', { size: 4096, tail: 1 }, ['self']),
  raw('4097 bytes', 'E2BIG', { size: 4097 }, ['self']),
]

export const ATTACH_CASES: readonly AttachCase[] = [
  ...commonRows,
  ...taskRows,
  ...mapRows,
  ...extentRows,
  ...otherRows,
  ...systemRows,
  ...cgroupRows,
  ...sleepableRows,
]
