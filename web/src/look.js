// The part of the model that looks at the whole picture, small: a graph of a few hundred operations
// on tensors of 96 × 96 or less, computed one by one. What no knob changes is computed once.

const size = (shape) => shape.reduce((all, each) => all * each, 1)
const tensor = (shape, data) => ({ shape, data: data ?? new Float32Array(size(shape)) })

// Indices into a tensor of `shape` for each place of the larger `into`, as NumPy broadcasts.
function broadcast(shape, into) {
  const steps = new Array(into.length).fill(0)
  let step = 1
  for (let axis = shape.length - 1, at = into.length - 1; axis >= 0; axis--, at--) {
    if (shape[axis] !== 1) steps[at] = step
    step *= shape[axis]
  }
  const count = size(into), found = new Int32Array(count), place = new Array(into.length).fill(0)
  for (let i = 0, at = 0; i < count; i++) {
    found[i] = at
    for (let axis = into.length - 1; axis >= 0; axis--) {
      at += steps[axis]
      if (++place[axis] < into[axis]) break
      at -= steps[axis] * into[axis]
      place[axis] = 0
    }
  }
  return found
}

function pairwise(rule) {
  return (a, b) => {
    const rank = Math.max(a.shape.length, b.shape.length), shape = []
    for (let axis = 0; axis < rank; axis++) {
      const one = a.shape[a.shape.length - rank + axis] ?? 1, other = b.shape[b.shape.length - rank + axis] ?? 1
      shape.push(Math.max(one, other))
    }
    const out = tensor(shape), n = out.data.length
    const left = a.data.length === n ? null : broadcast(a.shape, shape)
    const right = b.data.length === n ? null : broadcast(b.shape, shape)
    for (let i = 0; i < n; i++) out.data[i] = rule(a.data[left ? left[i] : i], b.data[right ? right[i] : i])
    return out
  }
}

const each = (rule) => (a) => tensor(a.shape, a.data.map(rule))

function convolve(a, w, b, { strides = [1, 1], pads = [0, 0, 0, 0], group = 1 }) {
  const [, channels, height, width] = a.shape, [outputs, inner, rows, columns] = w.shape
  const high = Math.floor((height + pads[0] + pads[2] - rows) / strides[0]) + 1
  const wide = Math.floor((width + pads[1] + pads[3] - columns) / strides[1]) + 1
  const out = tensor([1, outputs, high, wide])
  for (let o = 0; o < outputs; o++) {
    const plane = out.data.subarray(o * high * wide, (o + 1) * high * wide)
    if (b) plane.fill(b.data[o])
    const first = Math.floor((o * group) / outputs) * inner
    for (let i = 0; i < inner; i++) {
      const source = a.data.subarray((first + i) * height * width, (first + i + 1) * height * width)
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) {
          const weight = w.data[((o * inner + i) * rows + r) * columns + c]
          if (rows === 1 && columns === 1 && strides[0] === 1 && strides[1] === 1) {
            for (let p = 0; p < plane.length; p++) plane[p] += weight * source[p]
            continue
          }
          for (let y = 0; y < high; y++) {
            const row = y * strides[0] + r - pads[0]
            if (row < 0 || row >= height) continue
            for (let x = 0; x < wide; x++) {
              const column = x * strides[1] + c - pads[1]
              if (column >= 0 && column < width) plane[y * wide + x] += weight * source[row * width + column]
            }
          }
        }
      }
    }
  }
  return out
}

function pool(begin, rule, finish) {
  return (a, { kernel_shape, strides = [1, 1], pads = [0, 0, 0, 0], count_include_pad = 0 }) => {
    const [n, channels, height, width] = a.shape, [rows, columns] = kernel_shape
    const high = Math.floor((height + pads[0] + pads[2] - rows) / strides[0]) + 1
    const wide = Math.floor((width + pads[1] + pads[3] - columns) / strides[1]) + 1
    const out = tensor([n, channels, high, wide])
    for (let c = 0, at = 0; c < n * channels; c++) {
      for (let y = 0; y < high; y++) {
        for (let x = 0; x < wide; x++, at++) {
          let sum = begin, count = 0
          for (let r = 0; r < rows; r++) {
            const row = y * strides[0] + r - pads[0]
            if (row < 0 || row >= height) continue
            for (let k = 0; k < columns; k++) {
              const column = x * strides[1] + k - pads[1]
              if (column < 0 || column >= width) continue
              sum = rule(sum, a.data[(c * height + row) * width + column])
              count++
            }
          }
          out.data[at] = finish(sum, count_include_pad ? rows * columns : count)
        }
      }
    }
    return out
  }
}

// Averages of windows one pixel apart that lie inside: by sums of columns that move along.
function averageInside(a, [rows, columns]) {
  const [n, channels, height, width] = a.shape, high = height - rows + 1, wide = width - columns + 1
  const out = tensor([n, channels, high, wide]), sums = new Float64Array(width)
  for (let c = 0; c < n * channels; c++) {
    const plane = a.data.subarray(c * height * width, (c + 1) * height * width)
    for (let y = 0; y < high; y++) {
      sums.fill(0)
      for (let r = 0; r < rows; r++) for (let x = 0; x < width; x++) sums[x] += plane[(y + r) * width + x]
      let sum = 0
      for (let x = 0; x < columns - 1; x++) sum += sums[x]
      for (let x = 0; x < wide; x++) {
        sum += sums[x + columns - 1]
        out.data[(c * high + y) * wide + x] = sum / (rows * columns)
        sum -= sums[x]
      }
    }
  }
  return out
}

function averagePool(a, how) {
  const { kernel_shape, strides = [1, 1], pads = [0, 0, 0, 0] } = how
  const inside = [...pads, strides[0] - 1, strides[1] - 1].every((each) => each === 0)
  return inside ? averageInside(a, kernel_shape) : pool(0, add, average)(a, how)
}

// Over all axes named, which are the last ones or one alone.
function fold(begin, rule, finish) {
  return (a, axes, { keepdims = 1 }) => {
    const over = axes.data.map((axis) => (axis + a.shape.length) % a.shape.length)
    const kept = a.shape.map((length, axis) => (over.includes(axis) ? 1 : length))
    const out = new Float64Array(size(kept)).fill(begin), into = broadcast(kept, a.shape)
    for (let i = 0; i < a.data.length; i++) out[into[i]] = rule(out[into[i]], a.data[i])
    const count = a.data.length / out.length
    const shape = keepdims ? kept : a.shape.filter((_, axis) => !over.includes(axis))
    return tensor(shape, Float32Array.from(out, (sum) => finish(sum, count)))
  }
}

function pad(a, pads, { mode = 'constant' }) {
  const [n, channels, height, width] = a.shape
  const [, , top, left, , , bottom, right] = pads.data
  const out = tensor([n, channels, height + top + bottom, width + left + right])
  const bound = (at, length) => Math.min(Math.max(at, 0), length - 1)
  let at = 0
  for (let c = 0; c < n * channels; c++) {
    for (let y = -top; y < height + bottom; y++) {
      for (let x = -left; x < width + right; x++, at++) {
        const inside = y >= 0 && y < height && x >= 0 && x < width
        if (inside || mode === 'edge')
          out.data[at] = a.data[(c * height + bound(y, height)) * width + bound(x, width)]
      }
    }
  }
  return out
}

function slice(a, starts, ends, axes, steps) {
  const axis = axes.data[0], length = a.shape[axis], step = steps ? steps.data[0] : 1
  const bound = (at) => Math.min(Math.max(at < 0 ? at + length : at, 0), length)
  const first = bound(starts.data[0]), last = bound(ends.data[0])
  const count = Math.max(Math.ceil((last - first) / step), 0)
  const shape = a.shape.map((each, at) => (at === axis ? count : each))
  const inner = size(a.shape.slice(axis + 1)), outer = size(a.shape.slice(0, axis)), out = tensor(shape)
  for (let o = 0, at = 0; o < outer; o++)
    for (let i = 0; i < count; i++, at += inner) {
      const from = (o * length + first + i * step) * inner
      out.data.set(a.data.subarray(from, from + inner), at)
    }
  return out
}

function concatenate(parts, { axis }) {
  const shape = [...parts[0].shape]
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0)
  const out = tensor(shape), outer = size(shape.slice(0, axis))
  let at = 0
  for (let o = 0; o < outer; o++)
    for (const part of parts) {
      const length = part.data.length / outer
      out.data.set(part.data.subarray(o * length, (o + 1) * length), at)
      at += length
    }
  return out
}

function multiply(a, w, b) {
  const [outputs, inputs] = w.shape, rows = a.data.length / inputs, out = tensor([rows, outputs])
  for (let r = 0; r < rows; r++)
    for (let o = 0; o < outputs; o++) {
      let sum = b ? b.data[o] : 0
      for (let i = 0; i < inputs; i++) sum += a.data[r * inputs + i] * w.data[o * inputs + i]
      out.data[r * outputs + o] = sum
    }
  return out
}

// Twice as large, linearly, edges on edges.
function enlarge(a) {
  const [n, channels, height, width] = a.shape, out = tensor([n, channels, 2 * height, 2 * width])
  const near = (at, length) => [at >> 1, Math.min(Math.max((at >> 1) + (at & 1 ? 1 : -1), 0), length - 1)]
  for (let c = 0, at = 0; c < n * channels; c++) {
    const plane = a.data.subarray(c * height * width)
    for (let y = 0; y < 2 * height; y++) {
      const [r, q] = near(y, height)
      for (let x = 0; x < 2 * width; x++, at++) {
        const [k, m] = near(x, width)
        const one = 0.75 * plane[r * width + k] + 0.25 * plane[r * width + m]
        const other = 0.75 * plane[q * width + k] + 0.25 * plane[q * width + m]
        out.data[at] = 0.75 * one + 0.25 * other
      }
    }
  }
  return out
}

function clip(a, low, high) {
  const least = low ? low.data[0] : -Infinity, most = high ? high.data[0] : Infinity
  return tensor(a.shape, a.data.map((x) => Math.min(Math.max(x, least), most)))
}

const add = (a, b) => a + b, larger = (a, b) => Math.max(a, b), itself = (a) => a
const average = (sum, count) => sum / count

// Operations by their ONNX names; `build.py` refuses a model that needs another one.
const OPERATIONS = {
  Add: ([a, b]) => pairwise(add)(a, b),
  Sub: ([a, b]) => pairwise((x, y) => x - y)(a, b),
  Mul: ([a, b]) => pairwise((x, y) => x * y)(a, b),
  Div: ([a, b]) => pairwise((x, y) => x / y)(a, b),
  Pow: ([a, b]) => pairwise(Math.pow)(a, b),
  Min: ([a, b]) => pairwise(Math.min)(a, b),
  Max: ([a, b]) => pairwise(Math.max)(a, b),
  Relu: ([a]) => each((x) => (x > 0 ? x : 0))(a),
  Log: ([a]) => each(Math.log)(a),
  Exp: ([a]) => each(Math.exp)(a),
  Tanh: ([a]) => each(Math.tanh)(a),
  Sqrt: ([a]) => each(Math.sqrt)(a),
  Abs: ([a]) => each(Math.abs)(a),
  Neg: ([a]) => each((x) => -x)(a),
  Sigmoid: ([a]) => each((x) => 1 / (1 + Math.exp(-x)))(a),
  Clip: ([a, low, high]) => clip(a, low, high),
  Conv: ([a, w, b], how) => convolve(a, w, b, how),
  Gemm: ([a, w, b]) => multiply(a, w, b),
  AveragePool: ([a], how) => averagePool(a, how),
  MaxPool: ([a], how) => pool(-Infinity, larger, itself)(a, how),
  ReduceMean: ([a, axes], how) => fold(0, add, average)(a, axes, how),
  ReduceMax: ([a, axes], how) => fold(-Infinity, larger, itself)(a, axes, how),
  Pad: ([a, pads], how) => pad(a, pads, how),
  Slice: ([a, starts, ends, axes, steps]) => slice(a, starts, ends, axes, steps),
  Concat: (parts, how) => concatenate(parts, how),
  Resize: ([a]) => enlarge(a),
  Unsqueeze: ([a, axes]) => {
    const shape = [...a.shape]
    for (const axis of [...axes.data].sort((x, y) => x - y)) shape.splice(axis, 0, 1)
    return tensor(shape, a.data)
  },
}

export class Graph {
  // nodes: [operation, inputs, outputs, attributes]; constants by name.
  constructor({ nodes, constants, knobs }) {
    this.constants = constants
    this.knobs = knobs
    const moving = new Set(knobs)
    this.still = []
    this.moving = []
    for (const node of nodes) {
      const moves = node[1].some((name) => moving.has(name))
      if (moves) node[2].forEach((name) => moving.add(name))
      ;(moves ? this.moving : this.still).push(node)
    }
  }

  // Look at a picture, (1, 3, 96, 96) in [0, 1], planes of floats.
  see(image) {
    this.seen = new Map(Object.entries(this.constants))
    this.seen.set('image', tensor([1, 3, 96, 96], image))
    this.#compute(this.still, this.seen)
  }

  // Return the maps that were asked for by name, given the knobs.
  look(knobs, names) {
    const values = new Map(this.seen)
    for (const name of this.knobs) values.set(name, tensor([], Float32Array.of(knobs[name])))
    this.#compute(this.moving, values)
    return Object.fromEntries(names.map((name) => [name, values.get(name)]))
  }

  #compute(nodes, values) {
    for (const [operation, inputs, outputs, attributes] of nodes) {
      const given = inputs.map((name) => (name === '' ? undefined : values.get(name)))
      values.set(outputs[0], OPERATIONS[operation](given, attributes))
    }
  }
}
