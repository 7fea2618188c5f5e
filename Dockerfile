# Server, worker and command line of Winnow.
#
#   docker build -t winnow --build-arg COMMIT=$(git describe --always) .
#   docker run -p 127.0.0.1:7070:7070 -p 127.0.0.1:7071:7071 -v winnow:/var/lib/winnow winnow
#   docker run --rm --network host --entrypoint winnow winnow jobs
#
# The container listens without TLS and tokens (--insecure), so publish its ports on loopback only, as
# above, or give winnowd a configuration with both: docker run ... winnow --config=/etc/winnow.yaml

FROM debian:12 AS build
WORKDIR /src
# First what changes seldom, so that its layer is kept.
COPY deploy/setup.sh deploy/python-requirements.txt deploy/
RUN deploy/setup.sh
COPY CMakeLists.txt CMakePresets.json ./
COPY deploy/cmake deploy/cmake
COPY proto proto
COPY kernels kernels
COPY server server
COPY client client
ARG COMMIT=unknown
RUN cmake --preset release -DWINNOW_BUILD_TESTS=OFF -DWINNOW_COMMIT=${COMMIT} \
  && cmake --build --preset release \
  && cmake --install build/release --prefix /opt/winnow --strip

FROM debian:12-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    ca-certificates \
    libdnnl2 \
    libgrpc++1.51 \
    libisal2 \
    libprometheus-cpp-core1.0 \
    libprometheus-cpp-pull1.0 \
    libprotobuf32 \
    libspdlog1.10 \
    libsqlite3-0 \
    libssl3 \
    libyaml-cpp0.7 \
    zlib1g \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/winnow --create-home winnow
COPY --from=build /opt/winnow /opt/winnow
COPY LICENSE /opt/winnow/
ENV PATH=/opt/winnow/bin:$PATH
USER winnow
VOLUME /var/lib/winnow
EXPOSE 7070 7071
# The image has no HTTP client, but bash opens TCP connections.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7071 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["winnowd"]
CMD ["--listen=0.0.0.0:7070", "--http=0.0.0.0:7071", "--data_dir=/var/lib/winnow", "--insecure"]
