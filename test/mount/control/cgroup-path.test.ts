import t from 'tap'
import { fdinfoFor, pathFrom, rootOf } from '../../../mount/control/cgroup-path.ts'

t.test('the root of a namespace', t => {
  t.same(rootOf('/a/b/c', '/c'), ['a', 'b'])
  t.same(rootOf('/a/b', '/'), ['a', 'b'])
  t.same(rootOf('/a/b', '/a/b'), [])
  t.same(rootOf('/a/x/y', '/../x/y'), ['a', '..'], 'moved out of it')
  t.end()
})

t.test('paths below a root', t => {
  t.equal(pathFrom(['a', 'b'], '/a/b'), '/')
  t.equal(pathFrom(['a', 'b'], '/a/b/c d'), '/c d')
  t.equal(pathFrom(['a', 'b'], '/a/x'), '/../x')
  t.equal(pathFrom(['a', 'b'], '/'), '/../..')
  t.equal(pathFrom(['a', '..'], '/a/x'), '/../x')
  t.equal(pathFrom([], '/a/x'), '/a/x')
  t.end()
})

t.test('what a caller is told', t => {
  const fdinfo = 'pos:\t0\ncgroup_path:\t/a/b\norder: self_only\n'
  const outside = '4:memory:/m\n0::/a/x:y\n'
  t.equal(fdinfoFor(fdinfo, '', outside, '4:memory:/m\n0::/x:y\n'), fdinfo.replace('/a/b', '/b'))
  t.equal(fdinfoFor(fdinfo, 'memory', outside, '4:memory:/m\n0::/x:y\n'), fdinfo, 'another hierarchy')
  t.equal(fdinfoFor(fdinfo, 'none', outside, '0::/\n'), fdinfo, 'no such hierarchy')
  t.equal(fdinfoFor(fdinfo, '', '', '0::/\n'), fdinfo, 'a caller that is gone')
  t.end()
})
