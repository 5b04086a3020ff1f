#!/bin/sh
# Make the passwords that docker-compose.yml needs, once. Safe to run again: passwords and URLs that exist are kept.
#
#   deploy/init-secrets.sh            into deploy/secrets/
#   deploy/init-secrets.sh DIRECTORY  elsewhere
#
# Nothing secret is printed. The directory is closed to other users of this machine; the files in it are
# readable, because a container's user has to read them and compose mounts them as they are.
set -eu
umask 077

project=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -eq 0 ]; then
    secrets=$project/deploy/secrets
    named=./deploy/secrets # compose reads it from the project's directory, wherever that moves
else
    mkdir -p "$1"
    secrets=$(cd "$1" && pwd)
    named=$secrets
fi
mkdir -p "$secrets"
chmod 700 "$secrets"
# Wherever the directory is, git stays out of it.
echo '*' >"$secrets/.gitignore"

keep() { # keep NAME: write standard input to NAME, unless there is one already
    if [ -s "$secrets/$1" ]; then
        cat >/dev/null
        return
    fi
    cat >"$secrets/$1.new"
    if [ ! -s "$secrets/$1.new" ]; then
        echo "init-secrets.sh: could not make $1" >&2
        exit 1
    fi
    chmod 444 "$secrets/$1.new"
    mv "$secrets/$1.new" "$secrets/$1"
    echo "made $1"
}
random() { # 192 bits, as hexadecimal: nothing to escape in a URL, a shell or a TOML file
    head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'
}
read_secret() { cat "$secrets/$1"; }

for name in postgres_password mqtt_listener_password mqtt_chirpstack_password mqtt_gateways_password \
    mqtt_health_password chirpstack_postgres_password chirpstack_api_secret; do
    random | keep "$name"
done

printf 'postgresql+psycopg://lora_registry:%s@postgres:5432/lora_registry' "$(read_secret postgres_password)" |
    keep database_url
printf 'mqtt://listener:%s@mosquitto:1883' "$(read_secret mqtt_listener_password)" | keep mqtt_url
printf 'postgres://chirpstack:%s@chirpstack-postgres/chirpstack?sslmode=disable' \
    "$(read_secret chirpstack_postgres_password)" | keep chirpstack_dsn

# The broker's accounts are the files mqtt_NAME_password, whoever made them; this list follows them.
for file in "$secrets"/mqtt_*_password; do
    account=${file##*/mqtt_}
    printf '%s:%s\n' "${account%_password}" "$(cat "$file")"
done >"$secrets/mosquitto_accounts.new"
chmod 444 "$secrets/mosquitto_accounts.new"
mv "$secrets/mosquitto_accounts.new" "$secrets/mosquitto_accounts"

# docker compose reads .env beside docker-compose.yml; without this line it stops and names this script.
if ! grep -qs '^SECRETS_DIR=' "$project/.env"; then
    printf 'SECRETS_DIR=%s\n' "$named" >>"$project/.env"
elif ! grep -qxF "SECRETS_DIR=$named" "$project/.env"; then
    echo "init-secrets.sh: .env names another SECRETS_DIR than $named: correct that line" >&2
    exit 1
fi

echo "the passwords are in $secrets"
