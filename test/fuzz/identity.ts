// Keys of those who take part: the same one as libp2p, gossip and receipts each want it.
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { signerOf, type Signer } from '../../src/receipt/signature.ts'

export interface Identity {
  readonly key: PrivateKey
  readonly peer: string
  readonly signer: Signer
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>
}

export async function newIdentity(): Promise<Identity> {
  return identityOf(await generateKeyPair('Ed25519'))
}

export function identityOf(key: PrivateKey): Identity {
  return {
    key,
    peer: peerIdFromPrivateKey(key).toString(),
    signer: signerOf(key),
    sign: async (bytes) => key.sign(bytes)
  }
}
