#!/bin/sh
# Installs what is missing: Debian packages (as root), npm packages, and the build. With the argument `test` also what only the tests
# need: two more versions of clang, and the tools that read /proc. Says what it does; run again, it does nothing.
set -eu
cd "$(dirname "$0")/.."

node_major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$node_major" -lt 20 ]; then
  echo "iterfs setup: want Node 20 or newer, got ${node_major}" >&2
  exit 1
fi

# command or file : Debian package
wanted="clang:clang llvm-strip:llvm bpftool:bpftool fusermount3:fuse3 fusermount:fuse3 ip:iproute2 strace:strace python3:python3 setpriv:util-linux cc:gcc"
tools="netstat:net-tools lsof:lsof inotifywait:inotify-tools rsync:rsync less:less tmux:tmux column:bsdextrautils"
exporters="prometheus-node-exporter prometheus-process-exporter"
if [ "${1:-}" = test ]; then
  wanted="$wanted clang-16:clang-16 clang-19:clang-19 $tools"
  for name in $exporters; do wanted="$wanted $name:$name"; done
fi
missing=""
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair##*:}"
done
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
[ -e /usr/include/bpf/bpf_helpers.h ] || missing="$missing libbpf-dev"
[ "${1:-}" != test ] || [ -e /usr/lib/python3/dist-packages/psutil ] || missing="$missing python3-psutil"
ldconfig -p 2>/dev/null | grep -q 'libfuse\.so\.2' || missing="$missing libfuse2"

if [ -n "$missing" ]; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "iterfs setup: apt-get install$missing"
    export DEBIAN_FRONTEND=noninteractive
    # The exporters bring services along, which must not start: only tests run them.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod 755 "$policy"
      trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
    for name in $exporters; do
      case "$missing " in *" $name "*) [ ! -d /run/systemd/system ] || systemctl disable --quiet "$name" ;; esac
    done
  else
    echo "iterfs setup: missing:$missing (install them as root; going on without)"
  fi
fi

stamp=node_modules/.iterfs-lock
if ! cmp -s package-lock.json "$stamp"; then
  echo "iterfs setup: npm ci"
  npm ci --no-audit --no-fund --loglevel=error
  npx tap build # the plugins that package.json names
  cp package-lock.json "$stamp"
fi

if [ ! -e dist/.built ] || [ -n "$(find src mount programs test tsconfig.json package.json -newer dist/.built -print -quit)" ]; then
  echo "iterfs setup: build"
  rm -rf dist
  npm run --silent build
  touch dist/.built
fi
