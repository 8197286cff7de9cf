// What an operator asks of a host, over the mesh: one method of the operator API with its arguments, and the answers.
export * from './codec.ts'
export * from './constants.ts'
export * from './methods.ts'
export type { Answer, Command, Request } from './pb/message.ts'
