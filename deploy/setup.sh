#!/bin/bash
# Installs what Winnow needs to build and to run its tests, and nothing that is there already.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/setup.sh [--check] [--build-dir DIR] [--help]

Installs what is missing: distribution packages (with apt, as root or through sudo), and in the build
folder a Python environment (tests, tools, Arrow C++) and buf. It says what it will install before it
does. Where nothing is missing it does nothing, so it can be run again at any time.

  --check          say what is missing and install nothing; exit status 1 if anything is
  --build-dir DIR  where the Python environment and buf go (default: build, in the repository)
  --help           this text

For Debian 12 and 13 and Ubuntu 24.04. Elsewhere it names the packages of Debian, for you to install.
TEXT
}

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build_dir="$repo/build"
check_only=false
missing_count=0

# The names are the same on Debian 12, Debian 13 and Ubuntu 24.04 (there in "universe").
packages=(
  # Compiler and tools.
  g++ cmake ninja-build ccache mold pkg-config
  # RPC.
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev libssl-dev
  # Mathematics and data.
  libdnnl-dev zlib1g-dev
  # Server: metrics (its CMake configuration asks for curl), store, logs, JSON.
  prometheus-cpp-dev libcurl4-openssl-dev libsqlite3-dev libspdlog-dev nlohmann-json3-dev libisal-dev
  # Command line.
  libcli11-dev libyaml-cpp-dev
  # Tests.
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-venv
)

# From the npm registry, where npm is there. Checks the form of the .proto files.
buf_version=1.50.0

say() { printf '%s\n' "setup: $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 2; }

parse_arguments() {
  while (($#)); do
    case "$1" in
      --check) check_only=true ;;
      --build-dir)
        (($# >= 2)) || fail "--build-dir needs a folder"
        build_dir="$(realpath -m "$2")"
        shift
        ;;
      --help | -h) usage; exit 0 ;;
      *) usage >&2; fail "unknown argument: $1" ;;
    esac
    shift
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "installing packages needs root or sudo; as root, run: $*"
  fi
}

warn_of_other_distribution() {
  local system
  system="$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-unknown}" "${VERSION_ID:-}")"
  case "$system" in
    "debian 12" | "debian 13" | "ubuntu 24.04") ;;
    *) say "this is $system; tried on Debian 12, Debian 13 and Ubuntu 24.04 only" ;;
  esac
}

missing_packages() {
  # dpkg-query prints a line for each package that it knows, and fails if it does not know one.
  local known
  known="$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)"
  local package
  for package in "${packages[@]}"; do
    grep -qxF "$package installed" <<<"$known" || printf '%s\n' "$package"
  done
}

install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "no apt here; make sure that these are installed, under whatever names: ${packages[*]}"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    say "all ${#packages[@]} distribution packages are there"
    return
  fi
  missing_count=$((missing_count + ${#missing[@]}))
  warn_of_other_distribution
  if $check_only; then
    say "missing distribution packages: ${missing[*]}"
    return
  fi
  say "will install with apt: ${missing[*]}"
  local options=(-y -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120)
  as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" --no-install-recommends \
    install "${missing[@]}"
}

# The distribution's Python before any other: the environment outlives shells and version managers.
find_python() {
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 9) <= sys.version_info < (3, 14))' \
      2>/dev/null; then
      printf '%s\n' "$python"
      return
    fi
  done
}

install_python_environment() {
  local requirements="$repo/deploy/python-requirements.txt"
  local venv="$build_dir/venv"
  local stamp="$venv/.installed-requirements"
  if [[ -x "$venv/bin/python" ]] && cmp -s "$requirements" "$stamp"; then
    say "the Python environment $venv is complete"
    return
  fi
  missing_count=$((missing_count + 1))
  if $check_only; then
    say "missing or out of date: the Python environment $venv"
    return
  fi
  local python
  python="$(find_python)"
  [[ -n "$python" ]] || fail "found no Python 3.9 to 3.13 with venv; tried /usr/bin/python3 and python3"
  say "will install with pip in $venv: $(sed -e 's/#.*//' "$requirements" | xargs)"
  mkdir -p "$build_dir"
  [[ -x "$venv/bin/python" ]] || "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: -r "$requirements"
  cp "$requirements" "$stamp"
}

install_buf() {
  local folder="$build_dir/node"
  if [[ "$("$folder/node_modules/.bin/buf" --version 2>/dev/null)" == "$buf_version" ]]; then
    say "buf $buf_version is there"
    return
  fi
  if ! command -v npm >/dev/null; then
    say "skipped: buf $buf_version (there is no npm); only the form check of .proto files needs it"
    return
  fi
  missing_count=$((missing_count + 1))
  if $check_only; then
    say "missing: buf $buf_version in $folder"
    return
  fi
  say "will install with npm in $folder: @bufbuild/buf $buf_version"
  mkdir -p "$folder"
  if ! npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error \
    "@bufbuild/buf@$buf_version"; then
    say "skipped: npm could not install buf; only the form check of .proto files needs it"
  fi
}

parse_arguments "$@"
install_packages
install_python_environment
install_buf
if $check_only && ((missing_count > 0)); then
  exit 1
fi
