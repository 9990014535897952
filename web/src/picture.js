// Files to pixels and back. The browser decodes, told to leave colours as the file has them: relume
// works on the file's own numbers, and the file's own profile goes into the result.

import { bridge, ofAdobe, ofCodes, ofGamma, ofProfile } from './colour.js'
import { LONGEST, prepare } from './jpeg.js'
import { intoJpeg, intoWebp, promises, readMetadata, upright, uprightPacket } from './metadata.js'
import { encodePng } from './png.js'

const MOST = 120e6 // pixels
const DEFAULT_QUALITY = 95

// For each orientation of EXIF, how pixels move: x′ = a·x + c·y + e, y′ = b·x + d·y + f, where e and f
// are 0, or the width or height that the picture has then. CIPA DC-008, orientation.
const TURNS = [, [1, 0, 0, 1], [-1, 0, 0, 1], [-1, 0, 0, -1], [1, 0, 0, -1], [0, 1, 1, 0], [0, 1, -1, 0], [0, -1, -1, 0], [0, -1, 1, 0]]

// Decode a file; returns its size, what it says of itself, and bands(row, rows) of RGBA.
export async function decode(file) {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const about = await readMetadata(bytes) // which marks the picture as upright, in bytes
  let bitmap
  try {
    // What becomes of a kind of file whose profile is not read here is for the browser to say: sRGB.
    const how = { colorSpaceConversion: about.kind ? 'none' : 'default', premultiplyAlpha: 'none' }
    bitmap = await createImageBitmap(new Blob([bytes]), how)
  } catch {
    throw new Error(`${file.name}: this browser cannot open it as a picture`)
  }
  const turn = TURNS[about.orientation ?? 1], onSide = turn[0] === 0
  const [width, height] = onSide ? [bitmap.height, bitmap.width] : [bitmap.width, bitmap.height]
  if (width * height > MOST) throw new Error(`${file.name}: more than 120 megapixels`)
  if (about.bits > 8) about.notes.push(`${about.bits} bits per sample: the browser gives 8; the command keeps them`)
  if (about.inks) about.notes.push('CMYK: the browser made it RGB, colours are approximate')
  if (about.moves) about.notes.push('an animation: the first frame only')
  const said = meant(about, file.name), tables = said && bridge(said)
  if (about.gray && about.space === 'RGB') {
    // Readers refuse a profile of RGB beside gray samples: it goes where gray is sRGB's anyway.
    if (tables) about.notes.push('gray beside a profile of RGB: written as RGB')
    else about.icc = about.space = undefined
  }
  const canvas = new OffscreenCanvas(width, height)
  const flat = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' })
  if (!holds(flat, width, height)) throw new Error(`${file.name}: ${width} × ${height} pixels are more than this browser holds`)
  flat.imageSmoothingEnabled = false
  flat.setTransform(...turn, turn[0] + turn[2] < 0 ? width : 0, turn[1] + turn[3] < 0 ? height : 0)
  flat.drawImage(bitmap, 0, 0)
  flat.resetTransform()
  let bands = (row, rows) => flat.getImageData(0, row, width, rows).data
  if (about.kind !== 'jpeg' && !isOpaque(bands, height, width))
    bands = exact(bitmap, turn, { width, height }, about.notes) ?? bands
  else bitmap.close()
  if (about.exif) {
    const turned = upright(about.exif, onSide ? { width, height } : null)
    if (!turned) about.notes.push('EXIF is damaged and was left out')
    about.exif = turned ?? undefined
  }
  if (about.behind || (about.xmp && promises(about.xmp)))
    about.notes.push('what lies behind the picture (gain map, video) is left out')
  if (about.xmp) about.xmp = uprightPacket(about.xmp)
  if (about.density && onSide) about.density = [0, 3, 4, 1, 2].map((at) => about.density[at])
  return { file, name: file.name, width, height, about, tables, bands, canvas }
}

// What the numbers of a picture mean, null for sRGB: its profile first, then what else it says. A profile
// that describes other pixels is left out.
function meant(about, name) {
  const stated = about.stated ?? {}, number = (chunk, at) => new DataView(chunk.buffer).getUint32(at) / 100000
  if (about.hdr || (stated.cICP?.length === 4 && [16, 18].includes(stated.cICP[1])))
    throw new Error(`${name}: HDR, whose light this page would lose; the command keeps it`)
  if (stated.cICP?.length === 4) {
    const said = ofCodes(stated.cICP[0], stated.cICP[1])
    if (said && stated.cICP[2] === 0 && stated.cICP[3] === 1) return said
  }
  if (about.icc) {
    const said = ofProfile(about.icc)
    if (said && said.primaries === null)
      about.notes.push('the colour profile has tables only: worked on as if it were sRGB')
    if (said?.space === 'RGB' || (said?.space === 'GRAY' && about.gray)) {
      about.space = said.space
      return said.primaries && said
    }
    const whose = said?.space && said.space !== 'RGB' ? `it is for ${said.space}` : 'malformed'
    about.notes.push(`colour profile left out: ${whose}`)
    about.icc = undefined
  }
  if (stated.sRGB) return null
  if (stated.gAMA?.length >= 4 || stated.cHRM?.length === 32) {
    const places = stated.cHRM?.length === 32 ? [0, 8, 16, 24].map((at) => [number(stated.cHRM, at), number(stated.cHRM, at + 4)]) : null
    return ofGamma(stated.gAMA?.length >= 4 ? number(stated.gAMA, 0) : 0, places)
  }
  return about.adobe ? ofAdobe() : null
}

// A canvas that is too large for a browser is there all the same, and stays empty.
function holds(flat, width, height) {
  if (!flat) return false
  flat.fillRect(width - 1, height - 1, 1, 1)
  const [, , , alpha] = flat.getImageData(width - 1, height - 1, 1, 1).data
  flat.clearRect(width - 1, height - 1, 1, 1)
  return alpha === 255
}

function isOpaque(bands, height, width) {
  const rows = Math.max(1, Math.floor(2 ** 20 / width))
  for (let row = 0; row < height; row += rows) {
    const rgba = bands(row, Math.min(rows, height - row))
    for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return false
  }
  return true
}

// Read colours that a canvas would lose where alpha is low, through a texture; turned by hand.
function exact(bitmap, [a, b, c, d], { width, height }, notes) {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl')
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    notes.push('colours of what is nearly transparent may be off')
    return null
  }
  const texture = gl.createTexture()
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false)
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE)
  gl.bindTexture(gl.TEXTURE_2D, texture)
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap)
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer())
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0)
  const raw = new Uint8Array(4 * width * height), wide = bitmap.width
  gl.readPixels(0, 0, wide, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, raw)
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  const from = new Uint32Array(raw.buffer), turned = a === 1 && d === 1 ? from : new Uint32Array(from.length)
  const right = a + c < 0 ? width - 1 : 0, down = b + d < 0 ? height - 1 : 0
  for (let i = 0; turned !== from && i < from.length; i++) {
    const x = i % wide, y = (i - x) / wide
    turned[(b * x + d * y + down) * width + a * x + c * y + right] = from[i]
  }
  bitmap.close()
  return (row, rows) => new Uint8Array(turned.buffer, 4 * row * width, 4 * rows * width)
}

// What a picture can be written as; the first is what it was, where that can be written.
export function formats({ about, opaque }) {
  if (!opaque) return ['png']
  return about.kind === 'jpeg' ? ['jpeg', 'png'] : about.kind === 'webp' ? ['webp', 'png', 'jpeg'] : ['png', 'jpeg']
}

export const resultName = (name, format) => name.replace(/\.[^.]*$/, '') + `.relume.${format === 'jpeg' ? 'jpg' : format}`

// Pixels to a sample of chroma, as in the input; as libjpeg's writers begin where there was none.
function reduction({ gray, sampling, orientation }, quality) {
  if (gray) return [1, 1]
  const [luma, one, other] = sampling ?? [], ratio = (shift) => ((luma >> shift) & 15) / ((one >> shift) & 15)
  const found = sampling && one === other ? [ratio(4), ratio(0)] : quality > 95 && !sampling ? [1, 1] : [2, 2]
  if (!found.every((each) => [1, 2, 4].includes(each)) || found[0] * found[1] > 8) return [2, 2]
  return orientation >= 5 ? found.reverse() : found
}

// Write painted pixels; rows(row, count) gives RGBA, `coded` is the engine's. Returns { blob, name, notes }.
export async function encode(picture, format, rows, coded) {
  const { width, height, about, channels, opaque } = picture, notes = []
  const name = resultName(picture.name, format), gray = about.gray && about.space !== 'RGB' && channels === 1
  if (format === 'png') {
    const depth = !opaque ? 4 : gray ? 1 : 3
    return { blob: await encodePng({ width, height, channels: depth, rows, ...about }), name, notes }
  }
  if (about.stated && !about.icc) notes.push(`${format.toUpperCase()} cannot say what this PNG says of its colours; PNG can`)
  const kept = about.space === 'GRAY' && !(gray && format === 'jpeg') ? { ...about, icc: undefined } : about
  if (kept !== about) notes.push('the profile of gray was left out')
  if (format === 'jpeg') {
    if (Math.max(width, height) > LONGEST) throw new Error(`a JPEG has at most ${LONGEST} pixels a side; choose PNG`)
    const quality = about.quality ?? DEFAULT_QUALITY, [across, down] = reduction({ ...about, gray }, quality)
    const plan = prepare({ width, height, channels: gray ? 1 : 3, across, down, quality, density: about.density })
    const parts = [intoJpeg(plan.head, kept, notes), ...coded(plan, rows), Uint8Array.of(0xff, 0xd9)]
    return { blob: new Blob(parts, { type: 'image/jpeg' }), name, notes }
  }
  return { blob: await encodeWebp(picture, kept, rows), name, notes }
}

async function encodeWebp({ width, height, canvas, about }, kept, rows) {
  const flat = canvas.getContext('2d'), many = Math.max(1, Math.floor(2 ** 20 / width)), type = 'image/webp'
  for (let row = 0; row < height; row += many) {
    const count = Math.min(many, height - row)
    flat.putImageData(new ImageData(rows(row, count), width, count), 0, row)
  }
  const blob = await canvas.convertToBlob({ type, quality: about.lossless ? 1 : 0.9 })
  if (blob.type !== type) throw new Error('this browser cannot write WEBP; choose PNG')
  return new Blob([intoWebp(new Uint8Array(await blob.arrayBuffer()), kept, width, height)], { type })
}
