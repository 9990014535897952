// What the numbers of a file mean, and the tables that lead from them to sRGB and back: what Python's
// relume.colour_statement and relume.filters.recolour do. From ICC.1:2022 (sections 10.6, 10.18, 10.31,
// annex E.3), ITU-T H.273 and PNG (sections 4.3, 11.3.2).

const FINE = 65535
const D65 = [0.3127, 0.329], D50 = [0.3457, 0.3585], PCS_WHITE = [0.9642, 1, 0.8249]
const BRADFORD = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
const BT709 = [[0.64, 0.33], [0.3, 0.6], [0.15, 0.06], D65]
const ADOBE = [[0.64, 0.33], [0.21, 0.71], [0.15, 0.06], D65]
const CLOSE = 0.004, NEAR = 0.006 // of chromaticities; of curves, as sRGB encodes their light

// By their numbers in H.273.
const PRIMARIES = {
  1: BT709,
  9: [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046], D65],
  11: [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06], [0.314, 0.351]],
  12: [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06], D65],
}

// light = (a·x + b)^g + e where x ≥ d, else c·x + f.
function parametric(g, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0) {
  if (!(g > 0.1 && g < 10)) throw new Error('an odd exponent')
  return {
    decode: (x) => (x >= d ? Math.max(a * x + b, 0) ** g + e : c * x + f),
    encode: (light) => {
      const body = (Math.max(light - e, 0) ** (1 / g) - b) / a
      const found = body >= d ? body : Math.min(c ? (light - f) / c : 0, d)
      return Math.min(Math.max(found, 0), 1)
    },
  }
}

// A table at even distances, straight lines between.
function sampled(values) {
  const last = values.length - 1, rising = Float64Array.from(values)
  for (let i = 1; i <= last; i++) rising[i] = Math.max(rising[i], rising[i - 1])
  return {
    decode: (x) => {
      const at = Math.min(Math.floor(x * last), last - 1)
      return values[at] + (x * last - at) * (values[at + 1] - values[at])
    },
    encode: (light) => {
      if (light <= rising[0]) return 0
      if (light >= rising[last]) return 1
      let low = 0, high = last // rising[low] ≤ light < rising[high]
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if (rising[middle] <= light) low = middle
        else high = middle
      }
      return (low + (light - rising[low]) / (rising[high] - rising[low])) / last
    },
  }
}

const SRGB = parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
const CAMERA = parametric(1 / 0.45, 1 / 1.09929682, 0.09929682 / 1.09929682, 1 / 4.5, 0.08124286)
const CURVES = { 1: CAMERA, 4: parametric(2.2), 5: parametric(2.8), 6: CAMERA, 8: parametric(1), 13: SRGB, 14: CAMERA, 15: CAMERA }

const times = (m, v) => m.map((row) => row.reduce((sum, each, i) => sum + each * v[i], 0))
const turned = (m) => m[0].map((_, i) => m.map((row) => row[i]))
const product = (m, n) => turned(turned(n).map((column) => times(m, column)))

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const all = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  if (Math.abs(all) < 1e-9) throw new Error('colorants that make no white')
  return [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d]].map((row) => row.map((each) => each / all))
}

const xyz = ([x, y]) => [x / y, 1, (1 - x - y) / y]
const place = ([x, y, z]) => [x / (x + y + z), y / (x + y + z)]

// Bradford's matrix from a white to that of profiles.
function adaptation(white) {
  const to = times(BRADFORD, PCS_WHITE), from = times(BRADFORD, xyz(white))
  return product(inverse(BRADFORD), BRADFORD.map((row, i) => row.map((each) => (each * to[i]) / from[i])))
}

// Linear RGB of some primaries → XYZ under D50.
function toPcs([red, green, blue, white]) {
  const columns = turned([red, green, blue].map(xyz)), amounts = times(inverse(columns), xyz(white))
  return product(adaptation(white), columns.map((row) => row.map((each, i) => each * amounts[i])))
}

function isNear(one, other) {
  const under = (primaries) => turned(toPcs(primaries)).map(place)
  const a = under(one), b = under(other)
  return a.every((each, i) => each.every((value, k) => Math.abs(value - b[i][k]) < CLOSE))
}

function isSrgbCurve(curve) {
  for (let i = 0; i <= 64; i++)
    if (Math.abs(SRGB.encode(curve.decode(i / 64)) - i / 64) >= NEAR) return false
  return true
}

// What an ICC profile states: { space, primaries, curves } of RGB or gray, primaries null where it has
// tables instead; null where it makes no sense.
export function ofProfile(profile) {
  try {
    return profiled(profile)
  } catch {
    return null
  }
}

const word4 = (bytes, at) => String.fromCharCode(...bytes.subarray(at, at + 4))

function profiled(profile) {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.length)
  if (profile.length < 132 || word4(profile, 36) !== 'acsp') return null
  const space = word4(profile, 16).trim(), tags = {}
  if (space !== 'RGB' && space !== 'GRAY') return { space }
  for (let i = 0; i < Math.min(view.getUint32(128), 100); i++) {
    const row = 132 + 12 * i, at = view.getUint32(row + 4), size = view.getUint32(row + 8)
    if (at + size > profile.length) throw new Error('a tag outside the profile')
    tags[word4(profile, row)] = profile.subarray(at, at + size)
  }
  if (space === 'GRAY') return { space, primaries: BT709, curves: [curve(tags.kTRC)] }
  const stated = tags.cicp?.length >= 12 ? ofCodes(tags.cicp[8], tags.cicp[9]) : null
  if (stated) return { space, ...stated }
  if (['A2B0', 'A2B1', 'D2B0', 'D2B1'].some((name) => name in tags)) return { space, primaries: null }
  return { space, primaries: primariesOf(tags), curves: [tags.rTRC, tags.gTRC, tags.bTRC].map(curve) }
}

const view = (tag) => new DataView(tag.buffer, tag.byteOffset, tag.length)
const fixed = (tag, count, at = 8) => Array.from({ length: count }, (_, i) => view(tag).getInt32(at + 4 * i) / 65536)

function curve(tag) {
  if (word4(tag, 0) === 'curv') {
    const count = view(tag).getUint32(8)
    if (count > FINE + 1) throw new Error('a curve is too long')
    const values = Array.from({ length: count }, (_, i) => view(tag).getUint16(12 + 2 * i))
    if (count < 2) return parametric(count ? values[0] / 256 : 1)
    return sampled(values.map((value) => value / 65535))
  }
  const kind = view(tag).getUint16(8), [g, a, b, c, d, e, f] = fixed(tag, [1, 3, 4, 5, 7][kind], 12)
  if (word4(tag, 0) !== 'para' || (kind > 0 && a === 0)) throw new Error('an unknown curve')
  if (kind === 0) return parametric(g)
  if (kind === 1) return parametric(g, a, b, 0, -b / a)
  if (kind === 2) return parametric(g, a, b, 0, -b / a, c, c)
  return parametric(g, a, b, c, d, e, f)
}

// Undo the adaptation to D50 that colorants in a profile went through.
function primariesOf({ rXYZ, gXYZ, bXYZ, chad, wtpt }) {
  const columns = turned([rXYZ, gXYZ, bXYZ].map((tag) => fixed(tag, 3)))
  const sum = columns[1].reduce((all, each) => all + each)
  if (!(sum > 0.9 && sum < 1.1)) throw new Error('colorants that make no white')
  let back
  if (chad) {
    const all = fixed(chad, 9)
    back = [all.slice(0, 3), all.slice(3, 6), all.slice(6)]
  } else {
    const white = wtpt ? place(fixed(wtpt, 3)) : D65
    back = adaptation(Math.hypot(white[0] - D50[0], white[1] - D50[1]) > 0.002 ? white : D50)
  }
  const native = product(inverse(back), columns), white = native.map((row) => row.reduce((all, each) => all + each))
  return [...turned(native).map(place), place(white)]
}

// What PNG's cICP says by numbers; null where it is none that we know without HDR.
export function ofCodes(primaries, transfer) {
  if (primaries === 2 && transfer === 2) return null
  const chosen = primaries === 2 ? BT709 : PRIMARIES[primaries], bent = transfer === 2 ? SRGB : CURVES[transfer]
  return chosen && bent ? { primaries: chosen, curves: [bent] } : null
}

// What PNG's gAMA and cHRM say, in hundred-thousandths.
export function ofGamma(gamma, places) {
  const [white, red, green, blue] = places ?? []
  const primaries = places?.every(([, y]) => y > 0) ? [red, green, blue, white] : BT709
  const usual = isNear(primaries, BT709) && Math.abs(gamma - 0.45455) < 0.005
  return { primaries, curves: [usual || !(gamma > 0.1 && gamma < 10) ? SRGB : parametric(1 / gamma)] }
}

// As cameras say in EXIF.
export const ofAdobe = () => ({ primaries: ADOBE, curves: [parametric(563 / 256)] })

const table = (count, rule, kind) => kind.from({ length: count }, (_, i) => rule(i))
const level = (light) => SRGB.encode(light) * FINE
let known = null

// The tables between the numbers of a file and sRGB, as the engine wants them; null where they are sRGB's.
export function bridge({ primaries, curves }) {
  const same = isNear(primaries, BT709), three = [0, 1, 2].map((i) => curves[i] ?? curves[0])
  if (same && three.every(isSrgbCurve)) return null
  known ??= {
    srgb: table(FINE + 1, (i) => SRGB.decode(i / FINE), Float32Array),
    fine: table(FINE + 1, (i) => Math.fround(level((i / FINE) ** 2)), Uint16Array),
  }
  const matrix = same ? null : product(inverse(toPcs(BT709)), toPcs(primaries))
  const several = curves.length === 1 ? three.slice(0, 1) : three
  const decode = several.flatMap((each) => Array.from({ length: 256 }, (_, i) => each.decode(i / 255)))
  const encode = new Float32Array(several.length * (FINE + 1))
  several.forEach((each, at) => {
    for (let i = 0; i <= FINE; i++) encode[at * (FINE + 1) + i] = 255 * each.encode((i / FINE) ** 2)
  })
  return {
    decode: Float32Array.from(decode),
    next: several.length > 1 ? 256 : 0,
    matrix: matrix && Float32Array.from(matrix.flat()),
    inverse: matrix && Float32Array.from(inverse(matrix).flat()),
    srgb: known.srgb,
    fine: known.fine,
    encode,
    after: several.length > 1 ? FINE + 1 : 0,
  }
}
