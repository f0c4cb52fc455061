#!/bin/sh
# Runs inside the throw-away machine, from the test disk, which is mounted read-only.
# Usage: run.sh booted|disk RETRY_TIMEOUT SLEEP START_SECONDS
# Goss is run once for each line of `entries`, so that no specification hides another's resource of the
# same name. What it says goes to the raw results disk: for each run a line with its exit code and two
# lengths, then its standard output and standard error; at the end a line with the number of runs.
mode=$1 retry=$2 sleep=$3 start=$4
here=/run/hallmark
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

work=$(mktemp -d /run/hallmark-work.XXXXXX) || exit 1

if [ "$mode" = booted ]; then
	echo "hallmark: starting multi-user.target"
	# Goss runs even if a service fails to start: it is Goss that says so.
	timeout "$start" systemctl start multi-user.target
fi

set --
if [ -f "$here/vars.yaml" ]; then
	set -- --vars "$here/vars.yaml"
fi
runs=0
while read -r entry; do
	echo "hallmark: running goss"
	"$here/goss" --gossfile "$here/$entry" "$@" validate --format json --no-color \
		--retry-timeout "$retry" --sleep "$sleep" >"$work/out" 2>"$work/err" </dev/null
	code=$?
	echo "hallmark-results-1 $code $(($(wc -c <"$work/out"))) $(($(wc -c <"$work/err")))" >>"$work/results"
	cat "$work/out" "$work/err" >>"$work/results"
	runs=$((runs + 1))
done <"$here/entries"
echo "hallmark-end $runs" >>"$work/results"
cat "$work/results" >/dev/disk/by-id/virtio-hallmark-results
sync
echo "hallmark: goss ended"
