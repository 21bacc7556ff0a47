# The service and Node, and nothing else: no shell, no package manager, no git. Any user id
# can run it, on a read-only root file system. The target git-sync is the variant that takes the place
# of git-sync's image.

# Where these come from a registry of your own: --build-arg RUNTIME_BASE=registry/name@sha256:...
# They are stages, as Dependabot keeps no digest up to date that is in an ARG.
ARG BUILD_BASE=node
ARG RUNTIME_BASE=distroless
ARG TOOLS_BASE=tools

# What runs while building runs on the builder's own platform: its results are plain
# JavaScript, the same for every other.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS node
FROM gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a AS distroless
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS tools
# What the hooks of git-sync's users count on. The service itself runs none of it.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
      bash ca-certificates coreutils curl git grep gzip openssh-client sed socat tar tini \
    && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /opt/yarn-* \
    && find /usr/local/bin -xtype l -delete

FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM packages AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE tsconfig.json ./
COPY scripts scripts
COPY src src
# What is tested has its types checked.
RUN node scripts/bundle.js && find dist -name '*.map' -delete
ARG REVISION=unknown
# What the metric build_info says.
RUN npm pkg set "gitHead=$REVISION"

FROM packages AS dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    # Of its builds, the one that Node imports.
    && find node_modules/openpgp -type f ! -path '*/dist/node/openpgp.mjs' \
      ! -name package.json ! -name 'LICENSE*' -delete

FROM ${RUNTIME_BASE} AS production
# The base has Node in /nodejs/bin, which it leaves out of PATH.
ENV NODE_ENV=production PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
# glibc raises this as it goes, and then each thread keeps 60 MB that it has freed: see docs/sizing.md.
ENV MALLOC_MMAP_THRESHOLD_=131072
# Node has a store of CAs of its own: that of the image, where your own are added, counts beside it.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
WORKDIR /app
COPY LICENSE ./
COPY --from=build /app/package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["node", "/app/dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "/app/dist/main.js"]

ARG VERSION=unreleased
ARG REVISION=unknown
ARG SOURCE=https://github.com/git-autosync/git-autosync
LABEL org.opencontainers.image.title="git-autosync" \
      org.opencontainers.image.description="Keeps directories equal to git revisions" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM ${TOOLS_BASE} AS git-sync
ENV NODE_ENV=production HOME=/tmp GITSYNC_ROOT=/git
ENV MALLOC_MMAP_THRESHOLD_=131072
COPY image/git-sync /git-sync
# --add-user writes there, where another user than the image's runs it.
RUN echo 'git-sync:x:65533:65533::/tmp:/sbin/nologin' >>/etc/passwd \
    && echo 'git-sync:x:65533:' >>/etc/group \
    && chmod 0666 /etc/passwd \
    && mkdir /git \
    && chown 65533:65533 /git \
    && chmod 02775 /git
COPY --from=production /app /app
WORKDIR /tmp
USER 65533:65533
ENTRYPOINT ["/git-sync"]

ARG VERSION=unreleased
ARG REVISION=unknown
ARG SOURCE=https://github.com/git-autosync/git-autosync
LABEL org.opencontainers.image.title="git-autosync" \
      org.opencontainers.image.description="Takes the place of git-sync" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# What is built where no target is named.
FROM production
