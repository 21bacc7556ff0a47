#!/usr/bin/env bash
# Starts the variant of the image that takes the place of git-sync's with Docker, in the ways in which
# manifests start that: it has to publish a repository each time, and hooks find their tools.
set -euo pipefail

image=${1:?the image}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git init --quiet "$work/repo"
cat >"$work/repo/hook" <<'HOOK'
#!/bin/bash
set -euo pipefail
test "$(git rev-parse HEAD)" = "$GITSYNC_HASH"
for tool in cat curl grep gzip sed socat ssh tar; do command -v "$tool" >/dev/null; done
HOOK
chmod +x "$work/repo/hook"
git -C "$work/repo" add hook
git -C "$work/repo" -c user.name=smoke -c user.email=smoke@example.com commit --quiet -m first
chmod -R a+rX "$work"
oid=$(git -C "$work/repo" rev-parse HEAD)

# Runs it with flags of Docker, up to `--`, and with its own; the link has to lead to the commit.
publishes() {
  local flags=()
  while [ "$1" != -- ]; do
    flags+=("$1")
    shift
  done
  shift
  local volume
  volume=$(docker volume create)
  docker run --rm --cap-drop ALL --volume "$work/repo:/srv/repo:ro" --volume "$volume:/git" \
    "${flags[@]}" "$image" "$@"
  docker run --rm --volume "$volume:/git" --entrypoint readlink "$image" /git/repo |
    grep --quiet "/$oid\$"
  docker volume rm "$volume" >/dev/null
}

publishes -- --repo=file:///srv/repo --one-time --exechook-command=./hook
publishes --entrypoint sh -- -c 'exec /git-sync --repo=/srv/repo --one-time'
publishes --env GIT_SYNC_REPO=/srv/repo --env GIT_SYNC_ONE_TIME=true --
docker image inspect --format "$image: {{.Size}} bytes, published in three ways" "$image"
