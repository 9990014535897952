// The engine: one picture at a time, looked at once and painted as often as knobs change. Knows no
// file and no page; runs wherever WebAssembly with SIMD does.

import { judge } from './gate.js'
import { Graph } from './look.js'
import { areas, BLOCK, runs, SIDE, taps } from './places.js'

const WIDEST = 1024 // pixels of a strip: the rows of features that are held stay in caches
const LOOKS = 3, WARM = 24 // times: fewer left the first picture much slower than the second
const MAPS = ['slope', 'offset', 'amount']
const BLOCK_BYTES = 512 // that a block of a JPEG takes at most
const FLOOR = 0.25 // what the floor, in levels of 8 bits, is multiplied by for pictures seen in 16

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

  // Make room for a picture and look at it; bands(row, rows) gives RGBA of some rows, `tables`
  // lead from its numbers to sRGB and back (see colour.js), null where they are sRGB's. What is painted is the box that holds all that shows. Returns what
  // the engine holds, and whether the picture is to be left alone.
  open(height, width, bands, tables = null) {
    this.wasm.forget(this.floor)
    this.bridge = tables ? this.#bridge(tables) : 0
    this.scene = this.#take(4 * 7)
    const rows = Math.max(1, Math.floor(2 ** 20 / width)), staging = this.#take(4 * rows * width)
    const before = this.wasm.mark(), all = { top: 0, left: 0, height, width }
    const from = { bands, width, rows, staging }
    let box = all, source = this.#take(3 * height * width)
    const kinds = this.#pack(from, box, source, 3), opaque = (kinds & 2) !== 0
    const channels = kinds & 1 && !tables?.next ? 1 : 3
    if (!opaque) box = visible(from, height) ?? all // of what hides all of itself, all is painted
    if (channels === 1 || box !== all) { // and read it once more: both are rare
      this.wasm.forget(before)
      source = this.#take(box.height * box.width * channels)
      this.#pack(from, box, source, channels)
    }
    const picture = { ...box, channels, opaque, source, whole: all, shows: box !== all || opaque, target: this.#take(box.height * box.width * channels) }
    const mark = this.wasm.mark(), hides = !opaque && box.partly
    const scene = [this.bridge, source, box.height, box.width, channels, hides ? this.#alpha(from, box) : 0, 0]
    this.#scene(scene)
    if (hides && !this.wasm.uncover(this.scene)) throw new Error('the browser gives no more memory; try a smaller picture')
    scene[6] = new Int32Array(this.wasm.memory.buffer, this.scene, 7)[6]
    picture.verdict = this.#judge(picture, hides)
    this.#scene(scene)
    this.#see(picture)
    this.wasm.forget(mark)
    this.full = this.#prepare(picture)
    return picture
  }

  // Write what C calls a Scene.
  #scene(words) {
    new Int32Array(this.wasm.memory.buffer, this.scene, 7).set(words)
  }

  #bridge({ decode, next, matrix, inverse, srgb, fine, encode, after }) {
    const put = (array) => (array ? this.#put(array) : 0)
    // Each result is moved by less than half a level before it is rounded: `rounded` is never read.
    const words = [1, 3, put(decode), next, put(matrix), put(srgb), put(inverse), put(encode), 0, after, 0, put(fine)]
    const at = this.#put(Int32Array.from(words))
    new Float32Array(this.wasm.memory.buffer, at, 12)[10] = 1 // the most light
    return at
  }

  // Copy the colours of a box; returns what kinds of pixels the rows that it lies in have.
  #pack({ bands, width, rows, staging }, { top, left, height, width: wide }, to, channels) {
    let kinds = 3
    for (let row = 0; row < height; row += rows) {
      const count = Math.min(rows, height - row)
      this.bytes(staging, 4 * count * width).set(bands(top + row, count))
      kinds &= this.wasm.kinds(staging, count * width)
      if (wide === width) this.wasm.pack(staging, to + row * width * channels, count * width, channels)
      else for (let y = 0; y < count; y++)
        this.wasm.pack(staging + 4 * (y * width + left), to + (row + y) * wide * channels, wide, channels)
    }
    return kinds
  }

  #alpha({ bands, width, rows, staging }, { top, left, height, width: wide }) {
    const to = this.#take(height * wide)
    for (let row = 0; row < height; row += rows) {
      const count = Math.min(rows, height - row)
      this.bytes(staging, 4 * count * width).set(bands(top + row, count))
      for (let y = 0; y < count; y++) this.wasm.alpha(staging + 4 * (y * width + left), to + (row + y) * wide, wide)
    }
    return to
  }

  // As Python's auto: of what shows, each pixel as often as it does, put where the result will lie.
  #judge({ height, width, channels, source, target }, hides) {
    const seen = { height, width, channels, source }
    if (hides) {
      const taken = this.wasm.alone(this.scene, target)
      seen.width = Math.floor(Math.sqrt(taken))
      seen.height = Math.floor(taken / seen.width)
      seen.source = target
    }
    this.#scene([this.bridge, seen.source, seen.height, seen.width, channels, 0, 0])
    const sample = (rows, columns) => {
      const before = this.wasm.mark(), count = rows.length * columns.length * channels
      const down = this.#put(rows), across = this.#put(columns), out = this.#take(4 * count)
      this.wasm.sample(this.scene, down, rows.length, across, columns.length, out)
      const found = new Float32Array(this.wasm.memory.buffer, out, count).slice()
      this.wasm.forget(before)
      return found
    }
    return judge({ ...seen, sample })
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
    const { height, width, channels, source, whole } = this.full.picture
    const factor = Math.min(1, most / Math.max(whole.height, whole.width))
    if (factor === 1) return (this.small = this.full)
    const h = Math.max(1, Math.round(height * factor)), w = Math.max(1, Math.round(width * factor))
    const small = this.#take(h * w * channels), target = this.#take(h * w * channels)
    const before = this.wasm.mark(), floats = this.#take(4 * h * w * 3)
    this.#scene([0, source, height, width, channels, 0, 0])
    if (!this.wasm.reduce(this.scene, h, w, floats)) throw new Error('no more memory')
    const found = new Float32Array(this.wasm.memory.buffer, floats, h * w * 3), to = this.bytes(small, h * w * channels)
    for (let i = 0; i < to.length; i++) to[i] = Math.round(255 * found[channels === 1 ? 3 * i : i])
    this.wasm.forget(before)
    this.small = this.#prepare({ height: h, width: w, channels, source: small, target, factor })
    return this.small
  }

  #see({ height, width }) {
    const h = Math.min(height, SIDE), w = Math.min(width, SIDE), before = this.wasm.mark()
    const at = this.#take(4 * h * w * 3)
    if (!this.wasm.reduce(this.scene, h, w, at)) throw new Error('no more memory')
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
    const given = this.bridge ? { ...knobs, floor: FLOOR * knobs.floor } : knobs
    const found = this.graph.look(given, MAPS), gains = picture.channels, depth = gains + 3
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
    words[22] = this.bridge
    const restored = amount.some((each) => each > 0)
    const widest = this.bridge ? WIDEST / 2 : WIDEST // a strip of 16 bits beside the picture
    const strips = restored ? Math.ceil(width / widest) : 1
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

  // Code rows of RGBA as JPEG, by what jpeg.js prepared: yields the bytes of bands of `rows` rows.
  *coded({ words, width, height, rows, blocks }, bands) {
    const before = this.wasm.mark()
    try {
      const state = this.#put(words), from = this.#take(4 * width * rows), to = this.#take(BLOCK_BYTES * blocks)
      for (let row = 0; row < height; row += rows) {
        const count = Math.min(rows, height - row)
        this.bytes(from, 4 * width * count).set(bands(row, count))
        yield this.bytes(to, this.wasm.put_band(state, from, count, to)).slice()
      }
      yield this.bytes(to, this.wasm.finish_bits(state, to)).slice()
    } finally {
      this.wasm.forget(before)
    }
  }

  // RGBA of some rows of what was painted; alpha is whatever stands in `rgba` already.
  read({ target, width, channels }, row, rgba) {
    const before = this.wasm.mark(), pixels = rgba.length / 4, staging = this.#take(rgba.length)
    this.bytes(staging, rgba.length).set(rgba)
    this.wasm.unpack(target + row * width * channels, staging, pixels, channels)
    rgba.set(this.bytes(staging, rgba.length))
    this.wasm.forget(before)
    return rgba
  }
}

// The box that holds all that shows, and whether some of it is hidden; null where nothing shows.
function visible({ bands, width, rows }, height) {
  let top = height, bottom = -1, left = width, right = -1, least = 255
  for (let row = 0; row < height; row += rows) {
    const count = Math.min(rows, height - row), rgba = bands(row, count)
    for (let y = 0; y < count; y++) {
      let first = -1, last = -1
      for (let x = 0; x < width; x++) if (rgba[4 * (y * width + x) + 3] > 0) first < 0 ? (first = last = x) : (last = x)
      if (first < 0) continue
      top = Math.min(top, row + y)
      bottom = row + y
      left = Math.min(left, first)
      right = Math.max(right, last)
    }
  }
  if (bottom < 0) return null
  for (let row = top; row <= bottom && least === 255; row++) {
    const rgba = bands(row, 1)
    for (let x = left; x <= right; x++) least = Math.min(least, rgba[4 * x + 3])
  }
  return { top, left, height: bottom + 1 - top, width: right + 1 - left, partly: least < 255 }
}
