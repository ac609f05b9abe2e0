import { defineConfig } from 'prisma/config';

// Read by the Prisma command line only (scripts/generate.mjs, or `npx prisma migrate deploy` for those who prefer it).
// The running system takes its database from libs/platform/config.
export default defineConfig({
  schema: 'prisma/schema',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://unset:unset@127.0.0.1:5432/unset' },
});
