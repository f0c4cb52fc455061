# shellcheck shell=sh disable=SC2154 # work is of bake.sh, lib is its caller's
# A tree of files to a bootable disk and back, with no mount, no loop device and no partition of the host touched.
#
#   make_disk TREE DISK GIB   GPT; a FAT system partition with shim and GRUB; an ext4 root that fills the rest
#   open_disk DISK TREE       the root file system of such a disk as a tree, with everything make_disk would read from it
#
# The same tree and SOURCE_DATE_EPOCH give the same bytes: identifiers are fixed, times clamped, names sorted, and the file
# system is made by the mke2fs of the image itself (1.47.1 or later keeps SOURCE_DATE_EPOCH), not by the host's.

# Known to the image's fstab and to the boot loader's configuration, so they live here and nowhere else.
disk_id=6f1d2c0e-5b7a-4a8e-9a53-0d0c6c4b1a01
esp_id=6f1d2c0e-5b7a-4a8e-9a53-0d0c6c4b1a02
root_id=6f1d2c0e-5b7a-4a8e-9a53-0d0c6c4b1a03
root_uuid=6f1d2c0e-5b7a-4a8e-9a53-0d0c6c4b1a04
hash_seed=6f1d2c0e-5b7a-4a8e-9a53-0d0c6c4b1a05
esp_volume=484D4B31

mib=1048576
esp_start=1 # MiB
root_start=64
disk_tail=40 # sectors: the second copy of the partition table, and up to a whole 4 KiB

firmware_names() {
	case $1 in
	amd64) efi=x64 EFI=X64 root_type=4f68bce3-e8cd-4db1-96e7-fbcaf984b709 grub_target=x86_64-efi console=ttyS0,115200n8 ;;
	arm64) efi=aa64 EFI=AA64 root_type=b921b045-1df0-41c3-af44-4c6f280d3fae grub_target=arm64-efi console=ttyAMA0 ;;
	*) fail "architecture is '$1': amd64 or arm64" ;;
	esac
}

# The image's own e2fsprogs through the image's own loader: no chroot, and the same version on every host.
of_tree() {
	program=$1
	shift
	for loader in "$tree"/lib64/ld-linux-x86-64.so.2 "$tree"/lib/ld-linux-aarch64.so.1; do
		[ ! -e "$loader" ] || break
	done
	for libraries in "$tree"/usr/lib/*-linux-gnu; do :; done
	"$loader" --library-path "$libraries" "$tree/usr/sbin/$program" "$@"
}

make_disk() {
	tree=$1 disk=$2 gib=$3
	firmware_names "$ARCHITECTURE"
	rm -f "$disk"
	truncate -s "${gib}G" "$disk"
	partition "$disk"
	make_esp
	settle_times "$tree"
	make_root
}

root_sectors() { echo $((gib * 1024 * 2048 - root_start * 2048 - disk_tail)); }

# The root is named Linux: tools that look into disk images go by the names that installers give.
partition() {
	sfdisk --quiet --no-reread --no-tell-kernel "$1" <<-END
		label: gpt
		label-id: $disk_id
		unit: sectors
		start=$((esp_start * 2048)), size=$(((root_start - esp_start) * 2048)), type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b, uuid=$esp_id, name=esp
		start=$((root_start * 2048)), size=$(root_sectors), type=$root_type, uuid=$root_id, name=Linux
	END
}

# Debian's signed shim and GRUB, on the removable-media path that firmware looks at when it has no boot entry of its own.
# GRUB's signed core looks for its configuration in EFI/debian.
make_esp() {
	esp=$work/esp
	at=$disk@@$((esp_start * mib))
	rm -rf "$esp"
	mkdir -p "$esp/EFI/BOOT" "$esp/EFI/debian"
	cp "$tree/usr/lib/shim/shim$efi.efi.signed" "$esp/EFI/BOOT/BOOT$EFI.EFI"
	cp "$tree/usr/lib/shim/mm$efi.efi.signed" "$esp/EFI/BOOT/mm$efi.efi"
	cp "$tree/usr/lib/grub/$grub_target-signed/grub$efi.efi.signed" "$esp/EFI/BOOT/grub$efi.efi"
	cat >"$esp/EFI/debian/grub.cfg" <<-END
		set timeout=0
		search --no-floppy --fs-uuid --set=root $root_uuid
		linux /vmlinuz root=UUID=$root_uuid ro console=tty0 console=$console
		initrd /initrd.img
		boot
	END
	settle_times "$esp"
	run "$work/mkfs.vfat.log" mkfs.vfat -F 32 -s 1 -n ESP --invariant -i "$esp_volume" --offset $((esp_start * 2048)) \
		"$disk" $(((root_start - esp_start) * 1024))
	mcopy -s -m -Q -i "$at" "$esp/EFI" ::
}

# Times later than SOURCE_DATE_EPOCH become it; those of packages, which are older, stay. Times of symbolic links all become it,
# because debugfs cannot bring them back, and so do times of access: whether a file was read while baking says nothing.
settle_times() {
	find "$1" -xdev \( -newermt "@$SOURCE_DATE_EPOCH" -o -type l \) -exec touch -h -m -d "@$SOURCE_DATE_EPOCH" {} +
	find "$1" -xdev -exec touch -h -a -d "@$SOURCE_DATE_EPOCH" {} +
}

make_root() {
	MKE2FS_CONFIG=$lib/mke2fs.conf of_tree mke2fs -q -F -t ext4 -L root -U "$root_uuid" -d "$tree" \
		-E "offset=$((root_start * mib)),hash_seed=$hash_seed,assume_storage_prezeroed=1,root_owner=0:0" \
		"$disk" $(($(root_sectors) / 2))k
}

# The root file system of DISK, as debugfs reads it. `rdump` brings contents, modes, owners and times, but not set-id bits, hard
# links, fifos, owners of symbolic links and extended attributes: `restore` does those, and refuses what it could not.
open_disk() {
	disk=$1 tree=$2
	start=$(sfdisk --dump "$disk" | sed -n 's/.*start= *\([0-9]*\),.*name="Linux".*/\1/p')
	[ -n "$start" ] || fail "$disk has no partition named Linux: is it a disk that one of these templates made?"
	opened="$disk?offset=$((start * 512))"
	mkdir "$tree"
	ask -R "rdump / \"$tree\""
	rmdir "$tree/lost+found"
	stays_inside
	restore
	settle_times "$tree"
}

# debugfs ends well whatever happened, so its complaints decide: anything but its greeting means that the tree would be incomplete.
ask() {
	debugfs "$@" "$opened" 2>"$work/debugfs.log" >"$work/answer"
	! grep -v '^debugfs [0-9]' "$work/debugfs.log" >&2 || fail "$disk could not be read whole"
}

# The bake writes and deletes in these from outside the tree: none may be a link to somewhere else.
stays_inside() {
	for path in boot dev etc etc/hallmark etc/hallmark/layers etc/ssh run tmp usr usr/lib \
		usr/sbin var var/cache var/lib var/lib/dpkg var/log var/tmp; do
		[ ! -L "$tree/$path" ] || fail "$disk: /$path is a symbolic link, and leads out of the image"
	done
}

tab=$(printf '\t')

restore() {
	[ -z "$(find "$tree" -name '*[[:cntrl:]"]*' -print -quit)" ] || fail "$disk has a file name with a quote or a control character in it"
	find "$tree" -xdev -type d -printf 'ls -p "/%P"\n' >"$work/ls.ask"
	ask -f "$work/ls.ask"
	awk -F/ -f "$lib/restore.awk" "$work/answer" >"$work/restore"
	grep -v '^attributes' "$work/restore" | while IFS=$tab read -r what value path; do
		case $what in
		mode) chmod "$value" "$tree$path" ;;
		owner) chown -h "$value" "$tree$path" ;;
		link) ln -f "$tree$value" "$tree$path" ;;
		fifo) mkfifo -m "${value#0}" "$tree$path" ;;
		*) fail "$disk: $path is a device or a socket (mode $value): an image should not have one" ;;
		esac
	done
	[ "$(grep -c -E '^(attributes|link)' "$work/restore")" -eq "$(find "$tree" -mindepth 1 | wc -l)" ] || fail "$disk has names that were not read"
	restore_attributes
}

# Extended attributes, file capabilities among them: rare, so one question about every inode, and one more about each that has some.
restore_attributes() {
	sed -n 's/^attributes\t\([0-9]*\)\t.*/ea_list <\1>/p' "$work/restore" >"$work/ea.ask"
	ask -f "$work/ea.ask"
	sed -n -e 's/^debugfs: ea_list <\([0-9]*\)>$/\1/; t inode' -e 's/^  \([^ ]*\) ([0-9]*) = .*/\1/; t attribute' -e d \
		-e ': inode' -e h -e d -e ': attribute' -e 'G; s/\n/ /p' "$work/answer" >"$work/ea"
	[ -s "$work/ea" ] || return 0
	need setfattr attr
	while read -r attribute inode; do
		ask -R "ea_get -x <$inode> $attribute"
		value=$(sed 's/^[^=]*= //' "$work/answer" | tr -d ' \n')
		path=$(sed -n "s/^attributes\t$inode\t//p" "$work/restore")
		setfattr -h -n "$attribute" -v "0x$value" "$tree$path"
	done <"$work/ea"
}
