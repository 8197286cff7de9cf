export type { Clock } from './clock.ts'
export { Gossip, type AdvertView, type GossipOptions, type GossipTransport } from './gossip.ts'
export { defaultSettings, type GossipSettings } from './settings.ts'
