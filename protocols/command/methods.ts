// Every method that one host can be asked for: its arguments, its answer, and the role that an operator needs for it.
import { z } from 'zod'
import { MIGRATION_ID } from '../fields.ts'
import type {
  AuditEntry,
  CheckView,
  ContainerView,
  CordonView,
  DoctorView,
  ExpulsionView,
  HostView,
  InvitationView,
  KeyView,
  LogView,
  MembershipView,
  MigrationView,
  PeerView,
  ReceiptView,
  Resolution
} from '../operator/views.ts'

export type CommandRole = 'view' | 'move' | 'admin'

/** Arguments and answer of each method; `watch` answers many times. */
export interface Methods {
  hosts: [Record<never, never>, readonly HostView[]]
  containers: [Record<never, never>, readonly ContainerView[]]
  peers: [Record<never, never>, readonly PeerView[]]
  check: [{ container: string; to: string }, CheckView]
  move: [{ container: string; to: string }, MigrationView]
  watch: [{ id: string }, MigrationView]
  migration: [{ id: string }, MigrationView]
  migrations: [Record<never, never>, readonly MigrationView[]]
  logs: [{ id: string }, LogView]
  receipt: [{ id: string }, ReceiptView]
  resolve: [{ id: string; how: Resolution }, MigrationView]
  cancel: [{ id: string }, MigrationView]
  doctor: [Record<never, never>, DoctorView]
  repair: [Record<never, never>, DoctorView]
  cordon: [{ reason?: string | undefined; maintenance: boolean }, CordonView]
  uncordon: [Record<never, never>, CordonView]
  audit: [{ entries: number }, readonly AuditEntry[]]
  membership: [Record<never, never>, MembershipView]
  init: [{ meshName: string }, MembershipView]
  invite: [{ ttlMs: number }, InvitationView]
  join: [{ token: string }, MembershipView]
  expel: [{ peer: string; undo?: boolean | undefined }, ExpulsionView]
  rotateKey: [Record<never, never>, KeyView]
  leave: [Record<never, never>, KeyView]
  grant: [{ operator: string; role: string }, MembershipView]
  revoke: [{ operator: string; role?: string | undefined }, MembershipView]
}

export type MethodName = keyof Methods
export type Arguments<M extends MethodName> = Methods[M][0]
export type AnswerOf<M extends MethodName> = Methods[M][1]

export interface Method<M extends MethodName> {
  /** What an operator needs, by key; `root` is root of that very host, through its socket. */
  readonly role: CommandRole | 'root'
  /** Whether a member may send it for its own root. */
  readonly fromMembers: boolean
  /** It may change something: it is in the audit log before it does. */
  readonly changes: boolean
  readonly arguments: z.ZodType<Arguments<M>>
}

/** One line that an advert has room for. */
export const CORDON_REASON = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{C}]*$/u, 'no control characters')

const name = z.string().min(1).max(256)
const nothing = z.strictObject({})
const byId = z.strictObject({ id: z.string().regex(MIGRATION_ID) })
const moving = z.strictObject({ container: name, to: name })

export const METHODS: { readonly [M in MethodName]: Method<M> } = {
  hosts: reading(nothing),
  containers: reading(nothing),
  peers: reading(nothing),
  check: reading(moving),
  move: changing('move', moving),
  watch: reading(byId),
  migration: reading(byId),
  migrations: reading(nothing),
  logs: reading(byId),
  receipt: reading(byId),
  resolve: changing('admin', byId.extend({ how: z.enum(['run-here', 'discard']) })),
  cancel: changing('move', byId),
  doctor: reading(nothing),
  repair: here('admin', nothing),
  cordon: changing('admin', z.strictObject({ reason: CORDON_REASON.optional(), maintenance: z.boolean() })),
  uncordon: changing('admin', nothing),
  audit: { ...reading(z.strictObject({ entries: z.int().min(1).max(1000) })), role: 'admin' },
  membership: reading(nothing),
  init: here('root', z.strictObject({ meshName: name })),
  invite: here('admin', z.strictObject({ ttlMs: z.int().min(1000) })),
  join: here('root', z.strictObject({ token: z.string().min(1).max(8192) })),
  expel: here('admin', z.strictObject({ peer: name, undo: z.boolean().optional() })),
  rotateKey: here('admin', nothing),
  leave: here('root', nothing),
  grant: here('admin', z.strictObject({ operator: name, role: name })),
  revoke: here('admin', z.strictObject({ operator: name, role: name.optional() }))
}

export function isMethod(text: string): text is MethodName {
  return Object.hasOwn(METHODS, text)
}

function reading<T>(schema: z.ZodType<T>) {
  return { role: 'view', fromMembers: true, changes: false, arguments: schema } as const
}

function changing<T>(role: CommandRole, schema: z.ZodType<T>) {
  return { role, fromMembers: true, changes: true, arguments: schema } as const
}

/** What a member's root does on its own host, and on no other. */
function here<T>(role: CommandRole | 'root', schema: z.ZodType<T>) {
  return { role, fromMembers: false, changes: true, arguments: schema } as const
}
