// JPEG of the input's quality and chroma, gray where it was gray: the head here, the rest in C (jpeg.h).
// From ITU-T T.81, annexes B and K, and JFIF 1.02.

const LUMA = [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57,
  69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
  92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99]
const CHROMA = [17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99] // the rest is 99
const ZIGZAG = [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
  13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31,
  39, 46, 53, 60, 61, 54, 47, 55, 62, 63]
export const LONGEST = 65535 // pixels of a side
const WORDS = 128 + 1024 // of Jpeg in C, before its sizes

const hex = (text) => Uint8Array.from(text.match(/../g), (each) => parseInt(each, 16))
// Tables K.3 to K.6: how many codes of each length, and the symbols.
const FIRST = hex('000102030405060708090a0b')
const CODES = [
  [hex('00010501010101010100000000000000'), FIRST],
  [hex('0002010303020403050504040000017d'), hex('01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa')],
  [hex('00030101010101010101010000000000'), FIRST],
  [hex('00020102040403040705040400010277'), hex('0001020311040521310612415107617113223281081442' + '91a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa')],
]

// A table in natural order, scaled as libjpeg does.
function scaled(table, quality) {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality
  return table.map((each) => Math.min(Math.max(Math.floor((each * scale + 50) / 100), 1), 255))
}

// The quality of the nearest table that libjpeg writes, of one in zigzag order.
export function qualityOf(table) {
  const sum = table.reduce((all, each) => all + each, 0)
  let best = 1, nearest = Infinity
  for (let q = 1; q <= 100; q++) {
    const apart = Math.abs(scaled(LUMA, q).reduce((all, each) => all + each, 0) - sum)
    if (apart < nearest) [best, nearest] = [q, apart]
  }
  return best
}

const chroma = LUMA.map((_, i) => (i % 8 < 4 && i < 32 ? CHROMA[4 * (i >> 3) + (i % 8)] : 99))

function segment(marker, body) {
  const length = body.length + 2
  return [0xff, marker, length >> 8, length & 255, ...body]
}

// What stands before the coded pixels.
function head({ width, height, channels, across, down, density }, tables) {
  const sides = [height >> 8, height & 255, width >> 8, width & 255], ids = [1, 2, 3].slice(0, channels)
  const [dcs, acs] = [0, 1].map((kind) => ids.slice(0, 2).flatMap((_, i) => {
    const [counts, symbols] = CODES[2 * i + kind]
    return segment(0xc4, [kind << 4 | i, ...counts, ...symbols])
  }))
  return Uint8Array.from([0xff, 0xd8, ...segment(0xe0, [74, 70, 73, 70, 0, 1, 1, ...(density ?? [0, 0, 1, 0, 1]), 0, 0]),
    ...tables.flatMap((table, i) => segment(0xdb, [i, ...ZIGZAG.map((at) => table[at])])),
    ...segment(0xc0, [8, ...sides, channels, ...ids.flatMap((id) => [id, id === 1 ? across << 4 | down : 0x11, id > 1 ? 1 : 0])]),
    ...dcs, ...acs,
    ...segment(0xda, [channels, ...ids.flatMap((id) => [id, id > 1 ? 0x11 : 0]), 0, 63, 0])])
}

// Codes by symbol, with their lengths · 2^16.
function codes([counts, symbols]) {
  const found = new Uint32Array(256)
  let code = 0, at = 0
  counts.forEach((many, i) => {
    for (let k = 0; k < many; k++) found[symbols[at++]] = ((i + 1) << 16) | code++
    code <<= 1
  })
  return found
}

// The Jpeg of C as words, and the head of the file.
export function prepare(about) {
  const { width, height, channels, across, down, quality } = about
  const tables = [scaled(LUMA, quality), scaled(chroma, quality)].slice(0, channels === 1 ? 1 : 2)
  const words = new Int32Array(WORDS + 10), floats = new Float32Array(words.buffer)
  const own = (k) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16))
  tables.forEach((table, i) => table.forEach((each, at) => {
    floats[64 * i + at] = 1 / (each * 8 * own(at >> 3) * own(at % 8))
  }))
  CODES.forEach((each, i) => words.set(codes(each), 128 + 256 * i))
  words.set([width, height, channels, across, down], WORDS)
  const blocks = Math.ceil(width / (8 * across)) * (channels === 1 ? 1 : across * down + 2)
  return { words, head: head(about, tables), width, height, rows: 8 * down, blocks }
}
