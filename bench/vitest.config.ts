import { defineConfig } from 'vitest/config';

/** Unit tests of the peers that are installed here, on their back ends for the host. */
export default defineConfig({
  test: {
    include: ['bench/{jax,tfjs}/**/*.test.ts'],
    testTimeout: 120_000,
    isolate: false,
  },
});
