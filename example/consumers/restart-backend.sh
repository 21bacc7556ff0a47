#!/bin/sh
# Runs a program, and starts it again after each change of the directory it runs from.
# Where the program ends by itself, so does this script, with the same exit code.
#   restart-backend.sh /repos/app python3 /repos/app/main.py
set -u
# shellcheck source-path=SCRIPTDIR source=generation.sh
. "$(dirname "$0")/generation.sh"
PUBLISHED=$1
shift

# First of all, as the first process of a container is deaf to what it has no trap for.
backend=
trap '[ -z "$backend" ] || end "$backend" TERM KILL; exit $?' TERM INT

until seen=$(generation) && [ -n "$seen" ]; do pause; done
"$@" &
backend=$!

while kill -0 "$backend" 2>/dev/null; do
  pause
  current=$(generation)
  if [ -n "$current" ] && [ "$current" != "$seen" ]; then
    echo "restarting with $current"
    seen=$current
    end "$backend" TERM KILL
    "$@" &
    backend=$!
  fi
done
wait "$backend"
