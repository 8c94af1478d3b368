import t from 'tap'
import { d_path, type Struct } from '../../../src/index.ts'
import { view } from '../../../src/kernel/view.ts'
import { MapsCursor } from '../../../src/sources/maps.ts'
import { SourceSession } from '../../../src/sources/session.ts'
import { TaskSource } from '../../../src/sources/task.ts'
import { fixturePlatform } from '../../support/no-platform.ts'

function cursor(): MapsCursor {
  const task = new TaskSource(new SourceSession(fixturePlatform('6.18'), { denied: () => {} }), 5, 5)
  return new MapsCursor(task, task.dir.read('maps'))
}

t.test('the lines of maps as VMAs', async t => {
  const found: Struct<'vm_area_struct'>[] = []
  const at = cursor()
  for (let vma = at.next(); vma; vma = at.next()) found.push(view('vm_area_struct', vma))
  t.equal(found.length, 9, 'without [vsyscall]')
  t.same(
    found.map(vma => vma.vm_flags),
    [1n, 3n, 3n, 0x8bn, 0x81n, 0n, 1n, 5n, 3n],
  )
  t.same(
    found.map(vma => vma.vm_pgoff),
    [0n, 3n, 0x5555555a0n, 0n, 0n, 0x7ffff0002n, 0n, 0n, 0x7ffffffden],
    'of files that of the file, of memory its address at mmap, 0 for what the kernel maps, STACK_TOP_MAX less the size for the stack',
  )
  t.same(
    found.map(vma => vma.vm_file && d_path(vma.vm_file.f_path)),
    [
      ...['/usr/bin/python3.11', '/usr/bin/python3.11', null, '/dev/zero (deleted)'],
      ...['/tmp/with space\nand line (deleted)', null, null, null, null],
    ],
  )
  t.equal(found[4]!.vm_file?.f_inode?.i_ino, 99n)
  t.equal(found[4]!.vm_file?.f_inode?.i_sb?.s_dev, (0x103 << 20) | 0x0a)
  t.equal(found[4]!.vm_file?.f_path.dentry?.d_name.name, 'with space\nand line')
})

t.test('find gives the first VMA that ends behind the address', async t => {
  const find = (address: bigint): bigint | undefined => cursor().find(address)?.start
  t.equal(find(0n), 0x555555554000n)
  t.equal(find(0x555555554fffn), 0x555555554000n)
  t.equal(find(0x555555555000n), 0x555555558000n, 'the end is not in it')
  t.equal(find(0x7ffffffff000n), undefined)
})
