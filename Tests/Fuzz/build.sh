#!/bin/bash
# Builds the fuzz targets into Tests/Fuzz/build: each module they need as one object with coverage, then one program per target.
# A target whose source is not there is left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=Tests/Fuzz/build
mkdir -p "$out"
flags=(-O -g -swift-version 6 -sanitize=fuzzer,address -parse-as-library -I "$out"
  -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature ExistentialAny)

# module NAME SOURCES...
module() {
  local name=$1
  shift
  swiftc "${flags[@]}" -wmo -module-name "$name" -emit-module -emit-module-path "$out/$name.swiftmodule" \
    -c "$@" -o "$out/$name.o"
}

# target NAME SOURCE OBJECTS...
target() {
  local name=$1 source=$2
  shift 2
  swiftc "${flags[@]}" -module-name "${name//-/_}_fuzz" -use-ld=lld "$source" "$@" -o "$out/$name"
}

module Timing Sources/Timing/*.swift
module Addressing Sources/Addressing/*.swift
module SIP Sources/SIP/SIPLimits.swift Sources/SIP/Message/*.swift
target sip-message Tests/Fuzz/SIPMessageFuzz.swift "$out"/{Addressing,SIP}.o
target sip-stream Tests/Fuzz/SIPStreamFuzz.swift "$out"/{Addressing,SIP}.o
if [ -e Tests/Fuzz/SDPFuzz.swift ]; then
  module SDP $(find Sources/SDP -name '*.swift' | sort)
  target sdp Tests/Fuzz/SDPFuzz.swift "$out"/{Addressing,SDP}.o
fi
