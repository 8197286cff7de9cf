// Which copy ran when. Every copy writes down in its own memory when it last ran; the imps read that on both hosts.
import type { Beat } from './imp.ts'

/** A copy that was restored begins with the last beat of the one that was dumped. */
export function turns(a: readonly Beat[], b: readonly Beat[]): ('a' | 'b')[] {
  const inherited = new Set(a.filter((beat) => b.includes(beat)))
  const all = [
    ...a.map((beat) => ({ beat, host: 'a' as const })),
    ...b.map((beat) => ({ beat, host: 'b' as const }))
  ].filter(({ beat }) => !inherited.has(beat))
  all.sort((one, two) => (one.beat < two.beat ? -1 : one.beat > two.beat ? 1 : 0))
  const hosts: ('a' | 'b')[] = []
  for (const { host } of all) if (hosts.at(-1) !== host) hosts.push(host)
  return hosts
}
