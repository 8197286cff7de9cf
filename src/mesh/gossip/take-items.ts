import { MAX_ITEMS, MAX_ITEMS_BYTES, type Item, type Stamped } from '../../../protocols/gossip/index.ts'
import type { AdvertMap } from './advert-map.ts'

/** Answers to the first wants, as many as fit into one message; `served` says how many wants that was. */
export function takeItems(
  map: AdvertMap,
  wants: readonly Stamped[],
  maxBytes: number = MAX_ITEMS_BYTES
): { readonly items: Item[]; readonly served: number } {
  const items: Item[] = []
  let bytes = 0
  for (const [index, want] of wants.entries()) {
    const answer = map.answer(want)
    const size = answer.reduce((sum, item) => sum + item.payload.byteLength + item.signature.byteLength + 16, 0)
    if (bytes + size > maxBytes || items.length + answer.length > MAX_ITEMS) return { items, served: index }
    bytes += size
    items.push(...answer)
  }
  return { items, served: wants.length }
}
