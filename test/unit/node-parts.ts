// A host without an engine or a network of its own, for tests of what a node does by itself.
import { pino } from 'pino'
import { configSchema } from '../../config/schema.ts'
import type { Engine } from '../../src/engines/engine.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { NodeParts } from '../../src/node/parts.ts'
import { Reservations } from '../../src/node/reservations.ts'

export interface Given extends Pick<NodeParts, 'journal' | 'signer'> {
  readonly name: string
  /** Its stateDir. */
  readonly folder: string
  readonly runc: Partial<Engine>
  readonly mesh: Partial<Mesh>
}

export function nodeParts({ name, folder, journal, signer, runc, mesh }: Given) {
  return {
    name,
    config: configSchema.parse({ name, stateDir: folder }),
    log: pino({ level: 'silent' }),
    journal,
    mesh: mesh as Mesh,
    signer,
    engines: new Map([['runc', runc as Engine]] as const),
    reservations: new Reservations(),
    facts: (): Promise<never> => Promise.reject(new Error('nobody asks for facts')),
    now: () => Date.now()
  }
}
