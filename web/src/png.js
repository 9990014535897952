// PNG of 8 bits: gray, RGB or RGBA, exactly the samples given, with metadata. A canvas would multiply
// colour by alpha and back.

import { join } from './metadata.js'

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n
})

function chunk(kind, body) {
  const out = new Uint8Array(body.length + 12), view = new DataView(out.buffer)
  view.setUint32(0, body.length)
  out.set(Uint8Array.from(kind, (each) => each.charCodeAt(0)), 4)
  out.set(body, 8)
  let crc = -1
  for (let i = 4; i < out.length - 4; i++) crc = TABLE[(crc ^ out[i]) & 255] ^ (crc >>> 8)
  view.setUint32(out.length - 4, ~crc)
  return out
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

const latin = (text) => Uint8Array.from(text, (each) => each.charCodeAt(0))

// rows(row, count) gives RGBA; channels is 1, 3 or 4. Returns a Blob.
export async function encodePng({ width, height, channels, rows, exif, xmp, icc, stated }) {
  const head = new Uint8Array(13), view = new DataView(head.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  head.set([8, { 1: 0, 3: 2, 4: 6 }[channels], 0, 0, 0], 8)
  const parts = [Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), chunk('IHDR', head)]
  if (icc) parts.push(chunk('iCCP', join([latin('ICC Profile\0\0'), await deflated(icc)])))
  else for (const [kind, body] of Object.entries(stated ?? {})) parts.push(chunk(kind, body))
  if (exif) parts.push(chunk('eXIf', exif))
  if (xmp) parts.push(chunk('iTXt', join([latin('XML:com.adobe.xmp\0\0\0\0\0'), xmp])))
  const line = width * channels, many = Math.max(1, Math.floor(2 ** 20 / width))
  let above = new Uint8Array(line), first = 0
  const filtered = new ReadableStream({
    pull(controller) {
      if (first >= height) return controller.close()
      const count = Math.min(many, height - first), rgba = rows(first, count)
      const out = new Uint8Array(count * (line + 1))
      for (let y = 0; y < count; y++) {
        const row = new Uint8Array(line), to = y * (line + 1)
        for (let x = 0; x < width; x++)
          for (let c = 0; c < channels; c++) row[x * channels + c] = rgba[4 * (y * width + x) + c]
        out[to] = 2 // Up: the difference to the row above
        for (let i = 0; i < line; i++) out[to + 1 + i] = row[i] - above[i]
        above = row
      }
      first += count
      controller.enqueue(out)
    },
  })
  const reader = filtered.pipeThrough(new CompressionStream('deflate')).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(chunk('IDAT', value))
  }
  parts.push(chunk('IEND', new Uint8Array(0)))
  return new Blob(parts, { type: 'image/png' })
}
