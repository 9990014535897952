// Several files in one, without compression: pictures are compressed already.
// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

const TABLE = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});
const MOST = 0xffffffff; // bytes, without ZIP64
const UTF8 = 0x0800; // flag: the name is UTF-8
const FIRST_DAY = 0x21; // 1 January 1980: no time of its own, so equal files give equal archives

export function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function record(length, fill) {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  fill(
    (value) => { view.setUint16(at, value, true); at += 2; },
    (value) => { view.setUint32(at, value, true); at += 4; },
  );
  return bytes;
}

// Name and bytes of each file → a Blob. Names that occur twice get a number.
export async function zip(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, blob } of distinct(files)) {
    const data = new Uint8Array(await blob.arrayBuffer());
    const named = new TextEncoder().encode(name);
    const check = crc32(data);
    const about = (short, long) => {
      short(20); short(UTF8); short(0); short(0); short(FIRST_DAY);
      long(check); long(data.length); long(data.length); short(named.length); short(0);
    };
    const local = record(30, (short, long) => { long(0x04034b50); about(short, long); });
    const start = at;
    directory.push(record(46, (short, long) => {
      long(0x02014b50); short(20); about(short, long);
      short(0); short(0); short(0); long(0); long(start);
    }), named);
    parts.push(local, named, data);
    at += local.length + named.length + data.length;
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0);
  if (at + size > MOST) throw new Error('the archive would exceed 4 GB; download fewer at a time');
  const many = directory.length / 2;
  const end = record(22, (short, long) => {
    long(0x06054b50); short(0); short(0); short(many); short(many); long(size); long(at); short(0);
  });
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}

function distinct(files) {
  const taken = new Set();
  return files.map(({ name, blob }) => {
    const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/s.exec(name);
    let free = name;
    for (let number = 2; taken.has(free.toLowerCase()); number += 1) {
      free = `${stem}-${number}${suffix ?? ''}`;
    }
    taken.add(free.toLowerCase());
    return { name: free, blob };
  });
}
