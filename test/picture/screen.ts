// As much of a terminal as `ferry move` uses: what a recorded session looked like at the end of each redraw.

export type Weight = 'bold' | 'plain'

export interface Cell {
  readonly character: string
  readonly weight: Weight
  /** SGR number of the foreground colour (30 to 37, 90 to 97); undefined for the terminal's own. */
  readonly colour: number | undefined
}

export type Line = readonly Cell[]

const BLANK: Cell = { character: ' ', weight: 'plain', colour: undefined }
/** ECMA-48 control sequences, operating system commands, single controls, and text between them. */
const TOKENS = /\x1b\[([?\d;]*)([@-~])|\x1b\][^\x07]*\x07|\x1b.|[\x00-\x1f]|[^\x00-\x1f\x1b]+/gu

/**
 * The screen after each redraw (the end of a synchronized update, `CSI ? 2026 l`) and once more at the end. Lines have no blanks at their ends.
 * @param columns width at which lines wrap
 */
export function screensOf(recording: string, columns: number): Line[][] {
  const screens: Line[][] = []
  const screen = new Screen(columns)
  for (const [token, parameters = '', final] of recording.matchAll(TOKENS)) {
    if (final !== undefined) {
      screen.control(parameters, final)
      if (parameters === '?2026' && final === 'l') screens.push(screen.lines())
    } else if (token === '\r') screen.column = 0
    else if (token === '\n') screen.row++
    else if (token > '\x1f') screen.write(token)
  }
  return [...screens, screen.lines()]
}

export function textOf(lines: readonly Line[]): string {
  return lines.map((line) => line.map(({ character }) => character).join('')).join('\n')
}

class Screen {
  row = 0
  column = 0
  readonly #columns: number
  readonly #rows: Cell[][] = []
  #pen: Cell = BLANK

  constructor(columns: number) {
    this.#columns = columns
  }

  write(text: string): void {
    for (const character of text) {
      if (this.column === this.#columns) {
        this.row++
        this.column = 0
      }
      this.#line(this.row)[this.column++] = { ...this.#pen, character }
    }
  }

  control(parameters: string, final: string): void {
    const [first = 0] = parameters.split(';').map(Number)
    const count = Math.max(1, first)
    switch (final) {
      case 'A':
        this.row = Math.max(0, this.row - count)
        break
      case 'B':
        this.row += count
        break
      case 'G':
        this.column = count - 1
        break
      case 'K':
        this.#line(this.row).splice(first === 2 ? 0 : this.column)
        break
      case 'J':
        this.#line(this.row).splice(this.column)
        this.#rows.splice(this.row + 1)
        break
      case 'm':
        this.#style(parameters)
        break
    }
  }

  lines(): Line[] {
    const lines = Array.from(this.#rows, (row) => {
      const cells = Array.from(row, (cell: Cell | undefined) => cell ?? BLANK)
      return cells.slice(0, cells.findLastIndex(({ character }) => character !== ' ') + 1)
    })
    return lines.slice(0, lines.findLastIndex((line) => line.length > 0) + 1)
  }

  #line(row: number): Cell[] {
    while (this.#rows.length <= row) this.#rows.push([])
    return this.#rows[row] ?? []
  }

  #style(parameters: string): void {
    for (const code of parameters.split(';').map(Number)) {
      if (code === 0) this.#pen = BLANK
      else if (code === 1) this.#pen = { ...this.#pen, weight: 'bold' }
      else if (code === 22) this.#pen = { ...this.#pen, weight: 'plain' }
      else if (code === 39) this.#pen = { ...this.#pen, colour: undefined }
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) this.#pen = { ...this.#pen, colour: code }
    }
  }
}
