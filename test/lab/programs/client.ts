// The peer of a moving container: one TCP connection, one HTTP request after the other, kept open through everything.
// client.ts ADDRESS PORT [--every MS]; ends at a line on stdin and prints what it saw as one line of JSON.
import { connect } from 'node:net'

const [address = '', port = '', , every = '5'] = process.argv.slice(2)
const socket = connect({ host: address, port: Number(port), noDelay: true })
const numbers: number[] = []
let longestGapMs = 0
let gapAfter = 0
let problem: string | undefined
let last = performance.now()
let stopping = false
let rest = ''

function ask(): void {
  if (stopping) finish()
  else socket.write('GET / HTTP/1.1\r\nHost: counter\r\n\r\n')
}

function finish(): void {
  let outOfOrder = 0
  for (let i = 1; i < numbers.length; i++) if (numbers[i] !== (numbers[i - 1] ?? NaN) + 1) outOfOrder++
  const report = {
    answers: numbers.length,
    first: numbers[0],
    last: numbers.at(-1),
    outOfOrder,
    longestGapMs: Math.round(longestGapMs * 10) / 10,
    gapAfter,
    connections: 1,
    localPort: socket.localPort,
    ...(problem === undefined ? {} : { problem })
  }
  console.log(JSON.stringify(report))
  process.exit(0)
}

socket.on('connect', () => {
  console.log(JSON.stringify({ connected: true, localPort: socket.localPort }))
  last = performance.now()
  ask()
})
socket.on('data', (data) => {
  rest += data.toString('latin1')
  const end = rest.indexOf('\r\n\r\n')
  const length = /content-length: (\d+)/i.exec(rest)?.[1]
  if (end < 0 || length === undefined || rest.length < end + 4 + Number(length)) return
  numbers.push(Number(rest.slice(end + 4, end + 4 + Number(length))))
  rest = rest.slice(end + 4 + Number(length))
  const now = performance.now()
  if (now - last > longestGapMs) {
    longestGapMs = now - last
    gapAfter = numbers.at(-2) ?? 0
  }
  last = now
  if (numbers.length % 20 === 1) console.log(JSON.stringify({ answers: numbers.length, last: numbers.at(-1) }))
  setTimeout(ask, Number(every))
})
socket.on('error', (error) => {
  problem = error.message
  finish()
})
socket.on('close', () => {
  problem ??= 'the connection was closed'
  finish()
})
process.stdin.on('data', () => {
  stopping = true
  // A connection that stands still has to be seen, not waited for without end.
  setTimeout(() => {
    problem ??= 'no answer for 20 s'
    finish()
  }, 20_000)
})
