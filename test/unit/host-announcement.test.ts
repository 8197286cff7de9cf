import { describe, expect, it } from 'vitest'
import {
  announcementFrames,
  gratuitousArp,
  parseIpv6,
  unsolicitedAdvertisement
} from '../../src/host/announcement-frames.ts'

const MAC = '00:16:3e:00:00:10'
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('gratuitous ARP (RFC 826, RFC 5227)', () => {
  it('the request asks everybody for the address that it says it has', () => {
    expect(hex(gratuitousArp(MAC, '10.9.0.10', 'request'))).toBe(
      'ffffffffffff' +
        '00163e000010' +
        '0806' +
        '0001080006040001' +
        '00163e000010' +
        '0a09000a' +
        '000000000000' +
        '0a09000a'
    )
  })

  it('the reply is addressed to everybody', () => {
    expect(hex(gratuitousArp(MAC, '10.9.0.10', 'reply'))).toBe(
      'ffffffffffff' +
        '00163e000010' +
        '0806' +
        '0001080006040002' +
        '00163e000010' +
        '0a09000a' +
        'ffffffffffff' +
        '0a09000a'
    )
  })
})

describe('unsolicited neighbour advertisement (RFC 4861)', () => {
  const frame = unsolicitedAdvertisement(MAC, 'fd00::10')

  it('goes from the address to all nodes with hop limit 255', () => {
    const address = 'fd000000000000000000000000000010'
    expect(hex(frame.subarray(0, 54))).toBe(
      '333300000001' +
        '00163e000010' +
        '86dd' +
        '60000000' +
        '0020' +
        '3a' +
        'ff' +
        address +
        'ff020000000000000000000000000001'
    )
  })

  it('overrides what is cached with its link-layer address', () => {
    const message = hex(frame.subarray(54))
    expect(message.slice(0, 4)).toBe('8800')
    expect(message.slice(8)).toBe('20000000' + 'fd000000000000000000000000000010' + '0201' + '00163e000010')
  })

  it('has a checksum that adds up over pseudo header and message', () => {
    const message = [...frame.subarray(54)]
    const pseudo = [...frame.subarray(22, 54), 0, 0, 0, message.length, 0, 0, 0, 58, ...message]
    let sum = 0
    for (let at = 0; at < pseudo.length; at += 2) sum += (pseudo[at] ?? 0) * 256 + (pseudo[at + 1] ?? 0)
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
    expect(sum).toBe(0xffff)
  })
})

describe('addresses', () => {
  it('an IPv4 address is announced in both forms, an IPv6 one once, what is no address not at all', () => {
    expect(announcementFrames(MAC, '10.9.0.10')).toHaveLength(2)
    expect(announcementFrames(MAC, 'fe80::1')).toHaveLength(1)
    expect(announcementFrames(MAC, 'nonsense')).toHaveLength(0)
  })

  it.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::216:3eff:fe00:10', 'fe8000000000000002163efffe000010'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:10.9.0.10', '00000000000000000000ffff0a09000a']
  ])('%s', (text, expected) => {
    expect(hex(parseIpv6(text))).toBe(expected)
  })
})
