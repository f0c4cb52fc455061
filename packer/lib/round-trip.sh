#!/bin/sh
# round-trip.sh DISK FOLDER: a test. DISK is opened and made again, below FOLDER; the bytes have to be the same. The times of the
# second disk are those of the first, so SOURCE_DATE_EPOCH (and ARCHITECTURE) have to be those that DISK was baked with.

lib=$(cd "$(dirname "$0")" && pwd)
. "$lib/bake.sh"
. "$lib/disk.sh"
as_root "$@"
epoch "${SOURCE_DATE_EPOCH:-1767225600}"
ARCHITECTURE=${ARCHITECTURE:-amd64}
original=$(realpath "$1")
work_in "$2"

phase "open: $original"
open_disk "$original" "$work/tree"
phase 'make it again'
make_disk "$work/tree" "$work/disk.raw" $(($(stat -c %s "$original") / mib / 1024))
phase 'compare'
cmp "$original" "$work/disk.raw"
phase ''
say 'the same bytes'
