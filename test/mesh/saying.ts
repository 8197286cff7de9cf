// What `ferry … --json` said on a host of a lab.
import type { Problem } from '../../protocols/operator/views.ts'
import type { FerryHost } from '../migration/cluster.ts'

export interface Said<T> {
  readonly exitCode: number
  readonly answer?: T
  readonly problem?: Problem
}

/** What the command says on this host, or refuses with. */
export async function said<T>(on: FerryHost, ...args: string[]): Promise<Said<T>> {
  return parsed(await on.ferry(...args, '--json'))
}

export function parsed<T>({ exitCode, stdout, stderr }: { exitCode: number; stdout: string; stderr: string }): Said<T> {
  const [out, err] = [stdout, stderr].map((text) => text.trim().split('\n').at(-1) ?? '')
  if (out !== undefined && out !== '') return { exitCode, answer: JSON.parse(out) as T }
  return { exitCode, problem: (JSON.parse(err ?? '') as { problem: Problem }).problem }
}

/** Asks until the answer is good; the last one after 20 s. */
export async function eventually<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 80; tries++) {
    const answer = await ask()
    if (good(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return ask()
}
