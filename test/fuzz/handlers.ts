// Every handler behind the decoders, of a member with a roster, a journal and commands; the bytes are those of a hostile member or operator.
import { join } from 'node:path'
import pino from 'pino'
import * as command from '../../protocols/command/index.ts'
import * as membership from '../../protocols/membership/index.ts'
import * as migration from '../../protocols/migration/index.ts'
import { Invitations } from '../../src/mesh/join/invitations.ts'
import { proofOf, tokenId } from '../../src/mesh/join/token.ts'
import type { DoorOptions } from '../../src/mesh/join/door.ts'
import { makeFolder } from '../../src/mesh/roster/durable-file.ts'
import { bytesOf } from '../../src/mesh/roster/record.ts'
import { JoinDoor } from '../../src/node/join-door.ts'
import * as corpus from './corpus.ts'
import { GossipPair } from './gossip-pair.ts'
import { isGood } from './honest.ts'
import { newIdentity } from './identity.ts'
import type { Member } from './member.ts'
import { Offers } from './offers.ts'
import type { Scene } from './scene.ts'
import type { Outcome, Target } from './target.ts'

const ANSWER_MS = 60_000
/** Whoever was let in may ask again for a minute; then it takes another invitation. */
const INVITED_MS = 30_000
const DAY_MS = 86_400_000

export interface Handlers {
  readonly all: readonly Target[]
  /** A well-meant exchange with what is being fed; rejects when it does not go as it should. */
  readonly honest: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function handlers(scene: Scene): Promise<Handlers> {
  const { victim, honest, hostile } = scene
  const talk = new GossipPair(scene)
  const offers = new Offers(victim, hostile)
  const records = await signedRecords(scene)
  const door = await joinDoor(scene)
  const all: Target[] = [
    {
      name: 'migration handler',
      corpus: () => offers.corpus(),
      weight: 5,
      feed: async (bytes) => {
        const request = migration.decodeRequest(bytes)
        const response = await victim.ferry.handleRequest(hostile.peer, request, AbortSignal.timeout(ANSWER_MS))
        return response.refused === undefined ? 'acted' : 'decoded'
      }
    },
    ...commandTargets(scene),
    ...(await talk.targets()),
    records,
    await foreignRecords(victim),
    door.target
  ]
  let number = 0
  return {
    all,
    honest: async () => {
      number++
      const signal = AbortSignal.timeout(ANSWER_MS)
      const { peerId } = victim.mesh.self
      const check = { id: `honest${String(number).padStart(10, '0')}`, container: 'web', epoch: 0 }
      const offered = await honest.mesh.request(peerId, corpus.offerOf(check, true), signal)
      if (offered.accepted === undefined) throw new TypeError("the honest member's question was refused")
      const { report } = await honest.mesh.request(peerId, corpus.preflightOf(check), signal)
      if (!isGood(report)) throw new TypeError('the honest member got no good report')
      await talk.honest()
    },
    close: async () => {
      await offers.close()
      talk.close()
      await door.close()
    }
  }
}

function commandTargets({ victim, hostile, operator }: Scene): Target[] {
  const target = victim.identity.peer
  return [
    {
      name: 'command of a member',
      corpus: () =>
        corpus
          .commandRequests({ target, operator: '' }, Date.now())
          .map((request) => command.encodeCommand({ request: Uint8Array.from(request), signature: new Uint8Array() })),
      weight: 2,
      feed: (bytes) => commanded(victim, hostile.peer, command.decodeCommand(bytes))
    },
    {
      name: 'command, signed by an operator',
      corpus: () => corpus.commandRequests({ target, operator: operator.peer }, Date.now()),
      weight: 2,
      feed: async (bytes) => {
        const request = Uint8Array.from(bytes)
        const signed = Buffer.concat([Buffer.from(command.COMMAND_DOMAIN), request])
        const signature = new Uint8Array(await operator.sign(signed))
        const message = command.encodeCommand({ request, signature })
        return commanded(victim, operator.peer, command.decodeCommand(message))
      }
    }
  ]
}

/** Its first answers: who watches something that does not end lets go of it. */
async function commanded({ commands }: Member, from: string, said: command.Command): Promise<Outcome> {
  const gone = new AbortController()
  const limit = setTimeout(() => gone.abort(new Error('it took too long')), ANSWER_MS)
  try {
    for await (const answer of commands.answer(from, said, gone.signal)) {
      if (answer.refused === undefined) return 'acted'
      // What is in the envelope is decoded by the handler, which answers instead of throwing.
      command.decodeRequest(said.request)
      return 'decoded'
    }
    throw new TypeError('a command had no answer')
  } finally {
    clearTimeout(limit)
    gone.abort(new Error('nobody listens any more'))
  }
}

/** Spoilt first and signed then: the signature is good and what it stands under is not. */
async function signedRecords({ victim }: Scene): Promise<Target> {
  const author = await newIdentity()
  await victim.roster.sign(
    { admission: { peer: author.peer, hostName: 'accomplice', token: new Uint8Array(16) } },
    victim.identity.key
  )
  const bodies = await corpus.recordBodies(victim.roster.meshId ?? '', author.peer)
  return {
    name: 'record, signed by a member',
    corpus: () => bodies,
    weight: 1,
    feed: async (body) => {
      const text = Buffer.concat([Buffer.from(membership.RECORD_DOMAIN), body])
      const signature = new Uint8Array(await author.sign(text))
      const bytes = membership.encodeRecord({ body: Uint8Array.from(body), signature, newSignature: new Uint8Array() })
      membership.decodeRecord(bytes)
      return (await victim.roster.add([bytes], author.peer)).length > 0 ? 'acted' : 'decoded'
    }
  }
}

/** Of another mesh: not one of them may be taken. */
async function foreignRecords({ roster }: Member): Promise<Target> {
  const { records } = await corpus.membershipCorpus()
  return {
    name: 'record of a stranger',
    corpus: () => records,
    weight: 2,
    feed: async (bytes) => {
      const before = roster.digest()
      await roster.add([bytes], 'a stranger')
      if (roster.digest() !== before) throw new TypeError('the roster took a record that no member signed')
      membership.decodeRecord(bytes)
      return 'decoded'
    }
  }
}

/** What the door hands on once it has read it, with an invitation that is good. */
async function joinDoor({
  victim,
  folder
}: Scene): Promise<{ readonly target: Target; readonly close: () => Promise<void> }> {
  const { roster, addresses, identity } = victim
  const place = join(folder, 'door')
  await makeFolder(place)
  const invitations = await Invitations.open({ folder: place, now: () => Date.now(), removals: () => '00' })
  const handed: { onKnock?: DoorOptions['onKnock'] } = {}
  const door = new JoinDoor({
    listen: [],
    roster,
    invitations,
    addresses,
    key: () => identity.key,
    ownAddresses: () => victim.mesh.self.addresses,
    log: pino({ level: 'silent' }),
    openDoor: async ({ onKnock }) => {
      handed.onKnock = onKnock
      return { addresses: [], close: async () => {} }
    }
  })
  await door.open()
  const mesh = roster.meshId ?? ''
  const { joinRequests } = await corpus.membershipCorpus()
  let joiner = ''
  let known: readonly Uint8Array[] = []
  let invitedAt = -Infinity
  const invited = async (): Promise<readonly Uint8Array[]> => {
    if (performance.now() - invitedAt < INVITED_MS) return known
    invitedAt = performance.now()
    joiner = (await newIdentity()).peer
    const { secret } = await invitations.make(mesh, DAY_MS)
    const proof = proofOf(secret, { mesh: bytesOf(mesh), issuer: identity.peer, joiner })
    const good = membership.encodeJoinRequest({ token: tokenId(secret), proof, hostName: 'host-b' })
    known = [good, ...joinRequests]
    return known
  }
  const target: Target = {
    name: 'join door',
    corpus: invited,
    weight: 3,
    feed: async (bytes) => {
      const answer = await handed.onKnock?.(joiner, membership.decodeJoinRequest(bytes))
      if (answer === undefined || answer.refused !== '') return 'decoded'
      membership.decodeJoinAnswer(membership.encodeJoinAnswer(answer))
      return 'acted'
    }
  }
  return { target, close: () => door.close() }
}
