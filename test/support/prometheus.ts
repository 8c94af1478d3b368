// The text format of Prometheus, read as strictly as its parsers do.

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*",?)*)\} (\d+(?:\.\d+)?)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"/g

/** The metrics of a file. @throws Error for a line that is none, a metric in two places, and a sample that is there twice */
export function exposition(text: string): Family[] {
  if (!text.endsWith('\n')) throw new Error(`want a newline at the end, got ${JSON.stringify(text.slice(-20))}`)
  if (/[^\n\x20-\x7e]/.test(text)) throw new Error('want printable ASCII')
  const families: { name: string; type: string; help: string; samples: Family['samples'][number][] }[] = []
  const seen = new Set<string>()
  const fail = (line: string, why: string): never => {
    throw new Error(`${why}: ${line}`)
  }
  for (const line of text.slice(0, -1).split('\n')) {
    const help = HELP.exec(line)
    const type = TYPE.exec(line)
    const sample = SAMPLE.exec(line)
    const last = families.at(-1)
    if (help) {
      if (families.some(({ name }) => name === help[1])) fail(line, 'a metric in two places')
      families.push({ name: help[1]!, type: '', help: help[2]!, samples: [] })
    } else if (type) {
      if (!last || last.name !== type[1] || last.type !== '' || last.samples.length > 0) fail(line, 'TYPE in the wrong place')
      else last.type = type[2]!
    } else if (sample) {
      if (!last || last.name !== sample[1] || last.type === '') fail(line, 'a sample of another metric')
      const labels = Object.fromEntries([...sample[2]!.matchAll(LABEL)].map(([, name, value]) => [name, unescaped(value!)]))
      const key = `${sample[1]} ${JSON.stringify(labels, Object.keys(labels).sort())}`
      if (seen.has(key)) fail(line, 'a sample that was there before')
      seen.add(key)
      last!.samples.push({ labels, value: Number(sample[3]) })
    } else fail(line, 'no line of the format')
  }
  return families
}

const unescaped = (text: string): string => text.replace(/\\([\\"n])/g, (_all, char: string) => (char === 'n' ? '\n' : char))
