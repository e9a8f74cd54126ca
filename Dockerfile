FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app

# The embedded server stays outside: in a container the database is somebody else's container.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional && npm cache clean --force

COPY tsconfig.json ./
COPY src src
COPY views views
COPY public public
COPY drizzle drizzle

# For copies, and for what the program makes by itself: everything else is read alone.
RUN mkdir /backups /app/.data && chown node /backups /app/.data
USER node
VOLUME /backups
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
	CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/commands/start.ts"]
