# shellcheck shell=bash
# What bake.sh, approve.sh and replay.sh share: where things are, and a step with its time.

home=${HALLMARK_HOME:-.hallmark}
policy=policies/${POLICY:-demo}.yml
channel=${CHANNEL:-stable}
hallmark=${HALLMARK_BIN:-target/debug/hallmark}
verifier=https://hallmark.dev/gate

[ -f "$policy" ] || { echo "there is no policy $policy; there are:" policies/*.yml >&2; exit 2; }

bold='' dim='' red='' reset=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' reset=$'\e[0m'; fi
mkdir -p "$home"/{keys,log,report}

number=0
# step ID TITLE COMMAND…: runs it with its output in a log and its outputs in a file, and says how
# long it took. A step that fails or decides against the image ends the chain, with the end of its log.
step() {
  local id=$1 title=$2 begun log status=0; shift 2
  number=$((number + 1))
  log=$home/log/$id.log
  begun=${EPOCHREALTIME/./}
  printf '%2d  %-58s' "$number" "$title"
  GITHUB_OUTPUT=$home/log/$id.outputs; : >"$GITHUB_OUTPUT"; export GITHUB_OUTPUT
  "$@" >"$log" 2>&1 </dev/null || status=$?
  printf '%s%7.1f s%s\n' "$dim" "$(( (${EPOCHREALTIME/./} - begun) / 100000 ))e-1" "$reset"
  if [ "$status" -ne 0 ]; then
    printf '\n%s%s: exit code %s%s\n\n' "$red" "$title" "$status" "$reset"
    tail -n 60 "$log"
    printf '\nThe whole log: %s\n' "$log"
    exit "$status"
  fi
}

# output ID NAME: what that step gave back. A name that it did not give back is an error.
output() {
  awk -v name="$2" '
    inside { if ($0 == delimiter) inside = 0; else print; next }
    index($0, name "<<") == 1 { delimiter = substr($0, length(name) + 3); inside = found = 1 }
    END { if (!found) { print "the step has no output " name > "/dev/stderr"; exit 1 } }
  ' "$home/log/$1.outputs"
}

note() { printf '    %s%s%s\n' "$dim" "$1" "$reset"; }

# key NAME: the key pair of one of the jobs, made once.
key() {
  [ -f "$home/keys/$1.pem" ] || "$hallmark" keygen --key "$home/keys/$1.pem" --public "$home/keys/$1.pub" >/dev/null 2>&1
}

signers() { for name in bake assay approver publish; do printf '%s=%s\n' "$name" "$home/keys/$name.pub"; done; }

# decide IMAGE POLICY REPORT [MORE FLAGS]: the gate, with what is the same for every image here. REPORT
# names page and brief.
decide() {
  local image=$1 rules=$2 report=$3; shift 3
  # The image of the run before, where there was one.
  if [ -f "$home/evidence.previous/$image.json" ]; then
    set -- --previous-evidence "$home/evidence.previous/$image" --previous-image "$home/evidence.previous/$image.json" "$@"
  fi
  "$hallmark" gate --image "$home/images/$image/image.json" --policy "$rules" \
    --exceptions policies/exceptions.yml --signers "$(signers)" --evidence "$home/evidence/$image" \
    --verifier-id "$verifier" --signing-key "$home/keys/assay.pem" --bundle "$home/replay/$image" \
    --page "$home/report/$report.html" --brief "$home/report/$report.md" --json "$home/report/$report.json" \
    --environment "${ENVIRONMENT:-dev}" "$@"
}

# publish IMAGE POLICY_DIGEST: into the store, and the channel.
publish() {
  "$hallmark" register-ami --image "$home/images/$1/image.json" --evidence "$home/evidence/$1" \
    --store "$home/store" --name "$1" --family "$1" --channel "$channel" --verdict-signer "$home/keys/assay.pub" \
    --verifier-id "$verifier" --policy-digest "$2" --signing-key "$home/keys/publish.pem"
}

# show IMAGE VERDICT [REPORT]: where everything is.
show() {
  printf '\n%s%s: %s%s\n\n' "$bold" "$1" "$2" "$reset"
  printf '  page      %s\n' "$home/report/${3:-$1}.html"
  printf '  brief     %s\n' "$home/report/${3:-$1}.md"
  printf '  evidence  %s\n' "$home/evidence/$1/"
  printf '  image     %s\n' "$home/images/$1/image.json"
}
