import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Writes what is compressed once at build time beside each file; the server picks by Accept-Encoding. */
const precompressed = {
  name: 'precompressed',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 });
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source });
      }
    },
  },
};

export default defineConfig({
  plugins: [svelte(), precompressed],
  build: {
    target: 'es2022',
    // Inlined assets and the polyfill would be inline scripts and data URLs, which the content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    // TACIT is a running server; its certificate is its own.
    proxy: Object.fromEntries(
      ['/v1', '/auth', '/readyz', '/healthz'].map((path) => [
        path,
        { target: process.env.TACIT ?? 'https://127.0.0.1:7080', secure: false, changeOrigin: true },
      ]),
    ),
  },
});
