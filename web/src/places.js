// Where things lie: areas of the small picture, pixels between samples of maps, rows that are restored.

export const SIDE = 96
export const BLOCK = 8 // pixels; pieces begin at whole blocks

// For each of SIDE areas along a side of `size` samples: which samples it averages, by what shares.
export function areas(size) {
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
export function taps(pixels, samples) {
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
export function* runs(wanted, shortest) {
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
