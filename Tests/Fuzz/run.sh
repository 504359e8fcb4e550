#!/bin/bash
# Usage: run.sh SECONDS. Builds the fuzz targets, replays every crash ever found (crashes/TARGET/*), then runs each target for that time.
# Non-zero when anything crashed; the input is left in crashes/TARGET/ and stays there as a regression.
set -euo pipefail
seconds=${1:?usage: run.sh SECONDS}
here=$(cd "$(dirname "$0")" && pwd)
bash "$here/build.sh"
# A backtracer can hang on a dead fuzzer and outlive any time limit.
export SWIFT_BACKTRACE=enable=no
# Leak detection needs ptrace, which containers deny.
export ASAN_OPTIONS=detect_leaks=0
status=0
for target in sip-message sip-stream sdp; do
  program=$here/build/$target
  [ -x "$program" ] || continue
  crashes=$here/crashes/$target
  found=$here/build/found-$target
  mkdir -p "$crashes" "$found"
  old=("$crashes"/*)
  if [ -e "${old[0]}" ]; then
    "$program" "${old[@]}" 2>"$here/build/$target.log" || {
      tail -n 20 "$here/build/$target.log"
      echo "$target: an old crash is back; replay with $program FILE"
      status=1
    }
  fi
  options=(-max_total_time="$seconds" -max_len=8192 -timeout=10 -artifact_prefix="$crashes/" -print_final_stats=1)
  [ -e "$here/$target.dict" ] && options+=(-dict="$here/$target.dict")
  if "$program" "${options[@]}" "$found" "$here/corpus/$target" 2>"$here/build/$target.log"; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$here/build/$target.log") inputs, no crash"
  else
    tail -n 30 "$here/build/$target.log"
    echo "$target: crashed; the input is in $crashes"
    status=1
  fi
done
exit $status
