import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,fixtures,differential,fuzz,e2e}/**/*.test.{ts,tsx}'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What must come is waited for; a busy machine needs longer than a second for it.
    expect: { poll: { timeout: 20_000 } },
    // A browser on a busy CI machine can miss a deadline once; a test that fails twice fails.
    retry: process.env['CI'] ? 1 : 0,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/support/closing-line.ts'],
  },
});
