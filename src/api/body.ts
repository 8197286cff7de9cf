import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { OperatorError } from '../../protocols/operator/views.ts'
import { badRequest } from './problems.ts'

/** Bytes; no request of the API comes near. */
export const bodyLimit = 65_536

const name = z.string().min(1).max(256)
const requestSchema = z.strictObject({ container: name, to: name })

/** The body of POST /v1/checks and /v1/migrations. Throws OperatorError BODY_TOO_LARGE or BAD_REQUEST. */
export async function moveRequest(request: IncomingMessage, host: string): Promise<z.output<typeof requestSchema>> {
  const text = await bodyOf(request, host)
  const remedy = 'Send {"container": NAME, "to": PEER}, two strings of 1 to 256 characters and nothing else'
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw badRequest(
      host,
      'The body of the request is not JSON',
      error instanceof Error ? error.message : String(error),
      remedy
    )
  }
  const parsed = requestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const why = parsed.error.issues
    .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
    .join('; ')
  throw badRequest(host, 'The body of the request is not of its form', why, remedy)
}

async function bodyOf(request: IncomingMessage, host: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimit) {
      throw new OperatorError({
        code: 'BODY_TOO_LARGE',
        host,
        what: `The body of the request is larger than ${String(bodyLimit)} bytes`,
        remedy: 'Send {"container": NAME, "to": PEER} and nothing else'
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
