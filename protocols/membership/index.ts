// Who belongs to a mesh: signed records, invitations, joining, and the exchange of records between members.
export * from './codec.ts'
export * from './constants.ts'
export type {
  JoinAnswer,
  JoinRequest,
  MemberAddresses,
  RecordBody,
  RecordsAnswer,
  RecordsRequest,
  SignedRecord,
  Token
} from './pb/message.ts'
