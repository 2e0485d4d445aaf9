#!/bin/bash
# Makes a centre to try in a folder: a PostgreSQL of its own with TLS on 127.0.0.1, a desk that
# is enrolled there, and its first push. It is what an administrator does by hand, step by
# step. An existing folder is started again as it is.
#
#   try.sh PROGRAM FOLDER [stop]
set -euo pipefail

program=$(realpath "$1")
mkdir -p "$2"
dir=$(realpath "$2")
bin=/usr/lib/postgresql/15/bin # Debian's; another may be in the path
port=${FACEMATCH_CENTRE_PORT:-54329}
export FACEMATCH_HOME=$dir/home

# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" -eq 0 ]; then as=(setpriv --reuid postgres --regid postgres --clear-groups); fi

if [ "${3:-}" = stop ]; then
	(cd / && "${as[@]}" "$bin/pg_ctl" -D "$dir/server/data" -m fast stop)
	exit
fi

sql() { (cd / && psql -h "$dir/server" -p "$port" -U postgres -v ON_ERROR_STOP=1 -q "$@"); }

new=
if [ ! -d "$dir/server/data" ]; then
	new=yes
	mkdir -p "$dir/server"
	cd "$dir/server"
	# An authority for both ends, and the server's certificate.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj "/CN=Trial authority" \
		-keyout ca.key -out ca.crt 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=127.0.0.1" \
		-keyout server.key -out server.csr 2>/dev/null
	openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -out server.crt \
		-extfile <(echo "subjectAltName=IP:127.0.0.1") 2>/dev/null
	chmod 600 ca.key server.key
	if [ "${#as[@]}" -gt 0 ]; then
		chown -R postgres: "$dir/server"
	fi
	cd /
	"${as[@]}" "$bin/initdb" -D "$dir/server/data" -A trust -U postgres -E UTF8 --locale C.UTF-8 >/dev/null
	# What facematch central init prints for pg_hba.conf, above what lets in this computer's
	# own administrator.
	"$program" central init 2>&1 >/dev/null | grep -E '^host' > "$dir/hba"
	cat "$dir/hba" > "$dir/server/data/pg_hba.conf"
	echo "local all postgres trust" >> "$dir/server/data/pg_hba.conf"
fi
if ! (cd / && "${as[@]}" "$bin/pg_ctl" -D "$dir/server/data" status >/dev/null); then
	options="-k $dir/server -p $port -c listen_addresses=127.0.0.1 -c ssl=on -c ssl_ca_file=$dir/server/ca.crt"
	options+=" -c ssl_cert_file=$dir/server/server.crt -c ssl_key_file=$dir/server/server.key"
	(cd / && "${as[@]}" "$bin/pg_ctl" -D "$dir/server/data" -w -l "$dir/server/log" -o "$options" start >/dev/null)
fi
if [ -n "$new" ]; then
	sql -d postgres -c "CREATE DATABASE facematch"
	"$program" central init 2>/dev/null | sql -d facematch >/dev/null

	# The desk. Its settings say where the centre is.
	mkdir -p "$FACEMATCH_HOME/config"
	printf '[central]\nhost = "127.0.0.1:%s"\n' "$port" > "$FACEMATCH_HOME/config/settings.toml"
	"$program" central enrol --format json > "$dir/enrolment.json"
	field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$dir/enrolment.json"; }
	"$program" central add-desk --history "$(field history)" --role "$(field role)" --desk "Trial desk" --branch "Trial office" \
		2>/dev/null | sql -d facematch >/dev/null
	openssl x509 -req -in "$(field request)" -CA "$dir/server/ca.crt" -CAkey "$dir/server/ca.key" -CAcreateserial -days 825 \
		-out "$(field cert)" 2>/dev/null
	cp "$dir/server/ca.crt" "$(field ca)"
fi
"$program" central push
at="host=$dir/server port=$port dbname=facematch user=postgres"
"$program" central list --at "$at"
"$program" history verify --central --at "$at"
"$program" history verify
cat <<TEXT

The centre runs in $dir. To go on:
  FACEMATCH_HOME=$FACEMATCH_HOME $program
  $program central list --at "$at"
  psql "$at" -c 'SELECT * FROM facematch.checks'
  $0 $program $dir stop
TEXT
