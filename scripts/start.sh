#!/bin/sh
# npm start: set up, mount with the files that tools know from /proc, pin more of the shipped iterators, show some being read.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
iterfs="node dist/mount/cli/main.js"
dir=${ITERFS_DIR:-${XDG_RUNTIME_DIR:-/tmp}/iterfs}

mkdir -p "$dir" 2>/dev/null || true
if [ -e "$dir/.iterfs/ctl" ]; then
  echo "iterfs is mounted on $dir already"
else
  echo "+ iterfs mount --preset proc $dir"
  $iterfs mount --preset proc "$dir"
fi
for program in task task_file task_vma fs_type; do
  [ -e "$dir/$program" ] && continue
  echo "+ iterfs pin programs/$program.ts $dir/$program"
  $iterfs pin "programs/$program.ts" "$dir/$program"
done
mkdir -p "$dir/bpf"
for program in task task_file task_vma task_stack task_tree; do
  object=dist/programs/$program.bpf.o
  [ -e "$object" ] || continue # without clang they are not compiled
  [ -e "$dir/bpf/$program" ] && continue
  echo "+ iterfs pin $object $dir/bpf/$program"
  $iterfs pin "$object" "$dir/bpf/$program"
done
echo "+ ls -l $dir $dir/net $dir/bpf # without the links to the rest of /proc"
ls -l "$dir" "$dir/net" "$dir/bpf" | grep -v -e '->' -e '^total'
echo "+ head -n 8 $dir/task"
head -n 8 "$dir/task" 2>/dev/null
if command -v ss >/dev/null 2>&1; then
  echo "+ PROC_ROOT=$dir ss -tuna | head -n 8"
  PROC_ROOT=$dir ss -tuna | head -n 8
fi
echo
echo "Read the others with cat; rm unpins; end with: npx iterfs umount $dir"
