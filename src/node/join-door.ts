// Keeps the door open as long as somebody is invited, and lets in whoever proves it.
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Logger } from 'pino'
import type { JoinAnswer, JoinRequest } from '../../protocols/membership/index.ts'
import { wordsOf } from '../../protocols/problem.ts'
import type { AddressFile } from '../mesh/address-file.ts'
import { openDoor, type Door } from '../mesh/join/door.ts'
import type { Invitations, Objection } from '../mesh/join/invitations.ts'
import type { Roster } from '../mesh/roster/roster.ts'
import { Turns } from '../mesh/turns.ts'

export interface JoinDoorParts {
  readonly listen: readonly string[]
  readonly roster: Roster
  readonly invitations: Invitations
  readonly addresses: AddressFile
  readonly key: () => PrivateKey
  /** Where this host's own node is found. */
  readonly ownAddresses: () => readonly string[]
  readonly log: Logger
  /** Default: a node of its own that listens. */
  readonly openDoor?: typeof openDoor
}

/** Longest wait of a timer; Node's own limit is a little above. */
const MAX_TIMER_MS = 2_000_000_000

export class JoinDoor {
  readonly #parts: JoinDoorParts
  #door: Door | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #turns = new Turns()
  /** So that of two with one name the second finds the first. */
  readonly #knocks = new Turns()

  constructor(parts: JoinDoorParts) {
    this.#parts = parts
  }

  /** Opens, whether somebody is invited yet or not; `settle` comes next. @throws MeshError BAD_ADDRESS */
  open(): Promise<readonly string[]> {
    return this.#turns.take(() => this.#open())
  }

  /** Open while somebody is invited, else closed. Called whenever that may have changed. */
  settle(): Promise<void> {
    return this.#turns.take(async () => {
      clearTimeout(this.#timer)
      const until = this.#parts.invitations.openUntilMs
      if (until === 0) {
        await this.#close()
        return
      }
      await this.#open()
      const wait = Math.min(Math.max(until - Date.now() + 1, 1), MAX_TIMER_MS)
      this.#timer = setTimeout(() => {
        this.settle().catch((error: unknown) => {
          this.#parts.log.error({ err: error }, 'the door for invited hosts could not be opened or closed')
        })
      }, wait).unref()
    })
  }

  /** In turn, so that what settles at this moment leaves no timer behind. */
  close(): Promise<void> {
    return this.#turns.take(async () => {
      clearTimeout(this.#timer)
      await this.#close()
    })
  }

  async #open(): Promise<readonly string[]> {
    const { listen, log, key } = this.#parts
    const privateKey = key()
    this.#door ??= await (this.#parts.openDoor ?? openDoor)({
      privateKey,
      listen,
      log,
      onKnock: (peerId, request) => this.#knocks.take(() => this.#letIn(peerId, request, privateKey))
    })
    return this.#door.addresses
  }

  async #close(): Promise<void> {
    await this.#door?.close()
    this.#door = undefined
  }

  async #letIn(peerId: string, request: JoinRequest, key: PrivateKey): Promise<JoinAnswer | undefined> {
    const { roster, invitations, addresses, ownAddresses, log } = this.#parts
    const self = peerIdFromPrivateKey(key).toString()
    if (roster.meshId === undefined || !roster.isMember(self)) return undefined
    const redeemed = await invitations.redeem(request, self, peerId, () => this.#objection(peerId, request.hostName))
    if (!redeemed.accepted) return redeemed.code === undefined ? undefined : refusal(redeemed.code)
    if (!roster.isMember(peerId)) {
      await roster.sign({ admission: { peer: peerId, hostName: request.hostName, token: redeemed.id } }, key)
    }
    log.info({ peer: peerId, name: request.hostName }, 'a host has joined the mesh')
    this.settle().catch((error: unknown) => {
      log.error({ why: wordsOf(error) }, 'the door for invited hosts could not be closed')
    })
    const others = [...roster.state.members.keys()].filter((peer) => peer !== self && peer !== peerId)
    return {
      records: roster.all().map(({ bytes }) => new Uint8Array(bytes)),
      addresses: [
        { peer: self, addresses: [...ownAddresses()] },
        ...others.map((peer) => ({ peer, addresses: [...addresses.toTell(peer)] })).slice(0, 256)
      ],
      refused: ''
    }
  }

  #objection(peerId: string, hostName: string): Objection | undefined {
    const { members, expelled } = this.#parts.roster.state
    if (expelled.has(peerId)) return 'EXPELLED'
    // Machines that were cloned have one host name, and commands name hosts.
    const isTaken = [...members.values()].some((member) => member.hostName === hostName && member.peerId !== peerId)
    return isTaken ? 'NAME_TAKEN' : undefined
  }
}

function refusal(code: string): JoinAnswer {
  return { records: [], addresses: [], refused: code }
}
