import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The libraries that bench times beside the engine: modules that give their contenders, and beside
 * them the compiled code that they are given as bytes, by the names that its package has.
 */
export default defineConfig({
  root,
  base: './',
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: join(root, 'dist/peers'),
    emptyOutDir: true,
    chunkSizeWarningLimit: 1500, // kilobytes: libraries are as large as they are
    rolldownOptions: {
      input: {
        ort: join(root, 'bench/ort/ort.ts'),
        tfjs: join(root, 'bench/tfjs/tfjs.ts'),
        jax: join(root, 'bench/jax/jax.ts'),
      },
      preserveEntrySignatures: 'strict',
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
        assetFileNames: '[name][extname]',
      },
      checks: { pluginTimings: false },
    },
  },
});
