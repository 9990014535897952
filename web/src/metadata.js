// EXIF, XMP and colour profile: found in a file, and put into the one that is written. Files come
// from anywhere: every offset is checked, and what is malformed is left out and said.

import { qualityOf } from './jpeg.js'

const ascii = (text) => Uint8Array.from(text, (each) => each.charCodeAt(0))
const EXIF = ascii('Exif\0\0'), XMP = ascii('http://ns.adobe.com/xap/1.0/\0'), ICC = ascii('ICC_PROFILE\0'), MPF = ascii('MPF\0'), JFIF = ascii('JFIF\0')
const PNG = [137, 80, 78, 71, 13, 10, 26, 10]
const STATED = ['cICP', 'sRGB', 'gAMA', 'cHRM']
const LARGEST = 65533 // bytes that a JPEG segment can hold
const MOST = 16 << 20 // bytes of metadata that are kept

const starts = (bytes, prefix, at = 0) => prefix.every((each, i) => bytes[at + i] === each)
const word = (bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
const text = (bytes, at, length) => {
  let out = ''
  for (const each of bytes.subarray(at, at + length)) out += String.fromCharCode(each)
  return out
}

export function join(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

// What a file holds: { kind, exif, orientation, adobe, xmp, icc, quality, bits, gray, inks, lossless, moves,
// hdr, stated, notes }; all but kind and notes may be missing. kind is 'jpeg', 'png', 'webp' or ''; adobe: EXIF
// says Adobe RGB; stated: chunks of a PNG that say what its numbers mean, by name.
export async function readMetadata(bytes) {
  const found = { kind: '', notes: [] }
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xd8) readJpeg(bytes, Object.assign(found, { kind: 'jpeg' }))
    else if (starts(bytes, PNG)) await readPng(bytes, Object.assign(found, { kind: 'png' }))
    else if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 4) === 'WEBP')
      readWebp(bytes, Object.assign(found, { kind: 'webp' }))
    else readOther(bytes, found)
  } catch {
    found.notes.push('some metadata is damaged and was left out')
  }
  return found
}

function* jpegSegments(bytes) {
  let at = 2
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new Error('no segment')
    const marker = bytes[at + 1]
    if (marker === 0xff) { at++; continue }
    const length = (bytes[at + 2] << 8) | bytes[at + 3]
    if (marker === 0xda || marker === 0xd9) return
    if (length < 2 || at + 2 + length > bytes.length) throw new Error('a segment ends too late')
    yield { marker, start: at, body: bytes.subarray(at + 4, at + 2 + length) }
    at += 2 + length
  }
}

function readJpeg(bytes, found) {
  const profile = []
  for (const { marker, body } of jpegSegments(bytes)) {
    if (marker === 0xe0 && starts(body, JFIF) && body.length >= 12) found.density ??= body.slice(7, 12)
    else if (marker === 0xe1 && starts(body, EXIF)) keepExif(found, body.subarray(6))
    else if (marker === 0xe1 && starts(body, XMP)) found.xmp ??= body.slice(XMP.length)
    else if (marker === 0xe2 && starts(body, ICC) && body.length > 14) profile[body[12]] = body.subarray(14)
    else if (marker === 0xdb) found.quality ??= quality(body)
    else if (marker === 0xe2 && starts(body, MPF)) found.behind = true
    else if (marker >= 0xc0 && marker <= 0xc2) {
      found.gray = body[5] === 1
      found.inks = body[5] === 4
      if (body[5] === 3 && body.length >= 15) found.sampling = [0, 1, 2].map((i) => body[7 + 3 * i])
    }
  }
  if (profile.length) found.icc = join(profile.filter((part) => part))
}

// Of other kinds only what is to be said: how many bits an AVIF has, whether it moves or is HDR.
function readOther(bytes, found) {
  found.notes.push('EXIF and XMP of this kind of file are not kept, colours become sRGB')
  if (text(bytes, 0, 3) === 'GIF') found.moves = /NETSCAPE2\.0/.test(text(bytes, 0, Math.min(bytes.length, 2048)))
  const start = text(bytes, 0, Math.min(bytes.length, 8192)), at = start.indexOf('av1C'), colours = start.indexOf('colrnclx')
  found.hdr = colours > 0 && [16, 18].includes(bytes[colours + 11]) // PQ and HLG, by ITU-T H.273
  if (at > 0) found.bits = bytes[at + 6] & 0x40 ? (bytes[at + 6] & 0x20 ? 12 : 10) : 8
}

// Of an 8-bit or 16-bit table of luminance.
function quality(body) {
  const wide = body[0] >> 4
  if ((body[0] & 15) !== 0 || body.length < 1 + (wide ? 128 : 64)) return undefined
  return qualityOf(Array.from({ length: 64 }, (_, i) => (wide ? (body[1 + 2 * i] << 8) | body[2 + 2 * i] : body[1 + i])))
}

async function readPng(bytes, found) {
  let at = 8
  while (at + 12 <= bytes.length) {
    const length = word(bytes, at), kind = text(bytes, at + 4, 4), body = bytes.subarray(at + 8, at + 8 + length)
    if (at + 12 + length > bytes.length) throw new Error('a chunk ends too late')
    if (kind === 'IHDR') {
      found.bits = body[8]
      found.gray = body[9] === 0 || body[9] === 4
    } else if (kind === 'eXIf') keepExif(found, body)
    else if (kind === 'iCCP') {
      const name = body.indexOf(0)
      try {
        if (name > 0 && name < 80) found.icc ??= await inflated(body.subarray(name + 2))
      } catch {
        found.notes.push('colour profile left out: damaged')
      }
    } else if (kind === 'iTXt' && text(body, 0, 18) === 'XML:com.adobe.xmp\0' && body[18] === 0) {
      const language = body.indexOf(0, 20), keyword = body.indexOf(0, language + 1)
      if (language > 0 && keyword > 0) found.xmp ??= body.slice(keyword + 1)
    } else if (kind === 'acTL') found.moves = true
    else if (STATED.includes(kind) && !found.stated?.[kind]) found.stated = { ...found.stated, [kind]: body.slice() }
    else if (kind === 'IEND') return
    at += 12 + length
  }
}

async function inflated(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate')).getReader()
  const parts = []
  for (let size = 0; ; ) {
    const { done, value } = await reader.read()
    if (done) return join(parts)
    size += value.length
    if (size > MOST) {
      await reader.cancel()
      throw new Error('larger than any profile')
    }
    parts.push(value)
  }
}

function readWebp(bytes, found) {
  for (const { kind, body } of webpChunks(bytes)) {
    if (kind === 'EXIF') keepExif(found, starts(body, EXIF) ? body.subarray(6) : body)
    else if (kind === 'XMP ') found.xmp ??= body.slice()
    else if (kind === 'ICCP') found.icc ??= body.slice()
    else if (kind === 'VP8L') found.lossless = true
    else if (kind === 'ANIM') found.moves = true
  }
}

function* webpChunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    if (at + 8 + length > bytes.length) throw new Error('a chunk ends too late')
    yield { kind: text(bytes, at, 4), body: bytes.subarray(at + 8, at + 8 + length) }
    at += 8 + length + (length & 1)
  }
}

function keepExif(found, body) {
  if (found.exif) return
  found.exif = body.slice()
  found.adobe = saysAdobe(body)
  // In the file itself the picture counts as upright from here on: browsers differ in when they turn
  // one, and relume does it itself.
  const { at, value } = orientation(body) ?? {}
  if (at === undefined) return
  found.orientation = value
  body.set(body[0] === 0x49 ? [1, 0] : [0, 1], at)
}

// The rows of a directory of EXIF at an offset: where they begin, how many, where the next one's is.
function directory(view, little, at) {
  if (at < 8 || at + 2 > view.byteLength) return null
  const count = view.getUint16(at, little)
  return at + 6 + 12 * count > view.byteLength ? null : { at: at + 2, count, next: at + 2 + 12 * count }
}

function firstDirectory(exif) {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.length), order = text(exif, 0, 2)
  const little = order === 'II'
  if (exif.length < 14 || (!little && order !== 'MM') || view.getUint16(2, little) !== 42) return null
  const first = directory(view, little, view.getUint32(4, little))
  return first && { view, little, first }
}

// Does it say Adobe RGB: the index R03 beside an uncalibrated colour space (DCF 2.0, section 3.2.2), or
// the number 2, as some cameras write?
function saysAdobe(exif) {
  const found = firstDirectory(exif)
  const row = (from, tag) => {
    for (let i = 0; from && i < from.count; i++)
      if (found.view.getUint16(from.at + 12 * i, found.little) === tag) return from.at + 12 * i
    return null
  }
  const inside = (from, tag) => {
    const at = row(from, tag)
    return at === null ? null : directory(found.view, found.little, found.view.getUint32(at + 8, found.little))
  }
  const camera = found && inside(found.first, 0x8769), space = row(camera, 0xa001)
  const said = space === null ? 0 : found.view.getUint16(space + 8, found.little)
  const index = said === 0xffff ? row(inside(camera, 0xa005), 1) : null
  return said === 2 || (index !== null && text(exif, index + 8, 3) === 'R03')
}

// Where an orientation of 1 to 8 stands, and which; null where there is none.
function orientation(exif) {
  const found = firstDirectory(exif)
  for (let i = 0; found && i < found.first.count; i++) {
    const at = found.first.at + 12 * i
    if (found.view.getUint16(at, found.little) !== 0x0112 || found.view.getUint16(at + 2, found.little) !== 3) continue
    const value = found.view.getUint16(at + 8, found.little)
    return value >= 1 && value <= 8 ? { at: at + 8, value } : null
  }
  return null
}

// EXIF whose picture stands upright: orientation 1, no thumbnail, and, where it was turned on its side,
// its new size. Values are patched where they lie, since maker notes hold offsets. Null where it is no EXIF.
export function upright(exif, size) {
  const out = exif.slice(), found = firstDirectory(out)
  if (!found) return null
  const { view, little, first } = found
  view.setUint32(first.next, 0, little)
  const set = (at, value) => {
    if (view.getUint16(at + 2, little) === 3 && value < 65536) view.setUint16(at + 8, value, little)
    else if (view.getUint16(at + 2, little) === 4) view.setUint32(at + 8, value, little)
  }
  for (let i = 0; i < first.count; i++) {
    const at = first.at + 12 * i, tag = view.getUint16(at, little)
    if (tag === 0x0112) set(at, 1)
    const inner = tag === 0x8769 && size ? directory(view, little, view.getUint32(at + 8, little)) : null
    for (let k = 0; inner && k < inner.count; k++) {
      const place = inner.at + 12 * k, name = view.getUint16(place, little)
      if (name === 0xa002) set(place, size.width)
      if (name === 0xa003) set(place, size.height)
    }
  }
  return out
}

// XMP whose tiff:Orientation says upright, and which promises no parts that are left out: the gain map
// of an HDR picture, the video of a motion photo. The packet keeps its size.
export function uprightPacket(xmp) {
  const out = xmp.slice(), said = text(out, 0, Math.min(out.length, 1 << 20))
  const pattern = /(tiff:Orientation\s*(?:=\s*["']|>)\s*)[1-8](?=\s*["'<])/g
  for (const found of said.matchAll(pattern)) out[found.index + found[1].length] = 0x31
  for (const found of said.matchAll(PROMISES)) out.fill(0x20, found.index, found.index + found[0].length)
  return out
}

const OF_PARTS = '(?:hdrgm|HDRGainMap|apdi):[\\w.]+|(?:GCamera|Camera):(?:MotionPhoto|MicroVideo)\\w*'
const PROMISES = new RegExp(`\\s(?:${OF_PARTS})\\s*=\\s*(?:"[^"]*"|'[^']*')|<(${OF_PARTS}|(?:GC|C)ontainer:Directory)\\b[^]*?</\\1\\s*>`, 'g')

// Does it promise such parts?
export const promises = (xmp) => text(xmp, 0, Math.min(xmp.length, 1 << 20)).search(PROMISES) >= 0

const segment = (marker, ...parts) => {
  const length = parts.reduce((sum, part) => sum + part.length, 2)
  return join([Uint8Array.of(0xff, marker, length >> 8, length & 255), ...parts])
}

// Put metadata into the head of a JPEG, behind its JFIF segment, instead of a profile that a canvas put
// there. Notes say what did not fit.
export function intoJpeg(bytes, { exif, xmp, icc }, notes) {
  const parts = [], rest = []
  let from = 2
  for (const { marker, start, body } of jpegSegments(bytes)) {
    if (marker === 0xe0 && start === 2) from = start + 4 + body.length
    if (marker !== 0xe2 || !starts(body, ICC)) continue
    rest.push(bytes.subarray(from, start))
    from = start + 4 + body.length
  }
  const first = bytes[3] === 0xe0 ? 4 + ((bytes[4] << 8) | bytes[5]) : 2
  parts.push(bytes.subarray(0, first))
  if (exif && exif.length + 6 <= LARGEST) parts.push(segment(0xe1, EXIF, exif))
  else if (exif) notes.push('EXIF is too large for a JPEG and was left out')
  if (xmp && xmp.length + XMP.length <= LARGEST) parts.push(segment(0xe1, XMP, xmp))
  else if (xmp) notes.push('XMP is too large for a JPEG and was left out')
  const room = LARGEST - 14, count = icc ? Math.ceil(icc.length / room) : 0
  if (count > 255) notes.push('the colour profile is too large for a JPEG and was left out')
  for (let i = 0; i < count && count < 256; i++)
    parts.push(segment(0xe2, ICC, Uint8Array.of(i + 1, count), icc.subarray(i * room, (i + 1) * room)))
  return join([...parts, ...rest, bytes.subarray(from)])
}

// Put metadata into a WebP that a canvas wrote: an extended file (VP8X) around its picture.
export function intoWebp(bytes, { exif, xmp, icc }, width, height) {
  const chunk = (kind, body) => {
    const head = new Uint8Array(8)
    head.set(ascii(kind))
    new DataView(head.buffer).setUint32(4, body.length, true)
    return join([head, body, new Uint8Array(body.length & 1)])
  }
  const picture = [...webpChunks(bytes)].filter(({ kind }) => ['VP8 ', 'VP8L', 'ALPH'].includes(kind))
  const flags = new Uint8Array(10), sizes = [width - 1, height - 1]
  flags[0] = (icc ? 32 : 0) | (exif ? 8 : 0) | (xmp ? 4 : 0)
  sizes.forEach((size, i) => [0, 1, 2].forEach((k) => (flags[4 + 3 * i + k] = size >> (8 * k))))
  const body = join([ascii('WEBP'), chunk('VP8X', flags), ...(icc ? [chunk('ICCP', icc)] : []),
    ...picture.map(({ kind, body }) => chunk(kind, body)),
    ...(exif ? [chunk('EXIF', exif)] : []), ...(xmp ? [chunk('XMP ', xmp)] : [])])
  const head = new Uint8Array(8)
  head.set(ascii('RIFF'))
  new DataView(head.buffer).setUint32(4, body.length, true)
  return join([head, body])
}
