// The worker: opens a picture, paints previews and the whole of it, and writes files. The page asks by
// { id, ask, … } and is answered by { id, … } or { id, error }.

import { Engine } from './engine.js'
import { readModel } from './model.js'
import { intoJpeg } from './metadata.js'
import { decode, encode, formats, resultName } from './picture.js'

const PREVIEW = 1600 // pixels of the longer side

// A module of one function that multiplies and adds: is relaxed SIMD there?
const RELAXED = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0,
  65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11)

const fetched = async (place) => (await fetch(new URL(place, import.meta.url))).arrayBuffer()

const engine = (async () => {
  const code = fetched(WebAssembly.validate(RELAXED) ? './relaxed.wasm' : './engine.wasm')
  const [module, model] = await Promise.all([code.then(WebAssembly.compile), fetched('./model.bin')])
  const read = readModel(model)
  return { engine: new Engine(module, read), knobs: read.knobs }
})()

let picture = null, latest = 0, wanted = 0, saving = Promise.resolve(), idle = true

// While nobody asks for anything: see Engine.warm.
async function warm() {
  const { engine: it, knobs } = await engine
  const standard = Object.fromEntries(knobs.map((knob) => [knob.name, knob.default]))
  for (const _ of it.warm(standard)) {
    await new Promise((next) => setTimeout(next))
    if (!idle) return
  }
}

// Rows of the large picture as they will be saved: what is hidden keeps the colours of the file.
function finished(it, row, count) {
  const { width, opaque, bands } = picture, { full } = it, box = full.picture
  if (opaque) return it.read(box, row, new Uint8ClampedArray(4 * width * count).fill(255))
  const rgba = new Uint8ClampedArray(bands(row, count))
  const top = Math.max(row, box.top), bottom = Math.min(row + count, box.top + box.height)
  for (let y = top; y < bottom; y++)
    mixIn(rgba, 4 * ((y - row) * width + box.left), it.read(box, y - box.top, new Uint8ClampedArray(4 * box.width)), box.shows)
  return rgba
}

// Colours of a row where something shows, or of all of it where nothing does anywhere.
function mixIn(rgba, at, painted, shows) {
  for (let i = 0; i < painted.length; i += 4)
    if (!shows || rgba[at + i + 3] > 0) for (let c = 0; c < 3; c++) rgba[at + i + c] = painted[i + c]
}

// Rows of the preview, transparent where the picture is.
function previewed(it, place, row, count, from = place) {
  const found = it.read({ ...place, target: from.target }, row, new Uint8ClampedArray(4 * place.width * count).fill(255))
  if (picture.opaque) return found
  const { top, left, height, width } = it.full.picture
  for (let y = 0; y < count; y++) {
    const line = picture.bands(top + Math.floor(((row + y + 0.5) * height) / place.height), 1)
    for (let x = 0; x < place.width; x++)
      found[4 * (y * place.width + x) + 3] = line[4 * (left + Math.floor(((x + 0.5) * width) / place.width)) + 3]
  }
  return found
}

// A picture for the page to show. `rows` gives RGBA of some rows of a part of it; through a canvas that is
// there already where one is given, since one of 12 megapixels takes 48 MB.
async function shown({ height, width }, part, rows, given) {
  const canvas = given ?? new OffscreenCanvas(width, height)
  const flat = canvas.getContext('2d'), many = Math.max(1, Math.floor(2 ** 20 / part.width))
  for (let row = 0; row < part.height; row += many) {
    const count = Math.min(many, part.height - row)
    flat.putImageData(new ImageData(rows(row, count), part.width, count), part.left, part.top + row)
  }
  if (!picture.opaque) return canvas.convertToBlob({ type: 'image/webp', quality: 0.95 })
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 }), { icc, space } = picture.about
  if (!icc || space !== 'RGB') return blob
  return new Blob([intoJpeg(new Uint8Array(await blob.arrayBuffer()), { icc }, [])], { type: 'image/jpeg' })
}

function preview(it, from) {
  const place = it.small.picture, factor = place.factor ?? 1, { top, left, whole } = it.full.picture
  const scaled = (size) => Math.max(1, Math.round(size * factor))
  const part = { ...place, top: Math.round(top * factor), left: Math.round(left * factor) }
  return shown({ height: scaled(whole.height), width: scaled(whole.width) }, part, (row, count) =>
    previewed(it, place, row, count, from))
}

const asks = {
  async start() {
    const { knobs } = await engine
    setTimeout(warm)
    return { knobs }
  },

  // Null where another picture was asked for before this one was decoded: a large one takes longer
  // than a small one that is chosen after it, and the engine holds one at a time.
  async open({ file }, id) {
    idle = false
    latest = wanted = id
    const { engine: it } = await engine
    const opened = await decode(file)
    await saving
    if (wanted !== id) return null
    picture = null
    const { opaque, channels, verdict } = it.open(opened.height, opened.width, opened.bands, opened.tables)
    picture = { ...opened, opaque, channels }
    it.preview(PREVIEW)
    const before = await preview(it, { target: it.small.picture.source })
    const { width, height, about, name } = opened
    return { width, height, name, verdict, copies: about.kind !== '', notes: about.notes, formats: formats({ about, opaque, channels }), before }
  },

  // Paint the preview, or all of it; null where another ask came meanwhile.
  async paint({ knobs, strength, whole }, id) {
    latest = id
    const { engine: it } = await engine
    if (whole || it.small === it.full) await saving // what is written is read as it is needed
    if (latest !== id) return { image: null }
    for (const done of it.paint(whole ? it.full : it.small, knobs, strength)) {
      await new Promise((next) => setTimeout(next)) // messages that came meanwhile
      if (latest !== id) return { image: null }
      if (whole) postMessage({ id, done })
    }
    if (!whole) return { image: await preview(it) }
    // Nothing is read from an opaque picture's canvas any more.
    const all = it.full.picture.whole
    return { image: await shown(all, all, (row, count) => finished(it, row, count), picture.opaque ? picture.canvas : undefined) }
  },

  // Write what is painted; what is left alone is copied, or written anew in another format.
  async save({ format, alone }) {
    const { engine: it } = await engine, { file, about, name } = picture
    if (alone && format === about.kind) return { blob: file, name: resultName(name, format), notes: ['copied as it was'] }
    const written = encode(picture, format, alone ? untouched(it) : (row, count) => finished(it, row, count), (...plan) => it.coded(...plan))
    saving = written.catch(() => {})
    return written
  },
}

// Rows as the file has them: the canvas may hold what was painted since.
function untouched(it) {
  const { opaque, bands, width } = picture, { full } = it
  if (!opaque) return bands
  const source = { ...full.picture, target: full.picture.source }
  return (row, count) => it.read(source, row, new Uint8ClampedArray(4 * width * count).fill(255))
}

onmessage = async ({ data: { id, ask, ...given } }) => {
  try {
    postMessage({ id, answer: await asks[ask](given, id) })
  } catch (error) {
    postMessage({ id, error: error.message })
  }
}
