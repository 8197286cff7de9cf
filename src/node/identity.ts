// What `ferry id` says: who this node is to others.
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { loadConfig } from '../../config/load.ts'
import { loadOrCreateKey } from '../mesh/key-file.ts'
import { keyFileOf } from './parts.ts'

/** Makes the key where there is none. @throws ConfigError, MeshError KEY_FILE */
export async function identity(configPath?: string): Promise<{ peerId: string; name: string; listen: string[] }> {
  const config = await loadConfig(configPath)
  const key = await loadOrCreateKey(keyFileOf(config.stateDir))
  return { peerId: peerIdFromPrivateKey(key).toString(), name: config.name, listen: config.listen }
}
