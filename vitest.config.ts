import { defineConfig } from 'vitest/config';
import base from './vite.config.ts';

/** Unit tests: beside what they test, in Node, without a GPU. */
export default defineConfig((env) => ({
  ...base({ ...env, mode: 'node' }),
  test: { include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'suites/**/*.test.ts'], testTimeout: 30_000 },
}));
