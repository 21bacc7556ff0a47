#!/bin/sh
# Runs nginx, and reloads it after each change of the directory its configuration comes from.
# A configuration that nginx does not take changes nothing: the last good one stays in use.
#   reload-nginx.sh /repos/conf -c /etc/nginx/nginx.conf
set -u
# shellcheck source-path=SCRIPTDIR source=generation.sh
. "$(dirname "$0")/generation.sh"
PUBLISHED=$1
shift

# First of all, as the first process of a container is deaf to what it has no trap for. QUIT
# lets nginx finish its requests, TERM does not.
nginx=
trap '[ -z "$nginx" ] || end "$nginx" QUIT TERM; exit $?' TERM INT QUIT

until seen=$(generation) && [ -n "$seen" ]; do pause; done
nginx "$@" -g 'daemon off;' &
nginx=$!

while kill -0 "$nginx" 2>/dev/null; do
  pause
  current=$(generation)
  if [ -n "$current" ] && [ "$current" != "$seen" ]; then
    seen=$current
    nginx "$@" -t -q && kill -HUP "$nginx" && echo "nginx reads $current"
  fi
done
wait "$nginx"
