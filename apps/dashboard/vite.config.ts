// Builds the dashboard into static files that apps/api serves under /admin. No plugin: the compiler that comes with Vite
// knows JSX. Nothing is inlined as a data URL or a script, so that the content security policy can stay strict.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('.'),
  base: '/admin/',
  // Of the kernel only amounts: the rest of it is for Node.
  resolve: { alias: { '@trunkline/kernel': at('../../libs/kernel/money.ts') } },
  build: {
    outDir: at('../../dist/apps/dashboard'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
    // A spec measures what a first visit loads.
    manifest: 'manifest.json',
    rolldownOptions: {
      // Mantine marks its files for servers that render components; there is none here.
      onLog: (level, log, write) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') write(level, log);
      },
    },
  },
});
