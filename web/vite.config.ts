import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds the API; the fixture server listens elsewhere and is named here when it is wanted. */
const api = process.env['TOLLGATE_API'] ?? 'http://127.0.0.1:8401'

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react(), tailwind()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // Inlined assets would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  server: { port: 8402, host: '127.0.0.1', proxy: { '/api': { target: api }, '/healthz': { target: api } } },
})
