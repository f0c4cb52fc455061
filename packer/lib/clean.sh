# shellcheck shell=sh disable=SC2154 # tree is its caller's
# What a tree must not carry into an image: traces of the bake, and what each machine has to make for itself.

# of_a_machine: identity and secrets. Two machines with the same host key, machine id or random seed are a vulnerability.
of_a_machine() {
	rm -f "$tree"/etc/ssh/ssh_host_* "$tree/etc/hostname" "$tree/var/lib/dbus/machine-id" \
		"$tree/var/lib/systemd/random-seed" "$tree/var/lib/systemd/credential.secret"
	rm -f "$tree/etc/machine-id"
	: >"$tree/etc/machine-id"
	chmod 0444 "$tree/etc/machine-id"
}

# of_the_bake: caches, logs, locks, backups and indexes, most of them different each time.
of_the_bake() {
	find "$tree/var/log" -type f -delete
	find "$tree/var/log/apt" "$tree/var/log/runit" -depth -type d -delete 2>/dev/null || :
	for folder in var/cache/apt var/cache/ldconfig var/cache/debconf var/lib/apt/lists tmp var/tmp run dev; do
		[ ! -d "$tree/$folder" ] || find "$tree/$folder" -mindepth 1 -delete
	done
	# systemd-resolved keeps the resolv.conf it found, which is that of the machine that baked.
	rm -f "$tree/etc/.resolv.conf.systemd-resolved.bak" "$tree/var/log/README"
	rm -f "$tree"/etc/passwd- "$tree"/etc/shadow- "$tree"/etc/group- "$tree"/etc/gshadow- "$tree/etc/subuid-" "$tree/etc/subgid-" \
		"$tree/etc/.pwd.lock" "$tree"/var/lib/dpkg/*-old "$tree/var/lib/dpkg/lock" "$tree/var/lib/dpkg/lock-frontend" \
		"$tree/var/lib/apt/extended_states.old" "$tree"/vmlinuz.old "$tree"/initrd.img.old "$tree"/root/.wget-hsts
}

clean() {
	of_a_machine
	of_the_bake
	ln -sf ../run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
}
