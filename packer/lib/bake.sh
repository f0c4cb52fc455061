# shellcheck shell=sh disable=SC2154 # tree is its caller's
# What every bake shares: becoming root of a name space, a working folder that is gone afterwards, phases with their times.
# Sourced by the bake.sh next to a template, as its first act.

set -eu
umask 022
export LC_ALL=C.UTF-8 TZ=UTC
PATH=$PATH:/usr/sbin:/sbin

# Whatever was left open by who started this: mmdebstrap gives its own descriptors to dash, which knows one digit only.
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-

say() { printf '%s\n' "$*"; }
fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# need PROGRAM PACKAGE...: the programs of this bake, each with the Debian package that has it.
need() {
	while [ $# -gt 0 ]; do
		command -v "$1" >/dev/null || fail "$1 is not installed: it is in the Debian package $2"
		shift 2
	done
}

# whole NAME VALUE: refuses what is not a whole number.
whole() {
	case $2 in
	'' | *[!0-9]*) fail "$1 is '$2': give a whole number" ;;
	esac
}

# epoch VALUE: a time that has not been yet would leave the times after it as they are, different in each bake.
epoch() {
	whole source_date_epoch "$1"
	[ "$1" -le "$(date +%s)" ] || fail "source_date_epoch is '$1', which is in the future"
	export SOURCE_DATE_EPOCH="$1"
}

# word NAME VALUE: refuses what could be more than one word to a shell, a path or a kernel command line.
word() {
	case $2 in
	'' | *[!A-Za-z0-9._-]*) fail "$1 is '$2': letters, digits, dot, dash and underscore only" ;;
	esac
}

# The bake chowns files and enters the tree, so it needs to be root of something. Whoever is not root gets a user name space
# with the subordinate ids of /etc/subuid; no sudo is involved.
as_root() {
	[ "$(id -u)" -ne 0 ] || return 0
	need unshare util-linux newuidmap uidmap
	exec unshare --user --map-root-user --map-auto --mount --pid --fork --kill-child --mount-proc -- "$0" "$@"
}

# work_in FOLDER: makes $work below it, on the same file system as the result so that the last step is a rename. A folder left
# by a bake that was killed is removed first.
work_in() {
	mkdir -p "$1"
	work=$(cd "$1" && pwd)/.work
	wipe "$work"
	mkdir "$work"
	export TMPDIR="$work"
	trap 'wipe "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

wipe() {
	[ ! -e "$1" ] || rm -rf --one-file-system -- "$1"
}

# run LOG COMMAND...: quiet while all is well; the end of the log when it is not.
run() {
	log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null && return
	status=$?
	tail -n 40 "$log" >&2
	fail "$1 ended with $status"
}

# in_tree COMMAND...: a program of the image, on the image's files, with nothing of the caller's environment.
in_tree() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" chroot "$tree" "$@"
}

# tar_overlay FOLDER: its files as root's, with modes and times that do not depend on how they were checked out.
tar_overlay() {
	tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" -c .
}

# overlay FOLDER: its files into the tree. Unpacked inside, so that no symbolic link of the tree leads out of it.
overlay() { tar_overlay "$1" | in_tree tar --no-overwrite-dir -x; }

# layer NAME: the tree says what it was made of, the lowest layer first.
layer() {
	mkdir -p "$tree/etc/hallmark"
	printf '%s %s\n' "$1" "$SOURCE_DATE_EPOCH" >>"$tree/etc/hallmark/layers"
}

# phase TITLE: ends the phase before with its time, and starts the next one.
phase_title=
phase() {
	now=$(date +%s)
	[ -z "$phase_title" ] || say "    $((now - phase_start)) s"
	phase_start=$now
	phase_title=$1
	[ -z "$1" ] || say "--> $1"
}
bake_start=$(date +%s)

# deliver FILE TO: the last step. Nothing half made ever has the final name.
deliver() {
	phase ''
	mv -f "$1" "$2"
	say "baked $2 in $(($(date +%s) - bake_start)) s ($(du -BM "$2" | cut -f1) of data)"
}
