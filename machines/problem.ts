import type { Problem } from '../protocols/operator/views.ts'

/** Actors reject with an error that carries a Problem; anything else is a fault of ferry's own and says so. */
export function problemOf(error: unknown): Problem {
  if (typeof error === 'object' && error !== null && 'problem' in error) return (error as { problem: Problem }).problem
  const why = error instanceof Error ? error.message : String(error)
  return { code: 'INTERNAL', host: '', what: 'an internal fault', why, remedy: 'report it with the log of this host' }
}
