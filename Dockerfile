# syntax=docker/dockerfile:1
# The registry's image: every command of `lora-registry`. Debian's series is named so that a rebuild next
# year is the same system; a production site pins the digest too (deploy/README.md).

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build

# The dependencies first: they change less often than the code, and the layer is kept.
# chirpstack-api is published as source only; pip builds it apart (pure Python, no compiler).
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/lora-registry \
    && pip --python /opt/lora-registry install --require-hashes -r requirements.lock

# The build tool, at the versions and hashes of the development lock, and nothing else from it.
COPY requirements-dev.lock ./
RUN awk '/^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ { on = 1 } on { print } !/\\$/ { on = 0 }' \
        requirements-dev.lock > build-tool.lock \
    && pip install --require-hashes -r build-tool.lock

COPY pyproject.toml README.md LICENSE ./
COPY alembic alembic
COPY maps maps
COPY integrations integrations
COPY lora_registry lora_registry
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/lora-registry install --no-deps --no-index dist/*.whl


FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="lora-registry" \
      org.opencontainers.image.description="Registry and usefulness auditor for a city's LoRaWAN objects" \
      org.opencontainers.image.licenses="EUPL-1.2" \
      org.opencontainers.image.version="0.1.0"

# A number that no host account has, with a name for programs that ask for one.
RUN groupadd --gid 10001 lora-registry \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin lora-registry
COPY --from=build /opt/lora-registry /opt/lora-registry

ENV PATH=/opt/lora-registry/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
# No HEALTHCHECK: most commands end by themselves, and docker-compose.yml says what is healthy where it matters.
ENTRYPOINT ["lora-registry"]
CMD ["--help"]
