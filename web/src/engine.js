// The engine: one picture at a time, looked at once and painted as often as knobs change. Knows no
// file and no page; runs wherever WebAssembly with SIMD does.

import { Graph } from './look.js'

export const SIDE = 96
const BLOCK = 8 // pixels; pieces begin at whole blocks
const WIDEST = 1024 // pixels of a strip: the rows of features that are held stay in caches
const LOOKS = 3, WARM = 24 // times: fewer left the first picture much slower than the second
const MAPS = ['slope', 'offset', 'amount']

export class Engine {
  // code: a compiled WebAssembly.Module; model: what readModel returned.
  constructor(code, model) {
    this.wasm = new WebAssembly.Instance(code, {}).exports
    this.wasm.start()
    this.graph = new Graph(model.look)
    this.halo = Math.ceil(model.halo / BLOCK) * BLOCK
    const { table, weights, black } = model.layers
    this.table = this.#put(table)
    this.weights = this.#put(weights)
    this.black = black
    this.layers = table.length / 15
    if (!this.wasm.is_table(this.table, this.layers, weights.length)) throw new Error('the model is damaged')
    this.work = this.#take(4 * 32)
    this.floor = this.wasm.mark()
  }

  #take(bytes) {
    const at = this.wasm.take(bytes) >>> 0
    if (at === 0) throw new Error('the browser gives no more memory; try a smaller picture')
    return at
  }

  #put(array) {
    const at = this.#take(array.byteLength)
    new Uint8Array(this.wasm.memory.buffer, at, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    return at
  }

  bytes(at, length) {
    return new Uint8Array(this.wasm.memory.buffer, at, length)
  }

  // Make room for a picture; bands(row, rows) gives RGBA of some rows. Returns what it holds.
  open(height, width, bands) {
    this.wasm.forget(this.floor)
    const rows = Math.max(1, Math.floor(2 ** 20 / width)), staging = this.#take(4 * rows * width)
    const before = this.wasm.mark()
    const [colour, kinds] = this.#packed(height, width, 3, bands, staging, rows)
    const channels = kinds & 1 ? 1 : 3, opaque = (kinds & 2) !== 0
    if (channels === 1) this.wasm.forget(before) // and read it once more: gray is rare
    const source = channels === 1 ? this.#packed(height, width, 1, bands, staging, rows)[0] : colour
    const picture = { height, width, channels, opaque, source, target: this.#take(height * width * channels) }
    this.full = this.#prepare(picture)
    this.#see(picture)
    return picture
  }

  #packed(height, width, channels, bands, staging, rows) {
    const source = this.#take(height * width * channels)
    let kinds = 3
    for (let row = 0; row < height; row += rows) {
      const count = Math.min(rows, height - row)
      this.bytes(staging, 4 * count * width).set(bands(row, count))
      kinds &= this.wasm.kinds(staging, count * width)
      this.wasm.pack(staging, source + row * width * channels, count * width, channels)
    }
    return [source, kinds]
  }

  // Browsers compile quickly first, and well what has run often: paint something small and dark, again
  // and again, so that this is done before a picture comes. Yields after each time; what is open is lost.
  *warm(knobs) {
    const side = 256, dark = new Uint8Array(4 * side * side).map((_, i) => (i % 4 === 3 ? 255 : (i * 7919) % 29))
    for (let times = 0; times < LOOKS; times++) {
      this.open(side, side, (row, rows) => dark.subarray(4 * row * side, 4 * (row + rows) * side))
      for (const done of this.paint(this.full, knobs, 1)) yield done
    }
    for (let times = 0; times < WARM; times++) {
      this.wasm.restore(this.work, 0, 0, side, side, this.halo)
      this.wasm.lift(this.work, 0, 0, side, side, 1)
      yield times
    }
  }

  // A smaller copy for previews, averaged over areas; the look is the large picture's.
  preview(most) {
    const { height, width, channels, source } = this.full.picture
    const factor = Math.min(1, most / Math.max(height, width))
    if (factor === 1) return (this.small = this.full)
    const h = Math.max(1, Math.round(height * factor)), w = Math.max(1, Math.round(width * factor))
    const small = this.#take(h * w * channels), target = this.#take(h * w * channels)
    const before = this.wasm.mark(), floats = this.#take(4 * h * w * 3)
    if (!this.wasm.reduce(source, height, width, channels, h, w, floats)) throw new Error('no more memory')
    const found = new Float32Array(this.wasm.memory.buffer, floats, h * w * 3), to = this.bytes(small, h * w * channels)
    for (let i = 0; i < to.length; i++) to[i] = Math.round(255 * found[channels === 1 ? 3 * i : i])
    this.wasm.forget(before)
    this.small = this.#prepare({ height: h, width: w, channels, source: small, target })
    return this.small
  }

  #see({ height, width, channels, source }) {
    const h = Math.min(height, SIDE), w = Math.min(width, SIDE), before = this.wasm.mark()
    const at = this.#take(4 * h * w * 3)
    if (!this.wasm.reduce(source, height, width, channels, h, w, at)) throw new Error('no more memory')
    const small = new Float32Array(this.wasm.memory.buffer, at, h * w * 3)
    const down = areas(h), across = areas(w), lines = new Float64Array(SIDE * w * 3)
    const image = new Float32Array(3 * SIDE * SIDE)
    for (let y = 0; y < SIDE; y++)
      for (const [row, share] of down[y])
        for (let i = 0; i < 3 * w; i++) lines[y * 3 * w + i] += share * small[row * 3 * w + i]
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++)
        for (let c = 0; c < 3; c++) {
          let sum = 0
          for (const [column, share] of across[x]) sum += share * lines[(y * w + column) * 3 + c]
          image[(c * SIDE + y) * SIDE + x] = sum
        }
    this.wasm.forget(before)
    this.graph.see(image)
  }

  // Where pixels lie on the maps, and room for these.
  #prepare(picture) {
    const { height, width } = picture, side = SIDE / 2
    const row = taps(height, side), column = taps(width, side)
    return {
      picture,
      rows: row,
      columns: column,
      row: this.#put(row.index),
      rowWeight: this.#put(row.weight),
      column: this.#put(column.index),
      columnWeight: this.#put(column.weight),
      slope: this.#take(4 * side * side * 6),
      offset: this.#take(4 * side * side * 6),
    }
  }

  // Paint the large picture or its preview with knobs and strength; yields after each strip, so that
  // a caller may stop.
  *paint(place, knobs, strength) {
    const { picture } = place, side = SIDE / 2, cells = side * side
    const found = this.graph.look(knobs, MAPS), gains = picture.channels, depth = gains + 3
    const amount = found.amount.data.map((each) => Math.fround(each * Math.fround(knobs.denoise)))
    const perOctave = Math.fround(1 / Math.LN2)
    for (const [name, at] of [['slope', place.slope], ['offset', place.offset]]) {
      const maps = found[name].data, to = new Float32Array(this.wasm.memory.buffer, at, cells * depth)
      for (let i = 0; i < cells; i++) {
        const value = (map) => Math.fround(maps[map * cells + i] * perOctave)
        if (gains === 3) for (let c = 0; c < 3; c++) to[i * depth + c] = value(c)
        else to[i * depth] = (value(0) + value(1) + value(2)) / 3
        to[i * depth + gains] = value(3)
        to[i * depth + gains + 1] = value(4)
        to[i * depth + gains + 2] = name === 'slope' ? 0 : amount[i]
      }
    }
    const { source, target, height, width, channels } = picture
    const words = new Int32Array(this.wasm.memory.buffer, this.work, 32)
    const floats = new Float32Array(this.wasm.memory.buffer, this.work, 32)
    words.set([this.table, this.layers, this.weights])
    floats.set(this.black, 3)
    words.set([source, target, height, width, channels, place.slope, place.offset, side, side, depth,
      place.row, place.column, place.rowWeight, place.columnWeight], 7)
    floats[21] = strength
    const restored = amount.some((each) => each > 0)
    const strips = restored ? Math.ceil(width / WIDEST) : 1
    for (let strip = 0; strip < strips; strip++) {
      const blocks = Math.ceil(width / BLOCK)
      const left = BLOCK * Math.floor((blocks * strip) / strips)
      const right = strip + 1 === strips ? width : BLOCK * Math.floor((blocks * (strip + 1)) / strips)
      const wanted = restored ? this.#wanted(amount, place, left, right) : null
      for (const [first, last, noisy] of restored ? runs(wanted, 2 * this.halo) : [[0, height, false]]) {
        const size = [first, left, last - first, right - left]
        const done = noisy ? this.wasm.restore(this.work, ...size, this.halo)
          : this.wasm.lift(this.work, ...size, restored ? 1 : 0)
        if (!done) throw new Error('the browser gives no more memory; try a smaller picture')
      }
      yield (strip + 1) / strips
    }
  }

  // Which rows of pixels a row of the map with some restoration reaches, in some columns.
  #wanted(amount, { rows, columns }, left, right) {
    const side = SIDE / 2, some = new Uint8Array(side + 1)
    const last = Math.min(columns.index[right - 1] + 1, side - 1)
    for (let y = 0; y < side; y++)
      for (let x = columns.index[left]; x <= last; x++) if (amount[y * side + x] > 0) some[y] = 1
    some[side] = some[side - 1]
    return Uint8Array.from(rows.index, (at) => some[at] | some[at + 1])
  }

  // RGBA of some rows of what was painted; alpha is whatever stands in `rgba` already.
  read({ target, width, channels }, row, rgba) {
    const before = this.wasm.mark(), pixels = rgba.length / 4, staging = this.#take(rgba.length)
    this.bytes(staging, rgba.length).set(rgba)
    this.wasm.unpack(target + row * width * channels, staging, pixels, channels)
    rgba.set(this.bytes(staging, rgba.length))
    this.wasm.forget(before)
  }
}

// For each of SIDE areas along a side of `size` samples: which samples it averages, by what shares.
function areas(size) {
  const found = []
  for (let each = 0; each < SIDE; each++) {
    const from = Math.fround(each * (size / SIDE)), to = Math.fround((each + 1) * (size / SIDE)), parts = []
    for (let at = Math.floor(from); at < size && at < to; at++) {
      const share = Math.min(to, at + 1) - Math.max(from, at)
      if (share > 0) parts.push([at, share * (SIDE / size)])
    }
    found.push(parts)
  }
  return found
}

// Where pixels lie between samples of a map laid over them, centres on centres.
function taps(pixels, samples) {
  const index = new Int32Array(pixels), weight = new Float32Array(pixels), scale = samples / pixels
  const offset = 0.5 * scale - 0.5
  for (let at = 0; at < pixels; at++) {
    const position = Math.min(Math.max(scale * at + offset, 0), samples - 1)
    index[at] = Math.floor(position)
    weight[at] = position - index[at]
  }
  return { index, weight }
}

// Runs of rows, from … to in whole blocks, restored or not; short gaps are filled.
function* runs(wanted, shortest) {
  const found = [], height = wanted.length
  for (let first = 0; first < height; first += BLOCK) {
    const last = Math.min(first + BLOCK, height)
    if (!wanted.subarray(first, last).some((each) => each)) continue
    const before = found[found.length - 1]
    if (before && first - before[1] <= shortest) before[1] = last
    else found.push([first, last])
  }
  let done = 0
  for (const [first, last] of found) {
    if (first > done) yield [done, first, false]
    yield [first, last, true]
    done = last
  }
  if (done < height) yield [done, height, false]
}
