import { defineConfig } from 'vitest/config'

// Two projects: `unit` is pure and fast (npm run check); `system` starts engines, processes and browsers.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', sequence: { groupOrder: 0 }, testTimeout: 60_000, include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'test/{golden,property,house}/**/*.test.ts'], exclude: ['src/engines/**', 'src/store/**'] } },
      {
        test: {
          name: 'system',
          include: ['src/engines/**/*.test.ts', 'src/store/**/*.test.ts', 'test/{contract,simulation,fault,e2e}/**/*.test.ts'],
          sequence: { groupOrder: 1 }, testTimeout: 180_000, hookTimeout: 180_000, maxWorkers: 2, fileParallelism: true,
        },
      },
    ],
  },
})
