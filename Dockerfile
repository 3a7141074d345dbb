# One night of cosell: docker run --rm -v cosell:/data cosell
# The tag names the release of Python, the digest the very image, whatever the tag is moved to.

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build
RUN python -m venv /srv/cosell
WORKDIR /src
COPY deploy/requirements.lock deploy/
RUN /srv/cosell/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r deploy/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY pipelines pipelines
COPY transforms transforms
COPY expectations expectations
RUN /srv/cosell/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin cosell \
    && install -d -o cosell -g cosell -m 0700 /data
COPY --from=build /srv/cosell /srv/cosell
ENV PATH=/srv/cosell/bin:$PATH COSELL_DATA_DIR=/data
USER cosell
# cosell.toml is read from here, if one is mounted
WORKDIR /etc/cosell
VOLUME /data
# for a container that is kept running; one night's ends with its exit code
HEALTHCHECK --interval=10m --timeout=1m CMD ["cosell", "status", "--max-age", "26h"]
ENTRYPOINT ["cosell"]
CMD ["nightly"]
