// Fields of one line of a recording's manifest: what each may hold, checked when the line is read.

/** What one field holds. */
export interface FieldKind<T> {
  /** For errors: `want ${want}`. */
  readonly want: string
  readonly is: (value: unknown) => value is T
}

/** Kinds of fields by their names. */
export type Kinds = { readonly [name: string]: FieldKind<unknown> }
/** The fields of a line that has these kinds. */
export type FieldsOf<K extends Kinds> = { readonly [N in keyof K]: K[N] extends FieldKind<infer T> ? T : never }

const kind = <T>(want: string, is: (value: unknown) => boolean): FieldKind<T> => ({ want, is: is as FieldKind<T>['is'] })
const isText = (value: unknown): value is string => typeof value === 'string'

export const text = kind<string>('a text', isText)
export const texts = kind<readonly string[]>('a list of texts', value => Array.isArray(value) && value.every(isText))
export const count = kind<number>('a whole number', value => Number.isSafeInteger(value) && (value as number) >= 0)
export const flag = kind<boolean>('true or false', value => typeof value === 'boolean')
export const flagOrNull = kind<boolean | null>('true, false or null', value => value === null || typeof value === 'boolean')
/** A number of up to 64 bits, as text since JSON's numbers are not exact. */
export const decimal = kind<string>('a decimal number in quotes', value => isText(value) && /^-?\d{1,20}$/.test(value))
export const octal = kind<string>('an octal number in quotes', value => isText(value) && /^0[0-7]{0,7}$/.test(value))
export const device = kind<string>('"MAJOR:MINOR"', value => isText(value) && /^\d{1,10}:\d{1,10}$/.test(value))
export const hex = kind<string>('bytes as hex', value => isText(value) && /^([0-9a-f]{2})*$/.test(value))

/**
 * The fields of `line` that `kinds` names.
 * @throws Error `"name": want ..., got ...` for the first that is missing or holds something else
 */
export function fieldsOf<K extends Kinds>(kinds: K, line: Readonly<Record<string, unknown>>): FieldsOf<K> {
  const found: Record<string, unknown> = {}
  for (const [name, { want, is }] of Object.entries(kinds)) {
    const value = Object.hasOwn(line, name) ? line[name] : undefined
    if (!is(value))
      throw new Error(`"${name}": want ${want}, got ${value === undefined ? 'none' : shorten(JSON.stringify(value))}`)
    found[name] = value
  }
  return found as FieldsOf<K>
}

const MOST_SHOWN = 60

/** A text for an error message, cut when it is long. */
export const shorten = (shown: string): string => (shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}...` : shown)
