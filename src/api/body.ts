import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { OperatorError } from '../../protocols/operator/views.ts'
import { badRequest } from './problems.ts'

/** Bytes; no request of the API comes near. */
export const bodyLimit = 65_536

const name = z.string().min(1).max(256)
const move = {
  schema: z.strictObject({ container: name, to: name }),
  remedy: 'Send {"container": NAME, "to": PEER}, two strings of 1 to 256 characters and nothing else'
}
const resolution = {
  schema: z.strictObject({ how: z.enum(['run-here', 'discard']) }),
  remedy: 'Send {"how": "run-here"} or {"how": "discard"} and nothing else'
}

/** The body of POST /v1/checks and /v1/migrations. Throws OperatorError BODY_TOO_LARGE or BAD_REQUEST. */
export function moveRequest(request: IncomingMessage, host: string): Promise<z.output<typeof move.schema>> {
  return parsed(request, host, move)
}

/** The body of POST /v1/migrations/ID/resolve. Throws as `moveRequest` does. */
export function resolveRequest(request: IncomingMessage, host: string): Promise<z.output<typeof resolution.schema>> {
  return parsed(request, host, resolution)
}

/** A body of another route. Throws as `moveRequest` does. */
export async function parsed<Schema extends z.ZodType>(
  request: IncomingMessage,
  host: string,
  { schema, remedy }: { readonly schema: Schema; readonly remedy: string }
): Promise<z.output<Schema>> {
  const text = await bodyOf(request, host, remedy)
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
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const why = result.error.issues
    .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
    .join('; ')
  throw badRequest(host, 'The body of the request is not of its form', why, remedy)
}

async function bodyOf(request: IncomingMessage, host: string, remedy: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimit) {
      throw new OperatorError({
        code: 'BODY_TOO_LARGE',
        host,
        what: `The body of the request is larger than ${String(bodyLimit)} bytes`,
        remedy
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
