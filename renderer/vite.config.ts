import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The window's pages: everything from its own origin, as the content security policy asks. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome134',
    // Fonts and images are files: a policy of 'self' allows no data URLs.
    assetsInlineLimit: 0,
    // Monaco's TypeScript service is large; it comes only with the Script panel.
    chunkSizeWarningLimit: 8000,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
});
