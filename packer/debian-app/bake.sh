#!/bin/sh
# Bakes the app layer on a base image. The template next to this file passes the variables: BASE_IMAGE SERVICE_BINARY
# ARCHITECTURE SOURCE_DATE_EPOCH DISK_SIZE_GIB IMAGE.

here=$(cd "$(dirname "$0")" && pwd)
lib=$here/../lib
. "$lib/bake.sh"
. "$lib/clean.sh"
. "$lib/disk.sh"
as_root "$@"
need sfdisk fdisk debugfs e2fsprogs mkfs.vfat dosfstools mcopy mtools
whole disk_size_gib "$DISK_SIZE_GIB"
epoch "$SOURCE_DATE_EPOCH"
firmware_names "$ARCHITECTURE"
[ -f "$BASE_IMAGE" ] || fail "base_image is '$BASE_IMAGE': there is no such file"
[ -f "$SERVICE_BINARY" ] || fail "service_binary is '$SERVICE_BINARY': there is no such file"
[ "$(head -c 4 "$SERVICE_BINARY" | tail -c 3)" = ELF ] || fail "service_binary is '$SERVICE_BINARY', which is no executable"
base=$(realpath "$BASE_IMAGE")
binary=$(realpath "$SERVICE_BINARY")
work_in "$(dirname "$IMAGE")"
tree=$work/tree

service() {
	cp -R "$here/rootfs" "$work/rootfs"
	mkdir -p "$work/rootfs/usr/local/bin"
	install -m 0755 "$binary" "$work/rootfs/usr/local/bin/hallmark-hello"
	overlay "$work/rootfs"
	run "$work/sysusers.log" in_tree systemd-sysusers hallmark-hello.conf
	run "$work/units.log" in_tree systemctl enable hallmark-hello
}

phase "base: the files of $base"
open_disk "$base" "$tree"
phase 'service: hallmark-hello'
service
layer debian-app
phase "disk: $DISK_SIZE_GIB GiB"
clean
make_disk "$tree" "$work/disk.raw" "$DISK_SIZE_GIB"
deliver "$work/disk.raw" "$IMAGE"
