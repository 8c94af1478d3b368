// The paths of cgroups as a process in a cgroup namespace of its own sees them (cgroup_path_ns).

/** Path of a hierarchy in a text of /proc/PID/cgroup; undefined without a line for it. */
function pathIn(text: string, controllers: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, names, ...path] = line.split(':')
    if (names === controllers) return path.join(':')
  }
  return undefined
}

const namesOf = (path: string): string[] => path.split('/').filter(Boolean)

/**
 * The root of a namespace, from the same cgroup as it is seen outside and inside. A cgroup that lies beside the root is seen with `..` in front; what
 * the folders are called that those lead out of is not to be known then: they get a name that no cgroup has.
 */
export function rootOf(outside: string, inside: string): string[] {
  const names = namesOf(inside)
  const up = names.filter(name => name === '..').length
  const whole = namesOf(outside)
  return [...whole.slice(0, whole.length - (names.length - up)), ...Array<string>(up).fill('..')]
}

/** A path from the root of the hierarchy as it is called below `root`. */
export function pathFrom(root: readonly string[], path: string): string {
  const names = namesOf(path)
  let same = 0
  while (same < root.length && root[same] === names[same]) same++
  return `/${[...root.slice(same).map(() => '..'), ...names.slice(same)].join('/')}`
}

/**
 * A link's fdinfo with the path of its cgroup as a caller sees it.
 * @param outside what this process's /proc/PID/cgroup says of the caller
 * @param inside what the caller's /proc/self/cgroup says
 */
export function fdinfoFor(fdinfo: string, controllers: string, outside: string, inside: string): string {
  const [from, to] = [pathIn(outside, controllers), pathIn(inside, controllers)]
  if (from === undefined || to === undefined || from === to) return fdinfo
  const root = rootOf(from, to)
  return fdinfo.replace(/^(cgroup_path:\t)(.*)$/m, (_line, key: string, path: string) => `${key}${pathFrom(root, path)}`)
}
