// What `iterfs mount --preset NAME` puts into a fresh mount, as data.

/** An iterator that ships with iterfs, pinned under a name that tools know. */
export interface PresetPin {
  /** In the mount, without a leading slash. */
  readonly path: string
  /** The object of dist/programs, without `.bpf.o`. */
  readonly program: string
  /** Permission bits. */
  readonly mode: number
  /** Globals, as --set gives them. */
  readonly set?: Readonly<Record<string, string>>
}

/** A folder of the host; for each name in it that is not pinned, the mount gets a symbolic link to it. */
export interface PresetLinks {
  /** Where the names are listed. */
  readonly host: string
  /** The folder in the mount, '' for its root. */
  readonly path: string
}

export interface Preset {
  /** A pin is made where this folder of the host has a file of that name: a kernel without modules has no list of them. */
  readonly host: string
  readonly pins: readonly PresetPin[]
  readonly links: readonly PresetLinks[]
}

/** Readable by all, as the file of /proc: nothing is in it that its readers may not see there. */
const ALL = 0o444
/** For the owner of the mount alone, as /proc has it for root. */
const OWNER = 0o400

export const PRESETS: Readonly<Record<string, Preset>> = {
  proc: {
    host: '/proc',
    pins: [
      { path: 'net/tcp', program: 'tcp4', mode: ALL },
      { path: 'net/tcp6', program: 'tcp6', mode: ALL },
      { path: 'net/udp', program: 'udp4', mode: ALL },
      { path: 'net/udp6', program: 'udp6', mode: ALL },
      { path: 'net/unix', program: 'unix', mode: ALL },
      { path: 'net/netlink', program: 'netlink', mode: ALL },
      { path: 'net/ipv6_route', program: 'ipv6_route', mode: ALL },
      { path: 'net/route', program: 'ipv4_route', mode: ALL },
      { path: 'net/arp', program: 'neigh', mode: ALL },
      { path: 'net/dev', program: 'netdev', mode: ALL },
      { path: 'kallsyms', program: 'ksym', mode: ALL },
      { path: 'modules', program: 'module', mode: ALL },
      { path: 'slabinfo', program: 'slabinfo', mode: OWNER },
    ],
    links: [
      { host: '/proc', path: '' },
      // Of the thread that follows the link, in its network namespace. /proc/net would lead into itself where `net` lies over it.
      { host: '/proc/thread-self/net', path: 'net' },
    ],
  },
}
