/**
 * The object that a program is looking at vanished while its fields were read (a task exited, a file was closed).
 * The kernel holds a reference and cannot meet this; the read loop takes back what was printed and skips the object.
 */
export class ObjectGone extends Error {
  constructor(what: string) {
    super(`${what} is gone`)
    this.name = 'ObjectGone'
  }
}
