// Builds the dashboard into static files that apps/api serves under /admin. No plugin: the compiler that comes with Vite
// knows JSX. Nothing is inlined as a data URL or a script, so that the content security policy can stay strict.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('.'),
  base: '/admin/',
  resolve: { alias: { '@trunkline/kernel': at('../../libs/kernel/index.ts') } },
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
      onLog: (level, log, write) => {
        // Mantine marks its files for servers that render components; there is none here.
        if (log.code === 'MODULE_LEVEL_DIRECTIVE') return;
        // What of the kernel is for Node only falls away: no screen imports it.
        if (log.message.includes('node:crypto') && log.message.includes('libs/kernel/seal.ts')) return;
        write(level, log);
      },
    },
  },
});
