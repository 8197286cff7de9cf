// What `ferry id` says: who this node is to others.
import { loadConfig } from '../../config/load.ts'
import { loadIdentity } from '../mesh/key.ts'
import { keyFileOf } from './parts.ts'

/** Makes the key where there is none. @throws ConfigError, MeshError KEY_UNSAFE */
export async function identity(configPath?: string): Promise<{ peerId: string; name: string; listen: string[] }> {
  const config = await loadConfig(configPath)
  const { peerId } = await loadIdentity(keyFileOf(config.stateDir))
  return { peerId, name: config.name, listen: config.listen.map((address) => `${address}/p2p/${peerId}`) }
}
