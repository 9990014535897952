// The worker: opens a picture, paints previews and the whole of it, and writes files. The page asks by
// { id, ask, … } and is answered by { id, … } or { id, error }.

import { Engine } from './engine.js'
import { readModel } from './model.js'
import { decode, encode, formats } from './picture.js'

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

// What is painted, or another plane of it, as a picture for the page to show; through a canvas that
// is there already where one is given, since one of 12 megapixels takes 48 MB.
async function shown(engine, place, given) {
  const { height, width } = place, canvas = given ?? new OffscreenCanvas(width, height)
  const flat = canvas.getContext('2d'), many = Math.max(1, Math.floor(2 ** 20 / width))
  for (let row = 0; row < height; row += many) {
    const count = Math.min(many, height - row), rgba = new Uint8ClampedArray(4 * width * count).fill(255)
    engine.read(place, row, rgba)
    flat.putImageData(new ImageData(rgba, width, count), 0, row)
  }
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })
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
    const { opaque, channels } = it.open(opened.height, opened.width, opened.bands)
    const mine = (picture = { ...opened, opaque, channels })
    const small = it.preview(PREVIEW).picture
    const before = await shown(it, { ...small, target: small.source })
    const { width, height, about, name } = mine
    return { width, height, name, notes: about.notes, formats: formats(mine), before }
  },

  // Paint the preview, or all of it; null where another ask came meanwhile.
  async paint({ knobs, strength, whole }, id) {
    latest = id
    const { engine: it } = await engine
    for (const done of it.paint(whole ? it.full : it.small, knobs, strength)) {
      await new Promise((next) => setTimeout(next)) // messages that came meanwhile
      if (latest !== id) return { image: null }
      if (whole) postMessage({ id, done })
    }
    // Nothing is read from an opaque picture's canvas any more.
    const canvas = whole && picture.opaque ? picture.canvas : undefined
    return { image: await shown(it, (whole ? it.full : it.small).picture, canvas) }
  },

  async save({ format }) {
    const { engine: it } = await engine
    const { width, bands } = picture
    const rows = (row, count) => {
      const rgba = backdrop(row, count, width, bands)
      it.read(it.full.picture, row, rgba)
      return rgba
    }
    const written = encode(picture, format, rows)
    saving = written.catch(() => {})
    return written
  },
}

// Alpha of some rows: from the file, or opaque.
function backdrop(row, count, width, bands) {
  return picture.opaque ? new Uint8Array(4 * width * count).fill(255) : new Uint8Array(bands(row, count))
}

onmessage = async ({ data: { id, ask, ...given } }) => {
  try {
    postMessage({ id, answer: await asks[ask](given, id) })
  } catch (error) {
    postMessage({ id, error: error.message })
  }
}
