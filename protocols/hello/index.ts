// Who a host is and what it can do, told when a connection opens and asked again on demand.
export * from './codec.ts'
export * from './constants.ts'
export type { Hello } from './pb/message.ts'
