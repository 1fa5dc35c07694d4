# syntax=docker/dockerfile:1
# Commitwire for servers: the broker and the store are elsewhere, and named in the environment. See docs/deployment.md.

FROM python:3.13-slim AS build
WORKDIR /source
RUN python -m venv /opt/commitwire
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY agents agents
COPY reports reports
COPY streams streams
# the engine of chdb:// and what it brings are nine tenths of what would be installed, and no server needs them
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/commitwire/bin/pip install . && \
    /opt/commitwire/bin/pip uninstall --yes chdb-core numpy pandas pyarrow pip

FROM python:3.13-slim
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ca-certificates git openssh-client tini && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --uid 10001 --create-home commitwire && \
    install --directory --owner=commitwire --group=commitwire /data /reports
COPY --from=build /opt/commitwire /opt/commitwire
ENV PATH=/opt/commitwire/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    COMMITWIRE_DATA=/data \
    COMMITWIRE_OUT=/reports
USER 10001
WORKDIR /data
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:9464/readyz', timeout=5)"]
ENTRYPOINT ["tini", "--", "commitwire"]
CMD ["up"]
