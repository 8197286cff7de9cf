// Tables of left-aligned columns. The last column wraps at the terminal's width; piped, nothing is wrapped or cut.

export interface TableOptions {
  /** Columns of the terminal; undefined for no limit. */
  readonly width: number | undefined
  readonly style?: (text: string) => string
}

const gap = 2
const narrowestLast = 20

export function table(header: readonly string[], rows: readonly (readonly string[])[], options: TableOptions): string {
  const clean = rows.map((row) => row.map(printable))
  const last = header.length - 1
  const widths = header.map((title, column) =>
    Math.max(title.length, ...clean.map((row) => (row[column] ?? '').length))
  )
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap, 0)
  const room = options.width === undefined ? Infinity : Math.max(narrowestLast, options.width - before)
  const lines = clean.flatMap((row) => {
    const start = row
      .slice(0, last)
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + gap))
      .join('')
    return wrapped(row[last] ?? '', room).map((part, line) => (line === 0 ? start : ' '.repeat(before)) + part)
  })
  const title = header
    .map((cell, column) => (column === last ? cell : cell.padEnd((widths[column] ?? 0) + gap)))
    .join('')
  const style = options.style ?? ((text: string) => text)
  return [style(title.trimEnd()), ...lines.map((line) => line.trimEnd())].join('\n')
}

/** Breaks at spaces; a word longer than `width` stays whole, so that paths can be copied. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** Names and log lines come from other hosts: nothing of theirs may steer the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (character === '\t' ? ' ' : '\ufffd'))
}
