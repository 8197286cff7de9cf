// What tests of the routing need around it.
import { OperatorError, type CordonView, type MeshService } from '../../protocols/operator/views.ts'

const refuse = (): Promise<never> =>
  Promise.reject(
    new OperatorError({
      code: 'NO_MESH',
      host: 'b',
      what: 'This host is in no mesh',
      remedy: 'Make one with ferry init'
    })
  )

export const noMesh: MeshService = {
  membership: refuse,
  init: refuse,
  invite: refuse,
  join: refuse,
  expel: refuse,
  rotateKey: refuse,
  leave: refuse,
  grant: refuse,
  revoke: refuse
}

const open: CordonView = { host: 'b', cordoned: false, maintenance: false }

export const noCordon = { set: async () => open, lift: async () => open }
