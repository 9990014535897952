// The model file: a description in JSON, and its parameters as halves, all low bytes before all high
// ones, since bytes of one kind compress better.

// binary16 → number (IEEE 754-2019).
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

export function readModel(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const description = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  const bytes = new Uint8Array(buffer, 4 + length), count = bytes.length / 2
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = half(bytes[i] | (bytes[count + i] << 8))
  const constants = {}
  for (const [name, { shape, at, data }] of Object.entries(description.look.constants)) {
    const numbers = shape.reduce((all, each) => all * each, 1)
    constants[name] = { shape, data: data ? Float32Array.from(data) : values.subarray(at, at + numbers) }
  }
  const { table, black, at, count: weights } = description.layers
  return {
    look: { ...description.look, constants },
    layers: { table: Int32Array.from(table), black, weights: values.subarray(at, at + weights) },
    halo: description.halo,
    knobs: description.knobs,
  }
}
