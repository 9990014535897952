# relume as a container: `relume serve` unless told otherwise, as nobody in particular.
#   docker build -t relume .
#   docker run --rm -p 127.0.0.1:8000:8000 --read-only --tmpfs /tmp relume
#   docker run --rm -v "$PWD:/pictures" --user "$(id -u):$(id -g)" relume enhance . --recursive
# `python scripts/container.py` takes these same steps without docker and tries what they make.

FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev python3-venv
COPY pyproject.toml README.md LICENSE constraints.txt /source/
COPY src /source/src
RUN python3 -m venv /opt/relume && /opt/relume/bin/pip install --no-cache-dir --no-compile --constraint /source/constraints.txt '/source[heic,raw,serve]'
# What nobody runs here: installers, libraries' tests, headers and converters of models. What a run
# imports is compiled once, since the tree will be read-only. (Stripping symbols breaks libraries
# that were patched to find each other.)
RUN /opt/relume/bin/pip uninstall -y setuptools pip && find /opt/relume/lib -type d \( -name tests -o -name include -o -name __pycache__ -o -path '*/onnxruntime/transformers' -o -path '*/onnxruntime/tools' -o -path '*/onnxruntime/quantization' \) -prune -exec rm -r {} + && find /opt/relume/lib -type f \( -name '*.pyi' -o -name '*.a' \) -delete
RUN /opt/relume/bin/python3 -c 'import relume.cli.enhance, relume.cli.serve, relume.serve.run; from relume.serve import work; work.warm(work.Studio("auto"))'

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
RUN useradd --system --uid 10001 --no-create-home relume && mkdir /pictures
COPY --from=build /opt/relume /opt/relume
ENV PATH=/opt/relume/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/tmp
USER 10001
WORKDIR /pictures
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=20s --start-period=30s CMD ["python3", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v1/ready', timeout=18)"]
ENTRYPOINT ["relume"]
CMD ["serve", "--host", "0.0.0.0"]
