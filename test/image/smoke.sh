#!/usr/bin/env bash
# Starts an image with Docker, by a user id of no name, on a read-only root file system and
# without any capability: it has to publish a repository, be healthy, and stop cleanly.
set -euo pipefail

image=${1:?the image}
work=$(mktemp -d)
container=

finish() {
  local code=$?
  if [ -n "$container" ]; then
    if [ "$code" -ne 0 ]; then docker logs "$container"; fi
    docker rm --force "$container" >/dev/null
  fi
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

has_published() {
  [[ "$(docker logs "$container" 2>&1)" == *"\"message\":\"published\""*"\"oid\":\"$oid\""* ]]
}

is_healthy() {
  [ "$(docker inspect --format '{{.State.Health.Status}}' "$container")" = healthy ]
}

# Waits until a command succeeds.
await() {
  for _ in {1..60}; do
    if "$@"; then return; fi
    sleep 0.5
  done
  echo "not within 30 s: $*" >&2
  return 1
}

chmod 755 "$work"
git init --quiet "$work/repo"
echo hello >"$work/repo/file"
git -C "$work/repo" add file
git -C "$work/repo" -c user.name=smoke -c user.email=smoke@example.com commit --quiet -m first
oid=$(git -C "$work/repo" rev-parse HEAD)
echo '[{ "path": "/data/site", "repo": "/srv/repo" }]' >"$work/listing.json"

container=$(docker run --detach --read-only --user 12345:0 --cap-drop ALL \
  --security-opt no-new-privileges --tmpfs /data:mode=0770,gid=0 --volume "$work:/srv:ro" \
  --env LISTING_PATH=/srv/listing.json --health-interval 1s "$image")
await has_published
await is_healthy

docker stop -t 10 "$container" >/dev/null
code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
if [ "$code" -ne 0 ]; then
  echo "exit code $code after SIGTERM" >&2
  exit 1
fi
docker image inspect --format "$image: {{.Size}} bytes, published and stopped" "$image"
