// Somebody with libp2p and no invitation: tries to open every protocol. stranger.ts ADDRESS PROTOCOL...
// Prints, as JSON, what became of each, and all that the other side said of itself.
import { noise } from '@chainsafe/libp2p-noise'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const [address = '', ...protocols] = process.argv.slice(2)
const node = await createLibp2p({
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify() },
  connectionManager: { reconnectRetries: 0 }
})
const learnt: string[] = []
node.addEventListener('peer:identify', ({ detail }) => {
  learnt.push(JSON.stringify({ agent: detail.agentVersion, protocols: detail.protocols, listen: detail.listenAddrs }))
})

async function open(protocol: string): Promise<string> {
  const signal = AbortSignal.timeout(20_000)
  try {
    const connection = await node.dial(multiaddr(address), { signal })
    const stream = await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
    stream.send(new Uint8Array([0]))
    const said = await new Promise<string>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve('open')
      })
      stream.addEventListener('message', ({ data }) => {
        resolve(`said ${data.byteLength} bytes`)
      })
      stream.addEventListener('close', () => {
        resolve('closed')
      })
    })
    return said
  } catch (error) {
    return `refused: ${error instanceof Error ? error.name : String(error)}`
  }
}

const outcomes: Record<string, string> = {}
for (const protocol of protocols) outcomes[protocol] = await open(protocol)
console.log(JSON.stringify({ outcomes, learnt }))
await node.stop()
process.exit(0)
