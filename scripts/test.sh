#!/bin/sh
# npm test: set up, then all tests.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh test
exec npx tap --reporter="${TAP_REPORTER:-terse}" "$@"
