// The ledger's peer: numbers its requests, one after the other over one TCP connection, and holds every answer against what it must be.
// A line of JSON on stdin is something to do, a line of JSON on stdout something that happened.
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

export type ClientDeed =
  | { readonly do: 'connect'; readonly address: string; readonly everyMs: number }
  | { readonly do: 'say'; readonly line: string }
  | { readonly do: 'finish' }
  /** Gives the connection up, and tells of it as broken. */
  | { readonly do: 'drop' }

export interface Seen {
  /** The last number that was answered, and whether one more was sent. */
  readonly acknowledged: number
  readonly inFlight: boolean
  readonly answers: number
  readonly longestGapMs: number
  /** What was not as it must be. */
  readonly wrong: readonly string[]
}

export type ClientEvent =
  | { readonly event: 'connected'; readonly count: number; readonly beatAddress: string }
  | { readonly event: 'said'; readonly line: string }
  | ({ readonly event: 'finished'; readonly check: string; readonly state: string } & Seen)
  | ({ readonly event: 'broken'; readonly problem: string } & Seen)

const FIRST_HASH = 2166136261

function mix(hash: number, number: number): number {
  return Math.imul(hash ^ number, 16777619) >>> 0
}

/** Of the numbers from 1 to `count`. */
function hashOf(count: number): number {
  let hash = FIRST_HASH
  for (let number = 1; number <= count; number++) hash = mix(hash, number)
  return hash
}

function tell(event: ClientEvent): void {
  console.log(JSON.stringify(event))
}

class Session {
  readonly #socket: Socket
  readonly #everyMs: number
  readonly #wrong: string[] = []
  /** Lines to ask between two numbers; each is answered to whom it concerns. */
  readonly #asides: { readonly line: string; readonly heard: (answer: string) => void }[] = []
  #heard: ((answer: string) => void) | undefined
  #acknowledged = 0
  #hash = 0
  #inFlight = false
  #answers = 0
  #longestGapMs = 0
  #last = 0
  #finishing = false
  #over = false
  #rest = ''

  constructor(address: string, everyMs: number) {
    this.#everyMs = everyMs
    this.#socket = connect({ host: address, port: 8000, noDelay: true })
    this.#socket.on('connect', () => {
      this.#ask('state', (answer) => {
        const [, count = '', hash = '', beatAddress = ''] = answer.split(' ')
        this.#acknowledged = Number(count)
        this.#hash = hashOf(this.#acknowledged)
        if (Number(hash) !== this.#hash) this.#wrong.push(`at the start: not the numbers from 1 to ${count}`)
        tell({ event: 'connected', count: this.#acknowledged, beatAddress })
        this.#last = performance.now()
      })
    })
    this.#socket.on('data', (data) => {
      this.#rest += data.toString('latin1')
      const lines = this.#rest.split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    })
    this.#socket.on('error', (error) => {
      this.#break(error.message)
    })
    this.#socket.on('close', () => {
      this.#break('the connection was closed')
    })
  }

  say(line: string): void {
    this.#asides.push({
      line,
      heard: (answer) => {
        tell({ event: 'said', line: answer })
      }
    })
  }

  finish(): void {
    this.#finishing = true
  }

  drop(): void {
    this.#break('given up')
  }

  end(): void {
    this.#over = true
    this.#socket.destroy()
  }

  #ask(line: string, heard: (answer: string) => void): void {
    this.#heard = heard
    this.#socket.write(`${line}\n`)
  }

  #next(): void {
    if (this.#over) return
    const aside = this.#asides.shift()
    if (aside !== undefined) this.#ask(aside.line, aside.heard)
    else if (this.#finishing) this.#close()
    else {
      const number = this.#acknowledged + 1
      this.#inFlight = true
      this.#ask(String(number), (answer) => {
        this.#inFlight = false
        this.#acknowledged = number
        this.#hash = mix(this.#hash, number)
        const wanted = `${String(number)} ${String(number)} ${String(this.#hash)}`
        if (answer !== wanted) this.#wrong.push(`answer "${answer}" instead of "${wanted}"`)
        this.#answers++
        const now = performance.now()
        this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#last)
        this.#last = now
      })
    }
  }

  #take(line: string): void {
    const heard = this.#heard
    this.#heard = undefined
    if (heard === undefined) this.#wrong.push(`an answer that nobody asked for: "${line}"`)
    else heard(line)
    if (this.#heard === undefined)
      setTimeout(() => {
        this.#next()
      }, this.#everyMs)
  }

  #close(): void {
    this.#ask('check', (check) => {
      this.#ask('state', (state) => {
        this.end()
        tell({ event: 'finished', check, state, ...this.#seen() })
      })
    })
  }

  #break(problem: string): void {
    if (this.#over) return
    this.end()
    tell({ event: 'broken', problem, ...this.#seen() })
  }

  #seen(): Seen {
    return {
      acknowledged: this.#acknowledged,
      inFlight: this.#inFlight,
      answers: this.#answers,
      longestGapMs: Math.round(this.#longestGapMs),
      wrong: this.#wrong.slice(0, 5)
    }
  }
}

let session: Session | undefined
createInterface({ input: process.stdin }).on('line', (line) => {
  const deed = JSON.parse(line) as ClientDeed
  switch (deed.do) {
    case 'connect':
      session?.end()
      session = new Session(deed.address, deed.everyMs)
      break
    case 'say':
      session?.say(deed.line)
      break
    case 'finish':
      session?.finish()
      break
    case 'drop':
      session?.drop()
      break
  }
})
