// What another host answers is checked as far as this one acts by it; the rest is shown, and nothing else.
import { z } from 'zod'
import type { AnswerOf, MethodName } from '../../../protocols/command/index.ts'
import { operatorError } from '../problems.ts'

const text = z.string().max(4096)
const problem = z.looseObject({ code: text, host: text, what: text, why: text.optional(), remedy: text })
const migration = z.looseObject({
  id: text,
  container: text,
  engine: text,
  source: text,
  target: text,
  role: z.enum(['source', 'target']),
  state: text,
  phases: z.array(z.looseObject({ phase: text, startedAt: text, durationMs: z.number().optional() })).max(1000),
  startedAt: text,
  outcome: z.enum(['moved', 'rolled-back', 'refused', 'failed']).optional(),
  problem: problem.optional(),
  warnings: z.array(problem),
  rootfsBytes: z.number(),
  imageBytes: z.number(),
  framesHeld: z.number()
})
const container = z.looseObject({
  host: text,
  engine: text,
  name: text,
  state: z.enum(['running', 'stopped', 'frozen', 'moving'])
})
const host = z.looseObject({
  name: text,
  saysName: text.optional(),
  admitted: z.boolean().optional(),
  peerId: text,
  state: z.enum(['self', 'connected', 'known', 'unreachable', 'refused']),
  lastSeen: text.optional(),
  containers: z.array(z.looseObject({ engine: text, name: text, running: z.boolean() })).optional(),
  problem: problem.optional()
})
const entry = z.looseObject({ host: text, time: text, who: text, method: text, event: text, command: text })

const cordon = z.looseObject({
  host: text,
  cordoned: z.boolean(),
  reason: text.optional(),
  maintenance: z.boolean(),
  since: text.optional()
})

const SCHEMAS: { readonly [M in MethodName]?: z.ZodType } = {
  hosts: z.array(host),
  containers: z.array(container),
  migrations: z.array(migration),
  audit: z.array(entry),
  move: migration,
  watch: migration,
  migration,
  resolve: migration,
  cancel: migration,
  cordon,
  uncordon: cordon
}

/** @throws OperatorError PEER_PROTOCOL */
export function checkedAnswer<M extends MethodName>(method: M, answer: unknown, from: string): AnswerOf<M> {
  const result = (SCHEMAS[method] ?? z.looseObject({}).or(z.array(z.unknown()))).safeParse(answer)
  if (result.success) return answer as AnswerOf<M>
  throw operatorError(from, {
    code: 'PEER_PROTOCOL',
    what: `What a host answered to "${method}" is not of its form`,
    why: result.error.issues[0]?.path.join('.') ?? '',
    remedy: 'Run the same ferry version on all hosts, and look at the host that answered'
  })
}
