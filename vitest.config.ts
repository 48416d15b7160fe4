import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: tests that measure must not fight each other for them.
    maxWorkers: 2,
    // What is tested is the built package, as its users import it.
    server: { deps: { external: [/\/dist\//] } },
  },
});
