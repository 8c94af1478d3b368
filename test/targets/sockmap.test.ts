// Maps of sockets and of socket storage, filled by descriptor from one process that puts the same sockets into maps of both.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mountOf, withClient } from '../../mount/cli/client.ts'
import { openObject } from '../../src/index.ts'
import { diffOf } from '../support/compare.ts'
import { iterfs, run, startDaemon } from '../support/daemon.ts'
import { bpftool, Kernel, noKernelBpf } from '../support/kernel.ts'
import { startNetns } from '../support/netns.ts'
import { CLI, ROOT } from '../support/paths.ts'

/** Entries of the large maps, and sockets in them. */
const [ENTRIES, FILLED] = [1000, 200]
/** Sockets with storage. */
const STORED = 50

/** Each with the kernel's result and ours. */
type Steps = readonly (readonly [label: string, kernel: string, ours: string])[]
/** Of the kernel, and of iterfs. */
type Paths = readonly [string, string]

const support = (name: string): string => readFileSync(join(ROOT, 'test/support', name), 'utf8')
const sorted = (text: string): string => text.split('\n').sort().join('\n')

function must(...args: string[]): string {
  const { status, stdout, stderr } = iterfs(...args)
  if (status !== 0) throw new Error(`iterfs ${args.join(' ')}: ${status} ${stderr}`)
  return stdout
}

t.test('the kernel and iterfs', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const netns = await startNetns(support('bpf_maps.py') + support('socket_workload.py'))
  t.teardown(() => netns.stop())
  let pins = 0

  /** A map of these words in both. */
  const makeMap = (name: string, create: string): Paths => {
    const ours = join(daemon.dir, name)
    must('map', 'create', ours, ...create.split(' '), 'name', name)
    return [kernel.map(name, `${create} name ${name}`, []), ours]
  }
  const pin = (object: string, map?: Paths, set?: string): Paths => {
    const name = `pin${++pins}`
    const more = set === undefined ? [] : ['set', set]
    const theirs = kernel.pin(object, name, [...(map ? ['map', map[0]] : []), ...more])
    daemon.pin(object, name, ...(map ? ['map', 'pinned', map[1]] : []), ...(set === undefined ? [] : ['--set', set]))
    return [theirs, join(daemon.dir, name)]
  }
  /** Pins the maps of an object of which a program is pinned. */
  const pinMaps = ([theirs]: Paths, ...names: string[]): Paths[] => {
    const { prog_id } = JSON.parse(bpftool('-j', 'link', 'show', 'pinned', theirs)) as { prog_id: number }
    const { map_ids } = JSON.parse(bpftool('-j', 'prog', 'show', 'id', `${prog_id}`)) as { map_ids: number[] }
    return names.map(name => {
      const id = map_ids.find(id => bpftool('map', 'show', 'id', `${id}`).includes(` name ${name} `))!
      const paths = [join(kernel.dir, name), join(daemon.dir, name)] as const
      bpftool('map', 'pin', 'id', `${id}`, paths[0])
      // Each load of the object makes all its maps: the newest is the program's.
      withClient(mountOf(daemon.dir), client => {
        const { maps } = client.request<{ maps: { info: { id: number; name: string } }[] }>('map_list')
        client.pin({ map_id: maps.findLast(({ info }) => info.name === name)!.info.id }, paths[1])
      })
      return paths
    })
  }
  /** Reads both from inside, and compares; what the kernel printed. */
  const same = (t: Test, name: string, paths: Paths, mask = (text: string): string => text): string => {
    const [theirs, ours] = paths.map(path => netns.run('cat', [path, path])).map(({ stdout, stderr }) => mask(stdout + stderr))
    const diff = diffOf(kernel, { kernel: theirs!, iterfs: ours! })
    if (diff) t.fail(name, { diff })
    else t.pass(name)
    return theirs!
  }
  const ask = (t: Test, command: string, paths: Paths, least: number): Promise<void> =>
    netns.ask(command, paths.join(',')).then(found => {
      t.ok((found as Steps).length >= least, `${(found as Steps).length} steps`)
      for (const [label, theirs, ours] of found as Steps) t.equal(ours, theirs, label)
    })
  const shipped = (name: string): string => kernel.compileProgram(name)

  await t.test('what may be put into a map of sockets, and what is found there', async t => {
    for (const [type, key, value] of [
      ['sockmap', 4, 4],
      ['sockmap', 4, 8],
      ['sockhash', 4, 4],
      ['sockhash', 4, 8],
      ['sockhash', 13, 8],
    ] as const) {
      const maps = makeMap(`${type}_${key}_${value}`, `type ${type} key ${key} value ${value} entries 4`)
      await t.test(`${type}, keys of ${key} bytes, values of ${value}`, t => ask(t, 'slots', maps, 150))
    }
    await ask(t, 'lives', makeMap('lives', 'type sockmap key 4 value 8 entries 4'), 11)
  })

  await t.test('local storage by descriptor', async t => {
    const [ofTasks, ofCgroups] = pinMaps(pin(kernel.compile('sk_storage.bpf.c', { PART: 4 })), 'by_task', 'by_cgroup')
    const [ofSockets] = pinMaps(pin(kernel.compile('sk_storage.bpf.c', { PART: 5 })), 'by_socket')
    await t.test('of sockets', t => ask(t, 'storage', ofSockets!, 130))
    await t.test('of tasks', t => ask(t, 'owners', ofTasks!, 40))
    await t.test('of cgroups', t => ask(t, 'owners', ofCgroups!, 40))
  })

  await t.test('the target sockmap', async t => {
    t.equal(await netns.ask('make', `${FILLED}`), FILLED)
    const object = shipped('sockmap.bpf.c')
    for (const [name, create, key] of [
      ['slots', `type sockmap key 4 value 8 entries ${ENTRIES}`, 4],
      ['hash', `type sockhash key 4 value 8 entries ${ENTRIES}`, 4],
      ['hash_long', `type sockhash key 33 value 4 entries ${FILLED}`, 33],
    ] as const) {
      const map = makeMap(name, create)
      const pins = pin(object, map)
      t.match(same(t, `${name}: empty`, pins), `\n0 in ${name}\n`.slice(name === 'slots' ? 0 : 1))
      t.equal(await netns.ask('fill', map.join(','), `${ENTRIES}`, `${key}`), 0)
      const printed = same(t, `${name}: with sockets`, pins, text => text)
      t.match(printed, `${FILLED} in ${name}\n`)
      t.match(printed, / state 10 /)
    }
  })

  await t.test('the target bpf_sk_storage_map', async t => {
    const [map] = pinMaps(pin(kernel.compile('sk_storage.bpf.c', { PART: 5 })), 'of_some')
    const object = shipped('sk_storage.bpf.c')
    const pins = pin(object, map)
    t.equal(same(t, 'empty', pins), 'end of of_some\nend of of_some\n')
    t.equal(await netns.ask('store', map!.join(','), `${STORED}`), 0)
    t.equal(same(t, 'sockets', pins, sorted).match(/ value: /g)?.length, 2 * STORED)

    const resetting = pin(object, map, 'reset=1')
    t.notMatch(same(t, 'writes values in place', resetting, sorted), /^$/)
    t.equal(same(t, 'what was written', pins, sorted).match(/ value: 00 00 00 00 /g)?.length, 2 * STORED)

    const copying = pin(kernel.compile('sk_storage.bpf.c', { PART: 3 }), map)
    same(t, 'storage of another map, from within', copying, sorted)

    t.equal(await netns.ask('close', '20'), FILLED - 20)
    t.equal(same(t, 'sockets that were closed', pins, sorted).match(/ value: /g)?.length, 2 * (STORED - 20))
  })

  await t.test('storage and slots made by programs of other targets', async t => {
    const marking = pin(kernel.compile('sk_storage.bpf.c', { PART: 1 }))
    const [storage, sockets] = pinMaps(marking, 'of_sockets', 'sockets')
    same(t, 'of target tcp', marking, sorted)
    const shown = same(t, 'storage of each', pin(shipped('sk_storage.bpf.c'), storage), sorted)
    t.ok(shown.match(/ value: /g)!.length > 200)
    same(t, 'each in the hash', pin(shipped('sockmap.bpf.c'), sockets), sorted)
    const both = pin(kernel.compile('sk_storage.bpf.c', { PART: 2 }))
    same(t, 'of target udp', both, sorted)
  })

  await t.test('small reads: every socket once', async t => {
    const map = join(daemon.dir, 'hash_long')
    const { status, stderr } = iterfs('pin', shipped('sockmap.bpf.c'), join(daemon.dir, 'small'), 'map', 'pinned', map)
    t.equal(status, 0, stderr)
    const whole = netns.run('cat', [join(daemon.dir, 'small')]).stdout
    for (const size of [1, 100, 4096]) {
      const { stdout } = netns.run('dd', [`if=${join(daemon.dir, 'small')}`, `bs=${size}`, 'status=none'])
      t.equal(stdout, whole, `reads of ${size}`)
    }
    // The kernel begins each read with the first socket of the bucket, and never leaves one that has two.
    const read = `import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
parts = [os.read(fd, 100) for _ in range(2000)]
lines = [line for line in b''.join(parts).splitlines() if line.startswith(b'key')]
print(parts[-1] == b'', len(lines) - len(set(lines)) > 0)`
    const theirs = kernel.pin(shipped('sockmap.bpf.c'), 'small', ['map', join(kernel.dir, 'hash_long')])
    t.equal(netns.run('python3', ['-c', read, theirs]).stdout, 'False True\n', 'the kernel: no end')
    t.equal(netns.run('python3', ['-c', read, join(daemon.dir, 'small')]).stdout, 'True False\n')
  })

  await t.test('iterfs map with a descriptor that it inherits, and the API with one of its own', async t => {
    const path = makeMap('inherited', 'type sockmap key 4 value 8 entries 4')[1]
    const python = `
import socket, subprocess, sys
s = socket.create_server(('127.0.0.1', 0))
words = sys.argv[1:] + ['key', '1', '0', '0', '0']
put = words[:3] + ['update', 'pinned', words[3]] + words[4:] + ['value', str(s.fileno())] + ['0'] * 7
print(subprocess.run(put, pass_fds=[s.fileno()]).returncode)
cookie = int.from_bytes(s.getsockopt(socket.SOL_SOCKET, 57, 8), 'little')
found = subprocess.run(words[:3] + ['-j', 'lookup', 'pinned', words[3]] + words[4:], capture_output=True, text=True).stdout
print('0x%02x' % (cookie & 255) in found)
s.close()
print(subprocess.run(words[:3] + ['lookup', 'pinned', words[3]] + words[4:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode)
`
    const { stdout, stderr } = run('python3', ['-c', python, process.execPath, CLI, 'map', path])
    t.equal(stdout, '0\nTrue\n254\n', stderr)

    const object = openObject(readFileSync(kernel.compile('attach.bpf.c')))
    t.teardown(() => object.close())
    object.load()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle
    const map = object.maps.sockmap_8!.raw
    const key = new Uint8Array(4)
    map.update(key, new Uint8Array(BigUint64Array.of(BigInt(fd)).buffer))
    t.not(map.lookup(key), undefined)
    t.throws(() => map.update(key, new Uint8Array(8).fill(0x7f, 0, 3)), { code: 'EBADF' })
    const sizes = object.maps.sk_storage!.raw
    sizes.update(new Uint8Array(Uint32Array.of(fd).buffer), new Uint8Array(8).fill(5))
    t.same(sizes.lookup(new Uint8Array(Uint32Array.of(fd).buffer)), new Uint8Array(8).fill(5))
    server.close()
    await once(server, 'close')
    t.equal(map.lookup(key), undefined, 'closed')
  })
})
