#!/bin/sh
# Bakes the base image. The template next to this file passes the variables: MIRROR SECURITY_MIRROR SUITE ARCHITECTURE
# SOURCE_DATE_EPOCH DISK_SIZE_GIB IMAGE PACKAGE_CACHE.

here=$(cd "$(dirname "$0")" && pwd)
lib=$here/../lib
. "$lib/bake.sh"
. "$lib/clean.sh"
. "$lib/disk.sh"
as_root "$@"
need mmdebstrap mmdebstrap ansible-playbook ansible-core sfdisk fdisk mkfs.vfat dosfstools mcopy mtools chroot coreutils
whole disk_size_gib "$DISK_SIZE_GIB"
word suite "$SUITE"
firmware_names "$ARCHITECTURE"
epoch "$SOURCE_DATE_EPOCH"
work_in "$(dirname "$IMAGE")"
tree=$work/tree

sources() {
	for source in "$1 $SUITE" "$1 $SUITE-updates" ${2:+"$2 $SUITE-security"}; do
		printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s main\n' "$source"
	done
}

packages() {
	sed -e 's/#.*//' -e "s/@ARCH@/$ARCHITECTURE/" "$here/packages" | tr -s '\n' ',' | sed -e 's/^,//' -e 's/,$//'
}

# The overlay goes in before the packages are configured, so that the first initramfs is already the right one.
bootstrap() {
	tar_overlay "$here/rootfs" >"$work/rootfs.tar"
	sources "$MIRROR" "$SECURITY_MIRROR" >"$work/sources.list"
	set -- --mode=unshare --variant=minbase --architectures="$ARCHITECTURE" --include="$(packages)" --dpkgopt="$here/dpkg.cfg" \
		--essential-hook="tar -C \"\$1\" --no-overwrite-dir -xf '$work/rootfs.tar'"
	if [ -n "$PACKAGE_CACHE" ]; then
		mkdir -p "$PACKAGE_CACHE"
		cache=$(cd "$PACKAGE_CACHE" && pwd)
		set -- "$@" --skip=essential/unlink \
			--setup-hook="mkdir -p \"\$1/var/cache/apt/archives\" && cp -n '$cache'/*.deb \"\$1/var/cache/apt/archives\" || :" \
			--customize-hook="cp -n \"\$1\"/var/cache/apt/archives/*.deb '$cache' || :"
	fi
	run "$work/mmdebstrap.log" mmdebstrap "$@" "$SUITE" "$tree" "$work/sources.list"
}

# What Debian decides when it installs a package, decided for a machine image: no timer changes a running machine behind its
# owner's back (the next image does), and the network is systemd-networkd's.
units() {
	run "$work/units.log" in_tree systemctl enable systemd-networkd systemd-resolved systemd-timesyncd ssh nftables
	run "$work/units.log" in_tree systemctl disable apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service grub-common.service
}

# Only the user who is meant to come in by SSH, and no password at all.
accounts() {
	in_tree useradd --create-home --uid 1000 --user-group --groups sudo,systemd-journal --shell /bin/bash --comment Administrator admin
}

harden() {
	export ANSIBLE_HOME="$work/ansible" ANSIBLE_LOCAL_TEMP="$work/ansible/local" ANSIBLE_REMOTE_TEMP="$work/ansible/remote"
	ANSIBLE_CONFIG=$here/ansible.cfg ANSIBLE_PYTHON_INTERPRETER=auto_silent \
		run "$work/ansible.log" ansible-playbook -i localhost, -c local -e "root=$tree" "$here/hardening.yml"
}

# Machines take their updates from Debian, whichever mirror the bake took its packages from.
origins() {
	cat >"$tree/etc/apt/sources.list.d/debian.sources" <<-END
		Types: deb
		URIs: http://deb.debian.org/debian
		Suites: $SUITE $SUITE-updates
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

		Types: deb
		URIs: http://deb.debian.org/debian-security
		Suites: $SUITE-security
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	END
	rm -f "$tree/etc/apt/sources.list" "$tree"/etc/apt/sources.list.d/*.list
}

phase "packages: $SUITE $ARCHITECTURE from $MIRROR"
bootstrap
phase 'settings'
accounts
units
origins
layer debian-base
mkdir "$tree/boot/efi"
phase 'hardening: the CIS items of hardening.yml'
harden
phase "disk: $DISK_SIZE_GIB GiB"
clean
make_disk "$tree" "$work/disk.raw" "$DISK_SIZE_GIB"
deliver "$work/disk.raw" "$IMAGE"
