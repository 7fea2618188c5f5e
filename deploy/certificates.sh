#!/bin/bash
# Makes an authority and certificates for trying out TLS; production has its own authority.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/certificates.sh FOLDER [--host NAME]... [--client NAME]... [--days N]

Writes into FOLDER, which is made if it is absent:
  ca.pem ca.key          an authority of your own
  server.pem server.key  for winnowd --tls_cert, --tls_key; valid for localhost, 127.0.0.1, ::1 and
                         every --host NAME
  NAME.pem NAME.key      for winnow --cert, --key; one pair for each --client NAME, which is the
                         certificate's common name and stands in winnowd's credentials file

Certificates are valid for N days (default 30). Files that exist are kept, so that further clients
can be added to an authority. Keys are readable by their owner alone.
TEXT
}

folder="" days=30
hosts=() clients=()
while (($#)); do
  case "$1" in
    --host | --client | --days)
      (($# >= 2)) || { usage >&2; exit 2; }
      case "$1" in
        --host) hosts+=("$2") ;;
        --client) clients+=("$2") ;;
        --days) days="$2" ;;
      esac
      shift
      ;;
    --help | -h) usage; exit 0 ;;
    -*) usage >&2; printf 'certificates.sh: unknown argument: %s\n' "$1" >&2; exit 2 ;;
    *) folder="$1" ;;
  esac
  shift
done
[[ -n "$folder" ]] || { usage >&2; exit 2; }

umask 077
mkdir -p "$folder"
cd "$folder"

# make_key NAME: an elliptic-curve key, fast to make and to use.
make_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ||
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }

# sign FILE COMMON_NAME EXTENSIONS: a certificate by our authority.
sign() {
  [[ -e "$1.pem" ]] && { printf 'kept %s\n' "$folder/$1.pem"; return; }
  make_key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$2" |
    openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days "$days" \
      -extfile <(printf '%s\n' "$3") -out "$1.pem" 2>/dev/null
  printf 'made %s\n' "$folder/$1.pem"
}

if [[ ! -e ca.pem ]]; then
  make_key ca
  openssl req -x509 -new -key ca.key -subj "/CN=Winnow development authority" -days "$days" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" -out ca.pem
  printf 'made %s\n' "$folder/ca.pem"
fi

names="DNS:localhost,IP:127.0.0.1,IP:::1"
for host in "${hosts[@]}"; do
  if [[ "$host" =~ ^[0-9.]+$ || "$host" == *:* ]]; then names+=",IP:$host"; else names+=",DNS:$host"; fi
done
sign server "winnowd" "subjectAltName=$names
extendedKeyUsage=serverAuth"
for client in "${clients[@]}"; do
  sign "$client" "$client" "subjectAltName=DNS:$client
extendedKeyUsage=clientAuth"
done
