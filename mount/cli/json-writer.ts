// JSON as bpftool prints it (its json_writer.c): pretty output opens no line inside arrays of plain values, and numbers and hex texts go in as
// they are written, so 64-bit numbers stay exact.

export class JsonWriter {
  readonly #write: (text: string) => void
  readonly #pretty: boolean
  #depth = 0
  #comma = false

  constructor(write: (text: string) => void, pretty: boolean) {
    this.#write = write
    this.#pretty = pretty
  }

  startObject(): void {
    this.#begin('{')
  }

  endObject(): void {
    this.#end('}')
  }

  startArray(): void {
    this.#begin('[')
  }

  endArray(): void {
    this.#end(']')
  }

  /** The name of the value that comes next. */
  name(name: string): void {
    this.#separate()
    this.#line()
    this.#comma = false
    this.#write(`${quote(name)}:${this.#pretty ? ' ' : ''}`)
  }

  /** A value as it stands. */
  raw(text: string): void {
    this.#separate()
    this.#write(text)
  }

  string(text: string): void {
    this.raw(quote(text))
  }

  field(name: string, value: string | number): void {
    this.name(name)
    if (typeof value === 'string') this.string(value)
    else this.raw(`${value}`)
  }

  /** Bytes as `["0x01","0x02"]`. */
  bytes(bytes: Uint8Array): void {
    this.startArray()
    for (const byte of bytes) this.raw(`"0x${byte.toString(16).padStart(2, '0')}"`)
    this.endArray()
  }

  #begin(bracket: string): void {
    this.#separate()
    this.#write(bracket)
    this.#depth++
    this.#comma = false
  }

  #end(bracket: string): void {
    this.#depth--
    if (this.#comma) this.#line()
    this.#write(bracket)
    this.#comma = true
  }

  #separate(): void {
    if (this.#comma) this.#write(',')
    this.#comma = true
  }

  #line(): void {
    if (this.#pretty) this.#write(`\n${'    '.repeat(this.#depth)}`)
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\\': '\\\\', '"': '\\"' }

const quote = (text: string): string => `"${text.replace(/[\t\n\f\r\\"]/g, char => ESCAPES[char]!)}"`
