// Is a picture to be left alone? What Python's relume.auto decides: well exposed, flat, a screenshot or
// drawing, a sky of stars. The formulas and their bounds are those of relume/auto/choice.py and scene.py.

const AIM = 0.5, HIGHLIGHTS = 0.995, SPARE = 0.3, DEEP = 0.1, NOTICEABLE = 0.1, SHOULDER = 0.8, MOST = 8
const ENOUGH = 2 ** 16, STEPS = 12
const f = Math.fround
const FLAT = 0.6, HARD = 0.2, HARDER = 0.6, EDGE = f(32 / 255), BLACK = f(3 / 255), POINT = f(16 / 255)
const CELLS = 24, SLOPE = 0.1, STARS = 0.02, POINTS = 0.02, FEW = 300, MANY = 1200

const decode = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
const encode = (x) => (x <= 0.0031308 ? x * 12.92 : 1.055 * x ** (1 / 2.4) - 0.055)
const stepped = (first, end, step) => Int32Array.from({ length: Math.max(Math.ceil((end - first) / step), 0) }, (_, i) => first + i * step)

// Evenly spaced rows and columns, from half a step on.
function lattice(height, width) {
  const half = (size, step) => Math.min(Math.floor(step / 2), size - 1)
  let step = Math.max(Math.floor(Math.sqrt(Math.floor((height * width) / ENOUGH))), 1)
  while (Math.ceil(height / step) * Math.ceil(width / step) > ENOUGH) step++
  return [stepped(half(height, step), height, step), stepped(half(width, step), width, step)]
}

// The largest channel of each pixel.
function brightest(samples, channels) {
  if (channels === 1) return samples
  const found = new Float32Array(samples.length / 3)
  for (let i = 0; i < found.length; i++) found[i] = Math.max(samples[3 * i], samples[3 * i + 1], samples[3 * i + 2])
  return found
}

// Light above the shoulder is compressed instead of clipped (relume.colour.roll_off).
function rolled(light, gain) {
  if (gain <= 1 || light <= SHOULDER) return light
  const over = (light - SHOULDER) / (1 - SHOULDER), most = (gain - SHOULDER) / (1 - SHOULDER)
  return SHOULDER + ((1 - SHOULDER) * over * (1 + over / most ** 2)) / (1 + over)
}

// Each level, the light it stands for, and how many of the sorted levels are it.
function counted(sorted) {
  const found = []
  for (const each of sorted) {
    const last = found[found.length - 1]
    if (last?.level === each) last.count++
    else found.push({ level: each, light: decode(each), count: 1 })
  }
  return found
}

// Stops that bring the mean to the middle of the scale.
function needed(levels, count) {
  if (levels[levels.length - 1].level === 0) return 0
  const mean = (stops) => {
    const gain = 2 ** stops
    return levels.reduce((sum, each) => sum + each.count * encode(rolled(each.light * gain, gain)), 0) / count
  }
  let low = 0, high = MOST
  if (mean(low) >= AIM) return low
  for (let i = 0; i < STEPS; i++) {
    const middle = 0.5 * (low + high)
    if (mean(middle) < AIM) low = middle
    else high = middle
  }
  return high
}

// Stops that bring the highlights to white.
function room(sorted) {
  const at = HIGHLIGHTS * (sorted.length - 1), first = Math.floor(at)
  const level = sorted[first] + (at - first) * ((sorted[first + 1] ?? sorted[first]) - sorted[first])
  return level > 0 ? Math.min(-Math.log2(decode(level)), MOST) : MOST
}

// The mean of the darkest third, after an exposure.
function shadows(levels, count, stops) {
  let left = Math.ceil(count / 3), sum = 0
  const whole = left
  for (const { light, count: many } of levels) {
    const taken = Math.min(many, left)
    sum += taken * encode(Math.min(light * 2 ** stops, 1))
    left -= taken
    if (left === 0) break
  }
  return sum / whole
}

function isDrawn({ height, width, channels, sample }) {
  const [rows, all] = lattice(height, width), columns = all.filter((each) => each < width - 1)
  if (columns.length === 0) return false
  const here = sample(rows, columns), beside = sample(rows, columns.map((each) => each + 1))
  const count = rows.length * columns.length, levels = new Map()
  let differing = 0, hard = 0
  for (let i = 0; i < count; i++) {
    let apart = 0, top = 0
    for (let k = channels * i; k < channels * (i + 1); k++) {
      apart = Math.max(apart, f(Math.abs(here[k] - beside[k])))
      top = Math.max(top, here[k])
    }
    differing += apart > 0
    hard += apart >= EDGE
    levels.set(top, (levels.get(top) ?? 0) + 1)
  }
  if (differing === 0 || 1 - differing / count < FLAT) return false
  let commonest = 0, most = 0
  for (const [level, many] of levels)
    if (many > most || (many === most && level < commonest)) [commonest, most] = [level, many]
  return hard / differing >= (commonest <= BLACK ? HARDER : HARD)
}

// The largest channel of samples in each of CELLS × CELLS cells: calls `each` with cell and samples.
function cells({ height, width, channels, sample }, side, each) {
  const tall = Math.floor(height / CELLS), wide = Math.floor(width / CELLS)
  const step = Math.ceil((Math.max(tall, wide) * CELLS) / side)
  const down = stepped(Math.floor(step / 2) % tall, tall, step), across = stepped(Math.floor(step / 2) % wide, wide, step)
  const columns = Int32Array.from({ length: CELLS * across.length }, (_, i) =>
    Math.floor(i / across.length) * wide + across[i % across.length])
  for (let cell = 0; cell < CELLS; cell++) {
    const found = brightest(sample(down.map((row) => cell * tall + row), columns), channels)
    for (let at = 0; at < CELLS; at++) {
      const mine = new Float32Array(down.length * across.length)
      for (let y = 0; y < down.length; y++)
        mine.set(found.subarray(y * columns.length + at * across.length, y * columns.length + (at + 1) * across.length), y * across.length)
      each(cell * CELLS + at, mine)
    }
  }
}

function median(values) {
  const sorted = values.sort(), middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : f(f(sorted[middle - 1] + sorted[middle]) / 2)
}

function isStarry(picture) {
  if (Math.min(picture.height, picture.width) < CELLS) return false
  const middle = new Float32Array(CELLS * CELLS)
  cells(picture, FEW, (cell, samples) => (middle[cell] = median(samples)))
  // The plane nearest to them: across and down are centred, so that each slope is found on its own.
  const centre = (CELLS - 1) / 2, mean = middle.reduce((sum, each) => sum + each, 0) / middle.length
  let down = 0, across = 0, spread = 0, rest = 0
  middle.forEach((each, i) => {
    const y = Math.floor(i / CELLS) - centre, x = (i % CELLS) - centre
    down += y * each
    across += x * each
    spread += y * y
  })
  middle.forEach((each, i) => {
    const y = Math.floor(i / CELLS) - centre, x = (i % CELLS) - centre
    rest += (mean + (y * down + x * across) / spread - each) ** 2
  })
  if (Math.sqrt(rest / middle.length) > SLOPE * Math.max(mean, 1 / 255)) return false
  let starry = 0, points = 0, count = 0
  cells(picture, MANY, (cell, samples) => {
    const bound = f(f(2 * middle[cell]) + POINT), found = samples.reduce((sum, each) => sum + (each > bound), 0)
    starry += found > 0
    points += found
    count += samples.length
  })
  return starry / middle.length >= STARS && points / count <= POINTS
}

// picture: { height, width, channels, sample(rows, columns) }, samples in [0, 1]. Returns
// { left, reason }: is it to be left alone, and why or why not, in a few words.
export function judge(picture) {
  const samples = picture.sample(...lattice(picture.height, picture.width)), { channels } = picture
  if (samples.every((each, i) => each === samples[i % channels])) return { left: true, reason: 'the same everywhere' }
  const sorted = Float64Array.from(brightest(samples, channels).sort()), levels = counted(sorted)
  const need = needed(levels, sorted.length), stops = Math.min(need, room(sorted) + SPARE, MOST)
  const isDeep = shadows(levels, sorted.length, stops) < DEEP
  if (stops < NOTICEABLE && !isDeep) return { left: true, reason: 'well exposed' }
  if (isDrawn(picture)) return { left: true, reason: 'a screenshot or drawing' }
  if (isStarry(picture)) return { left: true, reason: 'a sky of stars' }
  return { left: false, reason: isDeep ? 'bright light beside deep shadow' : `about ${need.toFixed(1)} stops dark` }
}
