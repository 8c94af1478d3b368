// The kfuncs of Linux 6.18 that iterators may call, with their prototypes as `bpftool btf dump format c` prints them for vmlinux: our BTF is made of them,
// and programs are bound to them by name (test/src/helpers/kfuncs.test.ts asks the kernel which they are).
import type { RetKind } from '../vm/engine.ts'

/** KF_* flags of a kfunc's row in its btf_kfunc_id_set. */
export type KfuncFlag =
  | 'acquire'
  | 'release'
  | 'ret_null'
  | 'trusted_args'
  | 'sleepable'
  | 'rcu'
  | 'rcu_protected'
  | 'iter_new'
  | 'iter_next'
  | 'iter_destroy'

export interface KfuncProto {
  /** As C declares it, without a semicolon. */
  readonly proto: string
  /** How what it returns becomes r0. */
  readonly r0: RetKind
  readonly flags?: readonly KfuncFlag[]
}

/** Every kfunc that programs may call here. */
export const KFUNCS = {
  bpf_rdonly_cast: { proto: 'void *bpf_rdonly_cast(const void *obj__ign, u32 btf_id__k)', r0: 'u64' },
  bpf_cast_to_kern_ctx: { proto: 'void *bpf_cast_to_kern_ctx(void *obj)', r0: 'u64' },
  bpf_rcu_read_lock: { proto: 'void bpf_rcu_read_lock(void)', r0: 'void' },
  bpf_rcu_read_unlock: { proto: 'void bpf_rcu_read_unlock(void)', r0: 'void' },
  bpf_preempt_disable: { proto: 'void bpf_preempt_disable(void)', r0: 'void' },
  bpf_preempt_enable: { proto: 'void bpf_preempt_enable(void)', r0: 'void' },
  bpf_local_irq_save: { proto: 'void bpf_local_irq_save(long unsigned int *flags__irq_flag)', r0: 'void' },
  bpf_local_irq_restore: { proto: 'void bpf_local_irq_restore(long unsigned int *flags__irq_flag)', r0: 'void' },
  bpf_res_spin_lock: { proto: 'int bpf_res_spin_lock(struct bpf_res_spin_lock *lock)', r0: 'int' },
  bpf_res_spin_unlock: { proto: 'void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock)', r0: 'void' },
  bpf_res_spin_lock_irqsave: {
    proto: 'int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, long unsigned int *flags__irq_flag)',
    r0: 'int',
  },
  bpf_res_spin_unlock_irqrestore: {
    proto: 'void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, long unsigned int *flags__irq_flag)',
    r0: 'void',
  },
  bpf_iter_num_new: {
    proto: 'int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)',
    r0: 'int',
    flags: ['iter_new'],
  },
  bpf_iter_num_next: { proto: 'int *bpf_iter_num_next(struct bpf_iter_num *it)', r0: 'mem', flags: ['iter_next', 'ret_null'] },
  bpf_iter_num_destroy: { proto: 'void bpf_iter_num_destroy(struct bpf_iter_num *it)', r0: 'void', flags: ['iter_destroy'] },
  bpf_iter_bits_new: {
    proto: 'int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *unsafe_ptr__ign, u32 nr_words)',
    r0: 'int',
    flags: ['iter_new'],
  },
  bpf_iter_bits_next: { proto: 'int *bpf_iter_bits_next(struct bpf_iter_bits *it)', r0: 'mem', flags: ['iter_next', 'ret_null'] },
  bpf_iter_bits_destroy: { proto: 'void bpf_iter_bits_destroy(struct bpf_iter_bits *it)', r0: 'void', flags: ['iter_destroy'] },
  bpf_iter_task_new: {
    proto: 'int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task__nullable, unsigned int flags)',
    r0: 'int',
    flags: ['iter_new', 'trusted_args', 'rcu_protected'],
  },
  bpf_iter_task_next: {
    proto: 'struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it)',
    r0: 'u64',
    flags: ['iter_next', 'ret_null'],
  },
  bpf_iter_task_destroy: { proto: 'void bpf_iter_task_destroy(struct bpf_iter_task *it)', r0: 'void', flags: ['iter_destroy'] },
  bpf_iter_css_new: {
    proto: 'int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start, unsigned int flags)',
    r0: 'int',
    flags: ['iter_new', 'trusted_args', 'rcu_protected'],
  },
  bpf_iter_css_next: {
    proto: 'struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it)',
    r0: 'u64',
    flags: ['iter_next', 'ret_null'],
  },
  bpf_iter_css_destroy: { proto: 'void bpf_iter_css_destroy(struct bpf_iter_css *it)', r0: 'void', flags: ['iter_destroy'] },
  bpf_iter_css_task_new: {
    proto: 'int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *css, unsigned int flags)',
    r0: 'int',
    flags: ['iter_new', 'trusted_args'],
  },
  bpf_iter_css_task_next: {
    proto: 'struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it)',
    r0: 'u64',
    flags: ['iter_next', 'ret_null'],
  },
  bpf_iter_css_task_destroy: {
    proto: 'void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it)',
    r0: 'void',
    flags: ['iter_destroy'],
  },
  bpf_iter_task_vma_new: {
    proto: 'int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, u64 addr)',
    r0: 'int',
    flags: ['iter_new', 'rcu'],
  },
  bpf_iter_task_vma_next: {
    proto: 'struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it)',
    r0: 'u64',
    flags: ['iter_next', 'ret_null'],
  },
  bpf_iter_task_vma_destroy: {
    proto: 'void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it)',
    r0: 'void',
    flags: ['iter_destroy'],
  },
  bpf_task_acquire: {
    proto: 'struct task_struct *bpf_task_acquire(struct task_struct *p)',
    r0: 'u64',
    flags: ['acquire', 'rcu', 'ret_null'],
  },
  bpf_task_release: { proto: 'void bpf_task_release(struct task_struct *p)', r0: 'void', flags: ['release'] },
  bpf_task_from_pid: { proto: 'struct task_struct *bpf_task_from_pid(s32 pid)', r0: 'u64', flags: ['acquire', 'ret_null'] },
  bpf_task_from_vpid: { proto: 'struct task_struct *bpf_task_from_vpid(s32 vpid)', r0: 'u64', flags: ['acquire', 'ret_null'] },
  bpf_task_under_cgroup: {
    proto: 'long int bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor)',
    r0: 'int',
    flags: ['rcu'],
  },
  bpf_cgroup_acquire: {
    proto: 'struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp)',
    r0: 'u64',
    flags: ['acquire', 'rcu', 'ret_null'],
  },
  bpf_cgroup_release: { proto: 'void bpf_cgroup_release(struct cgroup *cgrp)', r0: 'void', flags: ['release'] },
  bpf_cgroup_ancestor: {
    proto: 'struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level)',
    r0: 'u64',
    flags: ['acquire', 'rcu', 'ret_null'],
  },
  bpf_cgroup_from_id: { proto: 'struct cgroup *bpf_cgroup_from_id(u64 cgid)', r0: 'u64', flags: ['acquire', 'ret_null'] },
  bpf_map_sum_elem_count: { proto: 's64 bpf_map_sum_elem_count(const struct bpf_map *map)', r0: 'int', flags: ['trusted_args'] },
  bpf_get_kmem_cache: { proto: 'struct kmem_cache *bpf_get_kmem_cache(u64 addr)', r0: 'u64', flags: ['ret_null'] },
  css_rstat_updated: { proto: 'void css_rstat_updated(struct cgroup_subsys_state *css, int cpu)', r0: 'void' },
  css_rstat_flush: { proto: 'void css_rstat_flush(struct cgroup_subsys_state *css)', r0: 'void', flags: ['sleepable'] },
  bpf_strcmp: { proto: 'int bpf_strcmp(const char *s1__ign, const char *s2__ign)', r0: 'int' },
  bpf_strcasecmp: { proto: 'int bpf_strcasecmp(const char *s1__ign, const char *s2__ign)', r0: 'int' },
  bpf_strchr: { proto: 'int bpf_strchr(const char *s__ign, char c)', r0: 'int' },
  bpf_strchrnul: { proto: 'int bpf_strchrnul(const char *s__ign, char c)', r0: 'int' },
  bpf_strnchr: { proto: 'int bpf_strnchr(const char *s__ign, size_t count, char c)', r0: 'int' },
  bpf_strrchr: { proto: 'int bpf_strrchr(const char *s__ign, int c)', r0: 'int' },
  bpf_strlen: { proto: 'int bpf_strlen(const char *s__ign)', r0: 'int' },
  bpf_strnlen: { proto: 'int bpf_strnlen(const char *s__ign, size_t count)', r0: 'int' },
  bpf_strspn: { proto: 'int bpf_strspn(const char *s__ign, const char *accept__ign)', r0: 'int' },
  bpf_strcspn: { proto: 'int bpf_strcspn(const char *s__ign, const char *reject__ign)', r0: 'int' },
  bpf_strstr: { proto: 'int bpf_strstr(const char *s1__ign, const char *s2__ign)', r0: 'int' },
  bpf_strnstr: { proto: 'int bpf_strnstr(const char *s1__ign, const char *s2__ign, size_t len)', r0: 'int' },
  bpf_dynptr_adjust: { proto: 'int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end)', r0: 'int' },
  bpf_dynptr_is_null: { proto: 'bool bpf_dynptr_is_null(const struct bpf_dynptr *p)', r0: 'int' },
  bpf_dynptr_is_rdonly: { proto: 'bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p)', r0: 'int' },
  bpf_dynptr_size: { proto: '__u32 bpf_dynptr_size(const struct bpf_dynptr *p)', r0: 'int' },
  bpf_dynptr_clone: { proto: 'int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit)', r0: 'int' },
  bpf_dynptr_copy: {
    proto: 'int bpf_dynptr_copy(struct bpf_dynptr *dst_ptr, u32 dst_off, struct bpf_dynptr *src_ptr, u32 src_off, u32 size)',
    r0: 'int',
  },
  bpf_dynptr_memset: { proto: 'int bpf_dynptr_memset(struct bpf_dynptr *p, u32 offset, u32 size, u8 val)', r0: 'int' },
  bpf_dynptr_slice: {
    proto: 'void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer__opt, u32 buffer__szk)',
    r0: 'mem',
    flags: ['ret_null'],
  },
  bpf_dynptr_slice_rdwr: {
    proto: 'void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 offset, void *buffer__opt, u32 buffer__szk)',
    r0: 'mem',
    flags: ['ret_null'],
  },
  bpf_probe_read_kernel_dynptr: {
    proto: 'int bpf_probe_read_kernel_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign)',
    r0: 'int',
  },
  bpf_probe_read_kernel_str_dynptr: {
    proto: 'int bpf_probe_read_kernel_str_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign)',
    r0: 'int',
  },
  bpf_probe_read_user_dynptr: {
    proto: 'int bpf_probe_read_user_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign)',
    r0: 'int',
  },
  bpf_probe_read_user_str_dynptr: {
    proto: 'int bpf_probe_read_user_str_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign)',
    r0: 'int',
  },
  bpf_copy_from_user_dynptr: {
    proto: 'int bpf_copy_from_user_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign)',
    r0: 'int',
    flags: ['sleepable'],
  },
  bpf_copy_from_user_str_dynptr: {
    proto: 'int bpf_copy_from_user_str_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign)',
    r0: 'int',
    flags: ['sleepable'],
  },
  bpf_copy_from_user_task_dynptr: {
    proto:
      'int bpf_copy_from_user_task_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign, struct task_struct *tsk)',
    r0: 'int',
    flags: ['sleepable', 'trusted_args'],
  },
  bpf_copy_from_user_task_str_dynptr: {
    proto:
      'int bpf_copy_from_user_task_str_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign, struct task_struct *tsk)',
    r0: 'int',
    flags: ['sleepable', 'trusted_args'],
  },
  bpf_copy_from_user_str: {
    proto: 'int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags)',
    r0: 'int',
    flags: ['sleepable'],
  },
  bpf_copy_from_user_task_str: {
    proto:
      'int bpf_copy_from_user_task_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, struct task_struct *tsk, u64 flags)',
    r0: 'int',
    flags: ['sleepable'],
  },
  bpf_stream_vprintk_impl: {
    proto: 'int bpf_stream_vprintk_impl(int stream_id, const char *fmt__str, const void *args, u32 len__sz, void *aux__prog)',
    r0: 'int',
    flags: ['trusted_args'],
  },
} as const satisfies Readonly<Record<string, KfuncProto>>

export type KfuncName = keyof typeof KFUNCS

/** Kfuncs that the kernel gives to iterators and that are not in KFUNCS, by the reason. They are not in our BTF, so that weak references to them are 0. */
export const MISSING_KFUNCS: Readonly<Record<string, readonly string[]>> = {
  'objects of programs (bpf_obj_new) and their lists and trees are not supported': [
    'bpf_obj_new_impl',
    'bpf_obj_drop_impl',
    'bpf_percpu_obj_new_impl',
    'bpf_percpu_obj_drop_impl',
    'bpf_refcount_acquire_impl',
    'bpf_list_push_front_impl',
    'bpf_list_push_back_impl',
    'bpf_list_pop_front',
    'bpf_list_pop_back',
    'bpf_list_front',
    'bpf_list_back',
    'bpf_rbtree_add_impl',
    'bpf_rbtree_first',
    'bpf_rbtree_left',
    'bpf_rbtree_remove',
    'bpf_rbtree_right',
    'bpf_rbtree_root',
  ],
  'CPU masks of programs are not supported': [
    'bpf_cpumask_acquire',
    'bpf_cpumask_and',
    'bpf_cpumask_any_and_distribute',
    'bpf_cpumask_any_distribute',
    'bpf_cpumask_clear',
    'bpf_cpumask_clear_cpu',
    'bpf_cpumask_copy',
    'bpf_cpumask_create',
    'bpf_cpumask_empty',
    'bpf_cpumask_equal',
    'bpf_cpumask_first',
    'bpf_cpumask_first_and',
    'bpf_cpumask_first_zero',
    'bpf_cpumask_full',
    'bpf_cpumask_intersects',
    'bpf_cpumask_or',
    'bpf_cpumask_populate',
    'bpf_cpumask_release',
    'bpf_cpumask_set_cpu',
    'bpf_cpumask_setall',
    'bpf_cpumask_subset',
    'bpf_cpumask_test_and_clear_cpu',
    'bpf_cpumask_test_and_set_cpu',
    'bpf_cpumask_test_cpu',
    'bpf_cpumask_weight',
    'bpf_cpumask_xor',
  ],
  'arenas are not supported': ['bpf_arena_alloc_pages', 'bpf_arena_free_pages', 'bpf_arena_reserve_pages'],
  'nothing runs outside of a read: there are no work queues and no task work': [
    'bpf_wq_init',
    'bpf_wq_set_callback_impl',
    'bpf_wq_start',
    'bpf_task_work_schedule_resume_impl',
    'bpf_task_work_schedule_signal_impl',
  ],
  'exceptions unwind the stack of the kernel': ['bpf_throw'],
  'processes and sockets would be changed from outside the kernel': ['bpf_send_signal_task', 'bpf_sock_destroy'],
  'keys of the kernel cannot be reached from outside': ['bpf_lookup_user_key', 'bpf_lookup_system_key', 'bpf_key_put'],
  'extended attributes of cgroups are not read': ['bpf_cgroup_read_xattr'],
  'hierarchies of cgroup v1 are not served': ['bpf_task_get_cgroup1'],
  'slab caches and dma-bufs are seen by their own targets only': [
    'bpf_iter_kmem_cache_new',
    'bpf_iter_kmem_cache_next',
    'bpf_iter_kmem_cache_destroy',
    'bpf_iter_dmabuf_new',
    'bpf_iter_dmabuf_next',
    'bpf_iter_dmabuf_destroy',
  ],
  'iterators have no packets': [
    'bpf_dynptr_from_skb',
    'bpf_xdp_metadata_rx_hash',
    'bpf_xdp_metadata_rx_timestamp',
    'bpf_xdp_metadata_rx_vlan_tag',
  ],
  'it is a test of the kernel': [
    'bpf_modify_return_test_tp',
    'bpf_kfunc_call_test_release',
    'bpf_kfunc_call_memb_release',
    '__bpf_trap',
  ],
}

/** Names of the parameters: their number is what counts. */
const paramsOf = (proto: string): readonly string[] => {
  const list = /\(([^)]*)\)$/.exec(proto)?.[1] ?? ''
  return list === 'void' ? [] : list.split(', ')
}

/** How many of r1 to r5 a kfunc takes. */
export const kfuncArgCount = ({ proto }: KfuncProto): number => paramsOf(proto).length

/** What the BTF is made of: names and C declarations of the kfuncs. */
export const listKfuncs = (): { readonly name: string; readonly proto: string }[] =>
  Object.entries(KFUNCS).map(([name, { proto }]) => ({ name, proto }))
