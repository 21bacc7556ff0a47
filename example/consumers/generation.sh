# shellcheck shell=sh
# What a program that follows a published directory needs: which commit is in place, to wait
# until that may have changed, and to end what runs. Set PUBLISHED to the entry's path,
# INTERVAL to the seconds after which to look again in any case (2 where it is not set), and
# GRACE to the seconds a program has to end (10 where it is not set).

# Prints the commit in place; nothing while there is none.
generation() {
  if [ -L "$PUBLISHED" ]; then
    basename "$(readlink "$PUBLISHED")"
  elif [ -f "$PUBLISHED/.git-autosync/current" ]; then
    cat "$PUBLISHED/.git-autosync/current"
  fi
}

# Returns when something changed, or after INTERVAL. What is right is what generation says:
# a share that another machine writes to sends no event, and neither does a directory that
# is not there yet.
pause() {
  if [ -L "$PUBLISHED" ]; then
    folder=$(dirname "$PUBLISHED")
  else
    folder=$PUBLISHED/.git-autosync
  fi
  if command -v inotifywait >/dev/null && [ -d "$folder" ]; then
    inotifywait -qq -t "${INTERVAL:-2}" -e moved_to "$folder" && return 0
    # 2 is the end of the time; anything else, such as too many watches, must not spin.
    [ $? -eq 2 ] && return 0
  fi
  sleep "${INTERVAL:-2}"
}

# Ends a child with the first of two signals, or with the second after GRACE, and returns its
# exit code: end "$child" TERM KILL
end() {
  kill "-$2" "$1" 2>/dev/null
  (
    sleep "${GRACE:-10}" &
    sleeper=$!
    trap 'kill "$sleeper" 2>/dev/null; exit' TERM
    wait "$sleeper"
    kill "-$3" "$1" 2>/dev/null
  ) &
  timer=$!
  wait "$1"
  code=$?
  kill "$timer" 2>/dev/null
  return "$code"
}
