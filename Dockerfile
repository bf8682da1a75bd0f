# A node with its services and pages. Its settings are environment variables: docs/settings.md.

FROM node:24-bookworm-slim AS build
WORKDIR /app
# What the lock file names, for any platform. The workspace is a Node, and one is here.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --workspaces=false
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY scripts/build.mjs scripts/
COPY gen gen
COPY src src
RUN node scripts/build.mjs

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --workspaces=false

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# DATA_DIR; a volume that is mounted here begins with this owner.
RUN install --directory --owner=node --group=node data
USER node
EXPOSE 4000
STOPSIGNAL SIGTERM
# The name in a certificate is not that of loopback, so it is not asked for.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "--no-warnings", "-e", "\
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; \
const { PORT, TLS_CERT } = process.env; \
fetch(`http${TLS_CERT ? 's' : ''}://127.0.0.1:${PORT || 4000}/health`) \
  .then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "--min-semi-space-size=8", "--max-semi-space-size=8", "dist/src/start.js"]
