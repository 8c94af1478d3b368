// The public names of iterfs.

export type { LoadOptions } from './api/core.ts'
export { SyscallError } from './api/error.ts'
export type { IterLink, IterOptions } from './api/link.ts'
export type { ObjectMap, RawMap, UpdateFlag } from './api/map.ts'
export { type BpfObject, type OpenOptions, openObject } from './api/object.ts'
export type { ObjectProg } from './api/prog.ts'
export { type SkeletonOptions, skeleton } from './api/skeleton.ts'
export type {
  AnyTypes,
  CgroupParams,
  Globals,
  Input,
  IterParams,
  MapParams,
  ObjectTypes,
  ParamsOf,
  TargetParams,
  TaskParams,
} from './api/types.ts'
export { compileWasm } from './bpf/compile.ts'
export type {
  BpfEngineOptions,
  LoadedObject,
  LoadedProg,
  MapAnswer,
  MapCreate,
  MapRequest,
  ObjectLoad,
} from './bpf/engine.ts'
export { type KernelTypes, kernelTypes } from './bpf/kernel-types.ts'
export { encodeBtf } from './btf/encode.ts'
export { formatC } from './btf/format-c.ts'
export { formatRaw } from './btf/format-raw.ts'
export { parseBtf } from './btf/parse.ts'
export { sizeOrNull, skipQualifiers, typeOf } from './btf/query.ts'
export type { Btf, BtfType } from './btf/types.ts'
export type { BtfValue } from './btf/value.ts'
export { parseElf } from './elf/parse.ts'
export { type Attached, Engine, type FoundProg, fileKind, type Progress, type Replay } from './engine.ts'
export { bpf_seq_printf, bpf_snprintf, type FmtArg, type FmtEnv } from './helpers/bprintf.ts'
export { setPointerKey } from './helpers/bprintf-args.ts'
export type { IterAux, IterLinkInfo, LinkInfo } from './iter/link.ts'
export {
  BPF_ITER_RESCHED,
  bpf_iter_reg_target,
  type CtxArgInfo,
  findTarget,
  type IterReg,
  listTargets,
  type Opener,
  type SeqInfo,
} from './iter/reg.ts'
export { type IterMeta, IterSession, MAX_ITER_OBJECTS, type RunProg } from './iter/session.ts'
export type { KernelStructs } from './kernel/structs.ts'
export type { Struct } from './kernel/types.ts'
export {
  bpf_skc_to_tcp_request_sock,
  bpf_skc_to_tcp_sock,
  bpf_skc_to_tcp_timewait_sock,
  bpf_skc_to_tcp6_sock,
  bpf_skc_to_udp6_sock,
  d_path,
  type FieldDoc,
  listFields,
  listStructs,
} from './kernel/view.ts'
export type { MapInfo } from './maps/map.ts'
export { type MapType, mapType, mapTypeByName } from './maps/types.ts'
export {
  BPF_F_REPLACE,
  type Link,
  linkFdinfo,
  linkInfo,
  ObjectStore,
  type Pinnable,
  type Prog,
  pinNumber,
  pinnedAs,
  type StoredMap,
} from './objects/store.ts'
export { nodePlatform } from './platform/node.ts'
export type { Dir, FileStat, Platform } from './platform/platform.ts'
export { checkEmpty, Recorder } from './platform/record.ts'
export { Recording, type RecordingHooks } from './platform/recorded.ts'
export { DEBUG_PROGS, type DebugProg } from './program/debug.ts'
export { type Ctx, hookModules, type Iter, type Meta, type Seq } from './program/module.ts'
export { visitor } from './program/visit.ts'
export { SeqFile } from './seq/seq-file.ts'
export type { CtxArgs, SeqOperations } from './seq/seq-operations.ts'
export { placeOfFd } from './sources/cgroup.ts'
export { pidOfPidfd } from './sources/descriptor.ts'
export type { IterContexts } from './targets/contexts.ts'
export type { ObjectsView } from './targets/objects.ts'
export { registerTargets } from './targets/register.ts'
export { ADDRESS, type Addressed } from './util/address.ts'
export { encodeText, isElf } from './util/bytes.ts'
export * from './util/errno.ts'
export { BpfError } from './util/error.ts'
export { ObjectGone } from './util/object-gone.ts'
export type { Compile } from './vm/engine.ts'
export { compileInterpreter } from './vm/interpreter.ts'
export { runStandalone } from './vm/standalone.ts'
