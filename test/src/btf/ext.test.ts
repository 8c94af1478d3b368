import t from 'tap'
import { CORE_RELO_KINDS, parseBtfExt } from '../../../src/btf/ext.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import { info, rawBtf, typeObjects } from '../../support/btf-objects.ts'

const BTF = parseBtf(rawBtf(['int', info(1), 4, 0x0100_0020, 'file.c', info(8), 1, 'int x;', info(8), 1, '0:1', info(8), 1]))
/** Places of the names above. */
const [, FILE, TEXT, ACCESS] = [...BTF.source!.names]

/** Words as bytes; the first is the magic number with version and flags. */
const bytesOf = (words: readonly (number | undefined)[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(words, word => word ?? 0).buffer)
const MAGIC = 0x0001_eb9f

t.test('records of each table', t => {
  const funcs = [8, FILE, 1, 16, 1]
  const lines = [16, FILE, 2, 0, FILE, TEXT, (12 << 10) | 7, 8, FILE, 0, 0]
  const relos = [16, FILE, 1, 8, 2, ACCESS, 12]
  const header = [MAGIC, 32, 0, 20, 20, 44, 64, 28]
  t.same(parseBtfExt(bytesOf([...header, ...funcs, ...lines, ...relos]), BTF), {
    funcs: new Map([['file.c', [{ insnOff: 16, typeId: 1 }]]]),
    lines: new Map([
      [
        'file.c',
        [
          { insnOff: 0, fileName: 'file.c', lineText: 'int x;', line: 12, col: 7 },
          { insnOff: 8, fileName: 'file.c', lineText: '', line: 0, col: 0 },
        ],
      ],
    ]),
    relos: new Map([['file.c', [{ insnOff: 8, typeId: 2, accessStr: '0:1', kind: 'type_matches' }]]]),
  })
  t.end()
})

t.test('headers and records that are longer, and one that is shorter', t => {
  const records = [12, FILE, 1, 16, 1, 99]
  const ext = parseBtfExt(bytesOf([MAGIC, 40, 0, 24, 0, 0, 0, 0, 77, 77, ...records]), BTF)
  t.same(ext.funcs, new Map([['file.c', [{ insnOff: 16, typeId: 1 }]]]))
  t.same(parseBtfExt(bytesOf([MAGIC, 24, 0, 20, 0, 0, 8, FILE, 1, 0, 1]), BTF).relos, new Map(), 'no CO-RE in the header')
  t.end()
})

const HOSTILE: Record<string, [words: readonly (number | undefined)[], code: string, text: RegExp]> = {
  nothing: [[], 'short', /^\.BTF\.ext at 0: want 24 bytes, 0 are there$/],
  'no magic': [[1, 24, 0, 0, 0, 0], 'magic', /0xeb9f/],
  'big-endian': [[0x0100_9feb, 24, 0, 0, 0, 0], 'magic', /big-endian/],
  'version 9': [[0x0009_eb9f, 24, 0, 0, 0, 0], 'version', /got 9/],
  'a short header': [[MAGIC, 16, 0, 0, 0, 0], 'header', /24 bytes or more, got 16/],
  'a header behind the end': [[MAGIC, 100, 0, 0, 0, 0], 'short', /want 100 bytes, 24 are there/],
  'a table behind the end': [[MAGIC, 24, 0, 400, 0, 0], 'part', /func_info of 400 bytes at 24/],
  'a table at an odd place': [[MAGIC, 24, 1, 3, 0, 0, 0], 'part', /not aligned/],
  'a table without a record size': [[MAGIC, 24, 0, 2, 0, 0, 8], 'short', /want 4 bytes, 2/],
  'records of 4 bytes': [[MAGIC, 24, 0, 4, 0, 0, 4], 'record', /want func_info records of 8 bytes or more/],
  'records of 10 bytes': [[MAGIC, 24, 0, 4, 0, 0, 10], 'record', /got 10/],
  'half a section': [[MAGIC, 24, 0, 8, 0, 0, 8, FILE], 'short', /at 28: want 8 bytes, 4/],
  'more records than there are': [[MAGIC, 24, 0, 20, 0, 0, 8, FILE, 0x2000_0000, 0, 1], 'short', /at 36/],
  'a name behind the end': [[MAGIC, 24, 0, 20, 0, 0, 8, 1000, 1, 0, 1], 'string', /string 1000/],
  'a type that there is not': [[MAGIC, 24, 0, 20, 0, 0, 8, FILE, 1, 0, 5], 'ref', /at 40: refers to type 5, there are 5/],
  'half an instruction': [[MAGIC, 24, 0, 20, 0, 0, 8, FILE, 1, 4, 1], 'insn', /multiple of 8 as instruction offset, got 4/],
  'an unknown relocation': [[MAGIC, 32, 0, 0, 0, 0, 0, 28, 16, FILE, 1, 0, 1, ACCESS, 13], 'relo', /kind 13/],
}

t.test('what is hostile is refused', t => {
  for (const [what, [words, code, message]] of Object.entries(HOSTILE))
    t.throws(() => parseBtfExt(bytesOf(words), BTF), { name: 'BpfError', code, message }, what)
  t.end()
})

t.test('objects of three compilers', async t => {
  for (const { name, btf, ext } of await typeObjects()) {
    const types = parseBtf(btf)
    const { funcs, lines, relos } = parseBtfExt(ext, types)
    t.same([...funcs.keys()].sort(), ['.text', 'iter/task'], name)
    const [program] = funcs.get('iter/task')!
    t.match(types.types[program!.typeId], { kind: 'func', name: 'program' })
    t.equal(program!.insnOff, 0)
    const texts = lines.get('iter/task')!.map(({ lineText }) => lineText.trim())
    t.ok(texts.includes('return helper(ctx, target_pid) + in_data;'), texts.join('\n'))
    t.ok(lines.get('.text')!.every(({ fileName, line }) => fileName.endsWith('btf_types.bpf.c') && line > 0))
    t.equal(relos.size, 0, 'no CO-RE without the attribute')
  }
})

t.test('relocation kinds in the order of their numbers', t => {
  t.equal(CORE_RELO_KINDS.length, 13)
  t.equal(CORE_RELO_KINDS[12], 'type_matches')
  t.equal(CORE_RELO_KINDS[7], 'type_id_target')
  t.end()
})
