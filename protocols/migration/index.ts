// The conversation between source and target: one request and one response a stream.
export * from './codec.ts'
export * from './constants.ts'
export * from './pb/message.ts'
