// The other side of rounds and news.
import {
  MAX_ENTRIES,
  packPrefixes,
  packStamped,
  unpackStamped,
  type GossipReply,
  type GossipRequest,
  type Sync,
  type Transfer
} from '../../../protocols/gossip/index.ts'
import { invalidField } from '../../../protocols/fields.ts'
import type { Link } from './links.ts'
import { compareRange, digestOfRecords } from './record-ranges.ts'
import type { RoundParts } from './rounds.ts'
import { takeItems } from './take-items.ts'

export type AnswerParts = Omit<RoundParts, 'ask'>

/** @throws ProtocolError where what the peer brought is not what it says */
export async function answer(parts: AnswerParts, link: Link, request: GossipRequest): Promise<GossipReply> {
  if (request.sync !== undefined) return answerSync(parts, link, request.sync)
  if (request.transfer !== undefined) return answerTransfer(parts, link, request.transfer)
  throw invalidField('Request.body', 'missing')
}

function answerSync({ map, records, boot }: AnswerParts, link: Link, sync: Sync): GossipReply {
  if (sync.boot !== link.boot) {
    link.boot = sync.boot
    link.heard = 0
    link.sent = 0
  }
  const since = sync.knownBoot === boot ? Math.min(sync.since, map.place) : 0
  // Its word is what counts: it may have begun again from the start.
  link.sent = since
  const offered = unpackStamped('Sync.offers', sync.offers)
  const wants = map.wanted(offered).slice(0, MAX_ENTRIES)
  link.reaches = sync.from <= link.heard ? sync.upTo : 0
  if (wants.length === 0) link.heard = Math.max(link.heard, link.reaches)
  const said = new Map(offered.map(({ tag, stamp }) => [tag, stamp]))
  const own = map.offers(since, link.peer, MAX_ENTRIES)
  return {
    synced: {
      boot,
      upTo: own.upTo,
      adverts: map.digest(),
      records: digestOfRecords(records),
      offers: packStamped(own.offers.filter(({ tag, stamp }) => (said.get(tag) ?? -1) < stamp)),
      wants: packStamped(wants)
    }
  }
}

async function answerTransfer(parts: AnswerParts, link: Link, transfer: Transfer): Promise<GossipReply> {
  const { map, records } = parts
  await parts.take(link.peer, transfer)
  if (transfer.upTo === link.reaches && transfer.boot === link.boot) link.heard = Math.max(link.heard, transfer.upTo)
  const { items, served } = takeItems(map, unpackStamped('Transfer.wants', transfer.wants))
  const difference =
    transfer.range === undefined ? { give: [], more: false, want: [] } : compareRange(records, transfer.range)
  return {
    delivered: {
      items,
      served,
      records: difference.give,
      more: difference.more,
      recordWants: packPrefixes(difference.want.slice(0, MAX_ENTRIES)),
      wants: packStamped(map.wanted(unpackStamped('Transfer.offers', transfer.offers))),
      adverts: map.digest(),
      recordsDigest: digestOfRecords(records)
    }
  }
}
