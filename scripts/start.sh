#!/bin/sh
# npm start: set up, mount, pin the shipped iterators, show one being read.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
iterfs="node dist/mount/cli/main.js"
dir=${ITERFS_DIR:-${XDG_RUNTIME_DIR:-/tmp}/iterfs}

mkdir -p "$dir" 2>/dev/null || true
if [ -e "$dir/.iterfs/ctl" ]; then
  echo "iterfs is mounted on $dir already"
else
  echo "+ iterfs mount $dir"
  $iterfs mount "$dir"
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
echo "+ ls -l $dir $dir/bpf"
ls -l "$dir" "$dir/bpf"
echo "+ head -n 8 $dir/task"
head -n 8 "$dir/task" 2>/dev/null
echo
echo "Read the others with cat; rm unpins; end with: npx iterfs umount $dir"
