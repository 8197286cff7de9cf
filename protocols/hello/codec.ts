import { HOST_NAME, checkJson, checkSize, checkText, decodeWith, invalidField } from '../fields.ts'
import { MAX_FACTS_BYTES, MAX_HELLO_BYTES, MAX_VERSION_BYTES } from './constants.ts'
import { Hello } from './pb/message.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** @throws ProtocolError */
export function encodeHello(hello: Hello): Uint8Array {
  check(hello)
  const bytes = Hello.encode(hello)
  checkSize('Hello', bytes.byteLength, MAX_HELLO_BYTES)
  return bytes
}

/** @throws ProtocolError */
export function decodeHello(bytes: Uint8Array | Uint8ArrayList): Hello {
  const hello = decodeWith('Hello', bytes, MAX_HELLO_BYTES, (b) => Hello.decode(b))
  check(hello)
  return hello
}

function check(hello: Hello): void {
  checkText('Hello.name', hello.name, { maxBytes: 63, pattern: HOST_NAME })
  checkText('Hello.ferryVersion', hello.ferryVersion, { maxBytes: MAX_VERSION_BYTES, pattern: /^[0-9A-Za-z.+-]+$/ })
  if (hello.probe) {
    if (hello.facts !== '') throw invalidField('Hello.facts', 'a probe carries none')
  } else {
    checkJson('Hello.facts', hello.facts, MAX_FACTS_BYTES)
  }
}
