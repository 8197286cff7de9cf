import { beforeAll } from 'vitest'

/** What the tests below it can't do without: where it is missing they fail, and say what brings it. */
export function needs(met: boolean, what: string): void {
  beforeAll(() => {
    if (!met) throw new Error(`these tests need ${what}`)
  })
}
