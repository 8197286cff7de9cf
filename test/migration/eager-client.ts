// A peer that always has a request on the way: 40 TCP connections, every millisecond one that waits for no answer asks again.
// eager-client.ts ADDRESS PORT; a line on stdin is answered with a line of JSON once all that had been asked by then is answered.
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const CONNECTIONS = 40
const [address = '', port = ''] = process.argv.slice(2)
const idle: (() => void)[] = []
const waiting = new Set<number>()
const settling: Set<number>[] = []
let open = 0
let asked = 0
let answered = 0
let outOfOrder = 0

function say(problem?: string): void {
  console.log(JSON.stringify({ asked, answered, outOfOrder, ...(problem === undefined ? {} : { problem }) }))
}

function join(): void {
  const socket = connect({ host: address, port: Number(port), noDelay: true })
  let request = 0
  let last = 0
  let rest = ''
  const ask = (): void => {
    request = ++asked
    waiting.add(request)
    socket.write('next\n')
  }
  socket.on('connect', () => {
    idle.push(ask)
    if (++open === CONNECTIONS) say()
  })
  socket.on('data', (data) => {
    rest += data.toString('latin1')
    if (!rest.endsWith('\n')) return
    if (Number(rest) <= last) outOfOrder++
    last = Number(rest)
    rest = ''
    answered++
    waiting.delete(request)
    for (const some of settling) some.delete(request)
    settle()
    idle.push(ask)
  })
  for (const event of ['error', 'close']) {
    socket.on(event, (error: unknown) => {
      say(error instanceof Error ? error.message : 'a connection was closed')
      process.exit(1)
    })
  }
}

function settle(): void {
  while (settling[0]?.size === 0) {
    settling.shift()
    say()
  }
}

for (let i = 0; i < CONNECTIONS; i++) join()
setInterval(() => {
  idle.shift()?.()
}, 1)
createInterface({ input: process.stdin }).on('line', () => {
  // One more, so that it says something even if nobody is waiting.
  idle.shift()?.()
  settling.push(new Set(waiting))
  settle()
})
