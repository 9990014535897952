#!/usr/bin/env bash
# Run every finding, one after the other, and say which of them still hold.
set -uo pipefail
cd "$(dirname "$0")"
changed=0
for script in *.sh; do
  [ "$script" = run.sh ] && continue
  if output="$("./$script" 2>&1)"; then
    echo "holds    ${script%.sh}"
  else
    changed=1
    echo "CHANGED  ${script%.sh}"
    sed 's/^/         /' <<<"$output" | tail -n 20
  fi
done
exit "$changed"
