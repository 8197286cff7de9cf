// What the commands for membership print.
import {
  OperatorError,
  type ExpulsionView,
  type InvitationView,
  type KeyView,
  type MembershipView
} from '../../protocols/operator/views.ts'
import { hostname } from 'node:os'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a time like `30m`. @throws OperatorError BAD_REQUEST */
export function ttlMs(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? []
  const factor = UNITS[unit ?? '']
  if (count !== undefined && factor !== undefined) return Number(count) * factor
  throw new OperatorError({
    code: 'BAD_REQUEST',
    host: hostname(),
    what: `"${text}" is no length of time`,
    remedy: 'Write a number and s, m, h or d, e.g. --ttl 30m'
  })
}

export function membershipText(view: MembershipView, terminal: Terminal): string {
  const rows = view.members.map(({ name, state, peerId, admittedAt, admittedBy }) => [
    name,
    state,
    admittedAt,
    view.members.find((member) => member.peerId === admittedBy)?.name ?? admittedBy,
    peerId
  ])
  const style = (text: string) => terminal.style('bold', text)
  const shown = [
    `Mesh ${view.meshName} (${view.meshId})`,
    table(['NAME', 'STATE', 'SINCE', 'ADMITTED BY', 'PEER ID'], rows, { width: terminal.width, style })
  ]
  if (!view.member) shown.push(`This host (${view.peerId}) is no member any more. \`ferry leave\` gives it a new key.`)
  const grantor = (peerId: string): string =>
    view.members.find((member) => member.peerId === peerId)?.name ?? `${peerId}, which is no member any more`
  for (const { operator, roles, grants } of view.operators) {
    const each = roles.map((role) => {
      const by = grants.filter((grant) => grant.role === role).map(({ grantedBy }) => grantor(grantedBy))
      return `${role}, granted by ${[...new Set(by)].join(' and ')}`
    })
    shown.push(`Operator ${operator}: ${each.join('; ')}`)
  }
  return shown.join('\n')
}

export function invitationText(invitation: InvitationView, _terminal: Terminal): string {
  return invitation.token
}

export function expulsionText(view: ExpulsionView): string {
  const who = view.name === '' ? view.peerId : `${view.name} (${view.peerId})`
  const lines = [`${who} is expelled; ${String(view.toldTo.length)} connected members know it already.`]
  if (view.alsoOut.length > 0) lines.push(`With it these are out: ${view.alsoOut.join(', ')}`)
  if (view.admittedByIt.length > 0) {
    lines.push(`It had admitted these, which stay: ${view.admittedByIt.join(', ')}`)
  }
  if (view.endedRoles.length > 0) {
    const again = view.endedRoles.map(({ operator, role }) => `  ferry grant ${operator} ${role}`)
    lines.push(
      'Roles of these operators are over. Those that are right, and not its own way back, are given again with:'
    )
    lines.push(...new Set(again))
  }
  return lines.join('\n')
}

export function keyText(view: KeyView): string {
  const lines = [`This host is ${view.peerId} now; it was ${view.formerPeerId}.`]
  if (view.invitationsVoid !== undefined && view.invitationsVoid > 0) {
    lines.push(
      `${String(view.invitationsVoid)} open invitations named the former id and are void: \`ferry invite\` again.`
    )
  }
  if (view.toldTo !== undefined) {
    lines.push(
      view.toldTo.length > 0
        ? `${String(view.toldTo.length)} connected members know already that it left.`
        : `No member heard that it left, and none will hear it from here: type \`ferry expel ${view.formerPeerId}\` on one.`
    )
  }
  return lines.join('\n')
}
