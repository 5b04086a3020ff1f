#!/bin/sh
# Run a command with every variable NAME_FILE that points to a secret read into NAME: for programs that take secrets from their
# environment only (ChirpStack, its gateway bridge). The secret is then in that process, not in the
# description of the container. Other files, such as SSL_CERT_FILE, are none of our business.
set -eu

secrets=${SECRETS_MOUNT:-/run/secrets}
for name in $(env | sed -n "s|^\\([A-Z][A-Z0-9_]*\\)_FILE=$secrets/.*|\\1|p"); do
    eval "file=\${${name}_FILE}"
    # shellcheck disable=SC2154 # set by the line above
    if [ ! -s "$file" ]; then
        echo "secrets-to-env.sh: ${name}_FILE is $file, which is missing or empty" >&2
        exit 1
    fi
    value=$(cat "$file")
    export "$name=$value"
done

exec "$@"
