#!/usr/bin/env bash
# What a person does when `make bake` ended in review: approve this one verdict, let the gate decide
# again with the approval in hand, and publish. On GitHub an environment's reviewers do this.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
image=${IMAGE:-debian-app}

[ -f "$home/log/$image-gate.outputs" ] || { echo "nothing was decided yet: make bake" >&2; exit 2; }
verdict_file=$(output "$image-gate" evidence)
step approve "approve: the verdict $(output "$image-gate" verdict-digest | cut -c1-12)" \
  "$hallmark" approve --verdict "$verdict_file" --verdict-key "$home/keys/assay.pub" \
  --signing-key "$home/keys/approver.pem" --approver "$(id -un)" --brief "$home/report/$image.md" \
  --comment "${COMMENT:-approved on the command line}" --evidence "$home/evidence/$image" --expires 8h
approval=$(output approve approval)
step "$image-resume" "gate: again, with the approval" \
  decide "$image" "$policy" "$image-approved" --base-evidence "$home/evidence/debian-base" --resume "$approval"
verdict=$(output "$image-resume" verdict)
note "$verdict"
[ "$verdict" = pass ] || { show "$image" "$verdict" "$image-approved"; exit 1; }
step publish "register-ami: into the local store, channel $channel" \
  publish "$image" "$(output "$image-resume" policy-digest)"
show "$image" "$verdict, approved" "$image-approved"
printf '  store     %s\n' "$(output publish location)"
