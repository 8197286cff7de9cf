import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Labs share the machine's two cores; side by side they would only wait for each other.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // vitest's own second is over whenever a busy machine lets nobody run for so long.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks'
  }
})
