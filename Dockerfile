# ArtNet's web page on a CPU, as a user without rights, on a file system that may be read-only:
#
#   docker build --tag artnet .
#   docker run --rm --read-only --tmpfs /tmp --publish 127.0.0.1:7860:7860 artnet
#
# Any other command too: docker run --rm --volume "$PWD:/work" --user "$(id -u)" artnet stylize photo.jpg --style scream
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY apps apps
COPY artnet artnet
COPY pruning pruning
COPY s2transform s2transform
COPY weights weights
COPY .ci/requirements-3.11.txt versions.txt
RUN python -m venv /opt/artnet \
    && /opt/artnet/bin/python -m pip install --no-cache-dir --constraint versions.txt '.[web]'

FROM python:3.11-slim-bookworm
COPY --from=build /opt/artnet /opt/artnet
# All that is written while it runs is below /tmp: uploads, results and compiled graphs.
ENV PATH=/opt/artnet/bin:$PATH HOME=/tmp ARTNET_CACHE=/tmp/artnet PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /work
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/', timeout=5)"]
ENTRYPOINT ["artnet"]
CMD ["serve", "--host", "0.0.0.0"]
