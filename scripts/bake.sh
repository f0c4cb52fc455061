#!/usr/bin/env bash
# The whole chain on this machine, with no account anywhere: verify a signed binary, bake two layers,
# test them booted, scan them, decide, publish into a folder.
#
#   POLICY=demo|minimal|recommended|strict   policies/<name>.yml; default demo
#   MIRROR                                   the Debian mirror; default deb.debian.org
#   ENVIRONMENT                              what the images are for; default dev
#   CHANNEL                                  default stable
#   HALLMARK_HOME                            where everything goes; default .hallmark
#
# Three jobs with three keys run here one after the other, as three machines do in a workflow. A
# fourth key plays the vendor of the service that the app layer carries.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

mirror=${MIRROR:-http://deb.debian.org/debian}
architecture=$(dpkg --print-architecture)
service=packer/debian-app/service
started=$SECONDS

# What decides which packages a bake gets: the digests of the mirror's package lists. They change
# when a package does, and then the image is baked again.
snapshot() {
  local release
  for release in "$mirror/dists/trixie" "$mirror/dists/trixie-updates" "$mirror-security/dists/trixie-security"; do
    curl -fsS --max-time 30 --retry 2 "$release/InRelease" |
      awk -v list="main/binary-$architecture/Packages" '$3 == list && length($1) == 64 { print $1 }'
  done | sort | sha256sum | cut -c1-16
}

# A static executable, so that it runs in whatever image it is put.
build_service() {
  local target
  target=$(uname -m)-unknown-linux-gnu
  RUSTFLAGS="-C target-feature=+crt-static" cargo build --quiet --locked --release \
    --manifest-path "$service/Cargo.toml" --target "$target" --target-dir target/service
  mkdir -p "$home/service"
  install -m 0755 "target/service/$target/release/hallmark-hello" "$home/service/hallmark-hello"
  openssl dgst -sha256 -sign "$home/keys/vendor.pem" -out "$home/service/hallmark-hello.sig" "$home/service/hallmark-hello"
  cp "$home/keys/vendor.pub" "$home/service/vendor.pub"
  cat >"$home/service/signatures.yml" <<YML
version: 1
keys:
  vendor: {file: vendor.pub}
files:
  - {path: hallmark-hello, key: vendor}
YML
}

# bake IMAGE FLAGS…: one layer.
bake() {
  local image=$1; shift
  "$hallmark" packer-build --template "packer/$image" --sources packer/lib --name "$image" \
    --architecture "$architecture" --distribution "debian 13" --output "$home/images/$image" \
    --evidence "$home/evidence/$image" --signing-key "$home/keys/bake.pem" "$@"
}

# assay IMAGE: test and scan, as a job that never ran the template would.
assay() {
  step "$1-test" "goss-test: boot $1 and test it" \
    "$hallmark" goss-test --image "$home/images/$1/image.json" --mode booted --specs "goss/$1/booted.yaml" \
    --evidence "$home/evidence/$1" --signing-key "$home/keys/assay.pem" --junit "$home/report/$1.junit.xml"
  note "$(output "$1-test" passed) passed, $(output "$1-test" failed) failed, $(output "$1-test" skipped) skipped"
  step "$1-scan" "trivy-scan: the packages of $1" \
    "$hallmark" trivy-scan --image "$home/images/$1/image.json" --allow-sample-database true \
    --evidence "$home/evidence/$1" --signing-key "$home/keys/assay.pem" --sarif "$home/report/$1.sarif"
  note "$(output "$1-scan" packages) packages, $(output "$1-scan" findings) findings; database of $(output "$1-scan" database-date)$([ "$(output "$1-scan" database-sample)" = true ] && echo ' (the sample: no network)')"
}

baked() {
  if [ "$(output "$1" adopted)" = true ]; then note "adopted: nothing had changed since it was baked"; fi
  note "$(output "$1" content-digest)"
}

for name in bake assay approver publish vendor; do key "$name"; done
# A run makes its own evidence, as in a workflow; that of the run before is kept, out of the way.
rm -rf "$home/evidence.previous"
[ ! -d "$home/evidence" ] || mv "$home/evidence" "$home/evidence.previous"
# What the images are compared with is what this folder's last run was about: an image.json beside its evidence.
for image in debian-base debian-app; do
  if [ -d "$home/evidence.previous/$image" ] && [ -f "$home/images/$image/image.json" ]; then
    cp "$home/images/$image/image.json" "$home/evidence.previous/$image.json"
  fi
done

printf '%sbake%s  signs provenance, and nothing else\n' "$bold" "$reset"
step service "build and sign a small service, as its vendor would" build_service
step verify "verify-signatures: the service" \
  "$hallmark" verify-signatures --manifest "$home/service/signatures.yml" \
  --evidence "$home/evidence/debian-app" --signing-key "$home/keys/bake.pem"
if ! snapshot=$(snapshot); then
  [ -s "$home/snapshot" ] || { echo "the Debian mirror $mirror cannot be reached, and nothing was baked before: set MIRROR" >&2; exit 2; }
  snapshot=$(cat "$home/snapshot"); note "the mirror cannot be reached: the packages of the last bake are kept"
fi
echo "$snapshot" >"$home/snapshot"
step debian-base "packer-build: debian-base" bake debian-base --snapshot "$snapshot" \
  --var "mirror=$mirror
security_mirror=$mirror-security
architecture=$architecture"
baked debian-base

printf '%sassay%s  did not bake: hashes, tests, scans, decides\n' "$bold" "$reset"
assay debian-base
step debian-base-gate "gate: debian-base, by policies/base.yml" decide debian-base policies/base.yml debian-base
note "$(output debian-base-gate verdict)"

printf '%sbake%s\n' "$bold" "$reset"
step debian-app "packer-build: debian-app, on debian-base" bake debian-app \
  --base-image "$home/images/debian-base/image.json" --verified-files "$home/evidence/debian-app" \
  --var "service_binary=$(realpath "$home/service/hallmark-hello")
architecture=$architecture"
baked debian-app

printf '%sassay%s\n' "$bold" "$reset"
assay debian-app
step debian-app-gate "gate: debian-app, by $policy" decide debian-app "$policy" debian-app --base-evidence "$home/evidence/debian-base"
verdict=$(output debian-app-gate verdict)
note "$verdict"

if [ "$verdict" != pass ]; then
  show debian-app "$verdict"
  sed -n '1,40p' "$home/report/debian-app.md"
  printf '\nNothing was published. Read the page; then, to approve it as a person would:\n\n  make approve POLICY=%s\n' "${POLICY:-demo}"
  exit 0
fi

printf '%spublish%s  carries out the verdict\n' "$bold" "$reset"
step publish "register-ami: into the local store, channel $channel" \
  publish debian-app "$(output debian-app-gate policy-digest)"
if [ "$(output publish adopted)" = true ]; then note "adopted: this image was there already"; fi

show debian-app "$verdict, in $((SECONDS - started)) s"
printf '  store     %s\n' "$(output publish location)"
printf '  channel   %s\n' "debian-app/$channel -> $(output publish image-id)"
cat <<TXT

Try next:
  make bake                  again: nothing has changed, so the layers are adopted
  make bake POLICY=strict    ends in review; make approve POLICY=strict clears it
  make replay                computes the verdict again, offline, from its evidence
  $hallmark gate --help
TXT
