// Two members compare their records and tell each other what is missing, and where members are found.
import type { Stream } from '@libp2p/interface'
import {
  MAX_ADDRESSED_PEERS,
  MAX_RECORDS_BYTES,
  decodeRecordsAnswer,
  decodeRecordsRequest,
  encodeRecordsAnswer,
  encodeRecordsRequest,
  type MemberAddresses,
  type RecordsRequest
} from '../../protocols/membership/index.ts'
import type { AddressFile } from './address-file.ts'
import { ask, readOnlyMessage, sendMessage } from './message-stream.ts'
import type { RecordSet } from './record-set.ts'
import { bytesOf, hexOf } from './roster/record.ts'

/** Records that one message carries; the rest comes with the next comparison. */
const MAX_MESSAGE_RECORD_BYTES = 4 * 1024 * 1024

export interface ExchangeParts {
  readonly records: RecordSet
  readonly addresses: AddressFile
  readonly self: () => { readonly peerId: string; readonly addresses: readonly string[] }
  readonly members: () => Iterable<string>
  readonly isMember: (peerId: string) => boolean
}

export class RecordsExchange {
  readonly #parts: ExchangeParts

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  /** Both have the same records when it resolves, unless there are too many for one message. */
  async compare(peerId: string, open: () => Promise<Stream>, signal: AbortSignal): Promise<void> {
    const { records } = this.#parts
    const ids = records.ids().map(bytesOf)
    const answer = await this.#ask(
      peerId,
      open,
      { ids, records: [], addresses: this.#addresses(), compare: true },
      signal
    )
    if (answer.wants.length > 0) await this.push(peerId, open, answer.wants.map(hexOf), signal)
  }

  /** The peer has these records when it resolves. */
  async push(peerId: string, open: () => Promise<Stream>, ids: readonly string[], signal: AbortSignal): Promise<void> {
    const request = { ids: [], records: this.#take(ids), addresses: this.#addresses(), compare: false }
    await this.#ask(peerId, open, request, signal)
  }

  async answer(peerId: string, stream: Stream, signal: AbortSignal): Promise<void> {
    const { records } = this.#parts
    const request = decodeRecordsRequest(await readOnlyMessage(stream, MAX_RECORDS_BYTES, signal))
    await records.add(request.records, peerId)
    this.#learn(peerId, request.addresses)
    const theirs = new Set(request.ids.map(hexOf))
    const missing = request.compare ? records.ids().filter((id) => !theirs.has(id)) : []
    const wants = [...theirs].filter((id) => records.get(id) === undefined).map(bytesOf)
    sendMessage(
      stream,
      encodeRecordsAnswer({ records: this.#take(missing), wants, addresses: request.compare ? this.#addresses() : [] })
    )
    await stream.close({ signal })
  }

  async #ask(peerId: string, open: () => Promise<Stream>, request: RecordsRequest, signal: AbortSignal) {
    const message = await ask(await open(), encodeRecordsRequest(request), MAX_RECORDS_BYTES, signal)
    const answer = decodeRecordsAnswer(message)
    await this.#parts.records.add(answer.records, peerId)
    this.#learn(peerId, answer.addresses)
    return answer
  }

  #take(ids: readonly string[]): Uint8Array<ArrayBuffer>[] {
    let room = MAX_MESSAGE_RECORD_BYTES
    return ids.flatMap((id) => {
      const bytes = this.#parts.records.get(id)
      if (bytes === undefined || bytes.byteLength > room) return []
      room -= bytes.byteLength
      return [new Uint8Array(bytes)]
    })
  }

  #addresses(): MemberAddresses[] {
    const self = this.#parts.self()
    const others = [...this.#parts.members()]
      .filter((peer) => peer !== self.peerId)
      .map((peer) => ({ peer, addresses: [...this.#parts.addresses.toTell(peer)] }))
      .filter(({ addresses }) => addresses.length > 0)
    return [{ peer: self.peerId, addresses: [...self.addresses] }, ...others].slice(0, MAX_ADDRESSED_PEERS)
  }

  #learn(from: string, told: readonly MemberAddresses[]): void {
    const { addresses, isMember, self } = this.#parts
    for (const { peer, addresses: list } of told) {
      if (peer === from) addresses.told(peer, list)
      else if (peer !== self().peerId && isMember(peer)) addresses.heard(peer, list)
    }
  }
}
