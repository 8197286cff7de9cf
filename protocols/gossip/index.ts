// What every node can do and who is a member, spread from node to node.
export * from './advert-body.ts'
export * from './codec.ts'
export * from './constants.ts'
export * from './tags.ts'
export type {
  Advert,
  Delivered,
  Item,
  Pulse,
  RecordRange,
  Reply as GossipReply,
  Request as GossipRequest,
  Sync,
  Synced,
  Transfer
} from './pb/message.ts'
