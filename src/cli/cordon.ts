// What `ferry cordon` and `ferry uncordon` print.
import type { CordonView } from '../../protocols/operator/views.ts'
import { printable } from './table.ts'

export function cordonText({ host, cordoned, reason, maintenance }: CordonView): string {
  if (!cordoned) return printable(`${host} takes containers.`)
  const why = reason === undefined ? '' : `: ${reason}`
  const first = printable(`${host} is cordoned${maintenance ? ' for maintenance' : ''}${why}`)
  return `${first}\nIt takes no containers; what runs there stays.`
}
