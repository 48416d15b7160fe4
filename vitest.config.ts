import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/built-agent.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a collector of one test kept must not greet the next one.
    env: { HOLDUP_STORE: 'memory' },
    // Two cores: tests that measure must not fight each other for them.
    maxWorkers: 2,
    // Real processes, browsers and clocks on a machine that others use too: what fails twice in a row is broken.
    retry: process.env.CI === undefined ? 0 : 1,
    // What is tested is the built package, as its users import it.
    server: { deps: { external: [/\/dist\//] } },
  },
});
