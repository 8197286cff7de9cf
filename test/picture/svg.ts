// Screens of a terminal as one SVG: a window, each screen below a caption.
import type { Cell, Line } from './screen.ts'

export interface Panel {
  readonly caption: string
  readonly lines: readonly Line[]
}

/** Pixels. */
const CELL = { width: 8.4, height: 20, font: 14 }
const MARGIN = 20
const TITLE_BAR = 36
const BETWEEN = 34

const PAPER = '#10151c'
const INK = '#d6dde6'
const FAINT = '#7d8a9a'
const BRIGHT = '#ffffff'
const COLOURS: Readonly<Record<number, string>> = {
  31: '#ff7b72',
  32: '#5fd38d',
  33: '#f2c661',
  34: '#79b8ff',
  35: '#d2a8ff',
  36: '#67d5d5',
  90: FAINT
}

/** @param columns width of the terminal */
export function svgOf(title: string, panels: readonly Panel[], columns: number): string {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN)
  const parts: string[] = []
  let y = TITLE_BAR
  panels.forEach(({ caption, lines }, index) => {
    if (index > 0)
      parts.push(`<line x1="0" y1="${String(y)}" x2="${String(width)}" y2="${String(y)}" stroke="#2a3441"/>`)
    y += BETWEEN / 2 + 10
    parts.push(`<text x="${String(MARGIN)}" y="${String(y)}" fill="${FAINT}" font-size="12">${escaped(caption)}</text>`)
    y += 8
    for (const line of lines) {
      y += CELL.height
      parts.push(...runsOf(line).map((run) => runText(run, y)))
    }
    y += MARGIN
  })
  const height = y
  const lamps = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, index) => `<circle cx="${String(MARGIN + index * 20)}" cy="18" r="6" fill="${colour}"/>`
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="${escaped(title)}" font-family="'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace" font-size="${String(CELL.font)}">
<title>${escaped(title)}</title>
<rect width="${String(width)}" height="${String(height)}" rx="10" fill="${PAPER}"/>
<path d="M0 ${String(TITLE_BAR)}V10a10 10 0 0 1 10-10H${String(width - 10)}a10 10 0 0 1 10 10V${String(TITLE_BAR)}Z" fill="#1b232d"/>
${lamps.join('')}
<text x="${String(width / 2)}" y="23" fill="${FAINT}" text-anchor="middle" font-size="13">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`
}

interface Run {
  readonly column: number
  readonly text: string
  readonly look: Cell
}

/** Pieces of one look; a gap of two blanks or more divides too, so that columns stay in line whatever the viewer's font is. */
function runsOf(line: Line): Run[] {
  const runs: Run[] = []
  let from = 0
  while (from < line.length) {
    const look = line[from]
    if (look === undefined) break
    let to = from + 1
    while (
      to < line.length &&
      sameLook(look, line[to]) &&
      !(line[to]?.character === ' ' && line[to + 1]?.character === ' ')
    )
      to++
    const text = line.slice(from, to).map(({ character }) => character)
    const blanks = text.findIndex((character) => character !== ' ')
    if (blanks !== -1) runs.push({ column: from + blanks, text: text.join('').trim(), look })
    from = to
  }
  return runs
}

function sameLook(a: Cell, b: Cell | undefined): boolean {
  return b !== undefined && (b.character === ' ' || (a.weight === b.weight && a.colour === b.colour))
}

function runText({ column, text, look }: Run, y: number): string {
  const x = (MARGIN + column * CELL.width).toFixed(1)
  const length = ([...text].length * CELL.width).toFixed(1)
  const fill = look.colour === undefined ? (look.weight === 'bold' ? BRIGHT : INK) : (COLOURS[look.colour] ?? INK)
  const weight = look.weight === 'bold' ? ' font-weight="bold"' : ''
  return `<text x="${x}" y="${String(y)}" fill="${fill}"${weight} textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
