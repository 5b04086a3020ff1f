#!/bin/sh
# Make the broker's password file from the accounts, then become the broker.
#
# The accounts (lines of name:password) are hashed here, at each start, so that the clear text has one
# home and a password changes by editing one file. Mosquitto wants its files private to itself, which
# neither a mounted secret nor a file from a checkout is: hence the copies.
set -eu
umask 077

config=${MOSQUITTO_CONFIG:-/mosquitto/config}
accounts=${MOSQUITTO_ACCOUNTS:-/run/secrets/mosquitto_accounts}
run=${MOSQUITTO_RUN:-/run/mosquitto}

if [ ! -s "$accounts" ]; then
    echo "start.sh: no accounts in $accounts: run deploy/init-secrets.sh, then start again" >&2
    exit 1
fi

cat "$accounts" >"$run/passwords"
mosquitto_passwd -U "$run/passwords"
cat "$config/acl" >"$run/acl"

exec mosquitto -c "${MOSQUITTO_CONF:-$config/mosquitto.conf}"
