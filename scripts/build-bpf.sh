#!/bin/sh
# Compiles programs/*.bpf.c to dist/programs/*.bpf.o against iterfs's own vmlinux.h, so that it works on a machine without kernel BTF.
# Without clang or the headers of libbpf it says so and does nothing: iterfs itself needs neither.
set -eu
cd "$(dirname "$0")/.."

if ! command -v clang >/dev/null 2>&1; then
  echo "iterfs build: no clang: programs/*.bpf.c are not compiled"
  exit 0
fi
if [ ! -e /usr/include/bpf/bpf_helpers.h ]; then
  echo "iterfs build: no bpf/bpf_helpers.h (libbpf-dev): programs/*.bpf.c are not compiled"
  exit 0
fi

mkdir -p dist/bpf dist/programs
header=dist/bpf/vmlinux.h
node dist/mount/cli/main.js btf dump --format c >"$header"
for source in programs/*.bpf.c; do
  name=$(basename "$source" .c)
  clang -target bpf -O2 -g -Wall -Werror -I dist/bpf -c "$source" -o "dist/programs/$name.o"
done
